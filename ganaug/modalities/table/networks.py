"""Generator and discriminator for rows of numbers and one-hot codes: residual networks without normalisation."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import leaky_relu

from ganaug.gan.conditioning import HeadOutput, apply_head
from ganaug.gan.latents import Prior

SLOPE = 0.2


class ResidualBlock(nn.Module):
    """x + two layers of x; the last one starts at zero, so that the block starts as identity."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(width, width), nn.Linear(width, width)
        nn.init.kaiming_normal_(self.first.weight, SLOPE)
        for start in (self.first.bias, self.second.weight, self.second.bias):
            nn.init.zeros_(start)

    def forward(self, x: Tensor) -> Tensor:
        """Map (n, width) to (n, width)."""
        branch: Tensor = self.second(leaky_relu(self.first(leaky_relu(x, SLOPE)), SLOPE))
        return x + branch


class Generator(nn.Module):
    """Latents and labels to rows.

    Parameters
    ----------
    numbers : int
        Numeric columns N, which come first in a row.
    levels : sequence of int
        Levels of each column of codes.
    n_classes : int
        Number of classes K.
    prior : Prior
        Where its latents come from.
    width : int
        Units of a layer.
    depth : int
        Residual blocks.
    """

    def __init__(
        self, numbers: int, levels: Sequence[int], n_classes: int, prior: Prior, width: int, depth: int
    ) -> None:
        super().__init__()
        self.prior, self.blocks = prior, [numbers, *levels]
        self.embedding = nn.Embedding(n_classes, prior.size)
        self.entry = nn.Linear(2 * prior.size, width)
        self.stages = nn.Sequential(*(ResidualBlock(width) for _ in range(depth)))
        self.exit = nn.Linear(width, sum(self.blocks))

    def forward(self, latents: Tensor, labels: Tensor, condition_scale: float | Tensor = 1.0) -> Tensor:
        """Map latents (n, Z) and labels (n,) to rows (n, W): numbers, then the levels' probabilities, column by column.

        Probabilities stand in for a choice of level, through which no gradient would flow. What chance there is comes
        from the latents, so that a row depends on its latent alone.
        """
        x = self.entry(torch.cat([latents, condition_scale * self.embedding(labels)], dim=1))
        numbers, *codes = self.exit(leaky_relu(self.stages(x), SLOPE)).split(self.blocks, dim=1)
        return torch.cat([numbers, *(logits.softmax(1) for logits in codes)], dim=1)


class Discriminator(nn.Module):
    """Rows to features, and features to logits by a head.

    Parameters
    ----------
    inputs : int
        Length W of a row.
    n_classes, width, depth
        As for `Generator`.
    head : callable
        ``(F, K) -> module``, a choice of `ganaug.gan.conditioning.CONDITIONINGS`.
    """

    def __init__(
        self, inputs: int, n_classes: int, width: int, depth: int, head: Callable[[int, int], nn.Module]
    ) -> None:
        super().__init__()
        self.entry = nn.Linear(inputs, width)
        self.stages = nn.Sequential(*(ResidualBlock(width) for _ in range(depth)))
        self.head = head(width, n_classes)

    def forward(self, rows: Tensor, labels: Tensor, condition_scale: float | Tensor = 1.0) -> HeadOutput:
        """Map rows (n, W) and labels (n,) to logits (n,) and, for a classifying head, class logits (n, K).

        More labels than rows are second opinions, see `ganaug.gan.conditioning.apply_head`.
        """
        features = leaky_relu(self.stages(self.entry(rows)), SLOPE)
        return apply_head(self.head, features, labels, condition_scale)
