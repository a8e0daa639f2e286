"""The discriminator of texts: dilated convolutions over tokens, without normalisation."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.functional import leaky_relu

from ganaug.gan.conditioning import HeadOutput, apply_head
from ganaug.modalities.text.codec import NUMBERS
from ganaug.modalities.text.infiller import SLOPE, blocks


class Discriminator(nn.Module):
    """Texts to features, and features to logits by a head.

    Parameters
    ----------
    n_classes, width, depth
        As for `Infiller`.
    features : int
        Length F of what the head sees.
    head : callable
        ``(F, K) -> module``, a choice of `ganaug.gan.conditioning.CONDITIONINGS`.
    """

    def __init__(
        self, n_classes: int, width: int, depth: int, features: int, head: Callable[[int, int], nn.Module]
    ) -> None:
        super().__init__()
        self.entry = nn.Linear(NUMBERS, width)
        self.stages = blocks(width, depth)
        self.exit = nn.Linear(2 * width, features)
        self.head = head(features, n_classes)

    def forward(self, rows: Tensor, labels: Tensor, condition_scale: float | Tensor = 1.0) -> HeadOutput:
        """Map texts (n, T, NUMBERS) and labels (n,) to logits (n,) and, for a classifying head, class logits (n, K).

        More labels than rows are second opinions, see `ganaug.gan.conditioning.apply_head`.
        """
        x = leaky_relu(self.stages(self.entry(rows)), SLOPE)
        features = leaky_relu(self.exit(torch.cat([x.mean(1), x.amax(1)], dim=1)), SLOPE)
        return apply_head(self.head, features, labels, condition_scale)
