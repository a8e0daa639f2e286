"""The network that fills hidden tokens of a text in again: dilated convolutions over tokens, without normalisation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn.functional import leaky_relu, pad

from ganaug.modalities.infilling import SAMPLED, hide, passes, sample_tokens
from ganaug.modalities.text.codec import NUMBERS, nearest_tokens, token_vectors

if TYPE_CHECKING:
    from ganaug.gan.translation import StyledRows

SLOPE = 0.2
DILATIONS = (1, 2, 4)
NEVER = -1e4  # a logit
TEMPERATURE = 0.9  # of sampled tokens: more typical ones than the network's probabilities say
Scale = float | Tensor


class DilatedBlock(nn.Module):
    """x + two convolutions of x, the first one dilated; the last one starts at zero, so that the block is identity."""

    def __init__(self, width: int, dilation: int) -> None:
        super().__init__()
        self.dilation = dilation
        self.first, self.second = nn.Linear(3 * width, width), nn.Linear(width, width)
        nn.init.kaiming_normal_(self.first.weight, SLOPE)
        for start in (self.first.bias, self.second.weight, self.second.bias):
            nn.init.zeros_(start)

    def forward(self, x: Tensor) -> Tensor:
        """Map (n, T, width) to (n, T, width): as matrix products, which on a CPU take half the time of convolutions."""
        length, reach = x.shape[1], self.dilation
        padded = pad(leaky_relu(x, SLOPE), (0, 0, reach, reach))
        around = torch.cat([padded[:, at : at + length] for at in (0, reach, 2 * reach)], dim=2)
        branch: Tensor = self.second(leaky_relu(self.first(around), SLOPE))
        return x + branch


def blocks(width: int, depth: int) -> nn.Sequential:
    """Return rounds of blocks of all `DILATIONS`."""
    return nn.Sequential(*(DilatedBlock(width, dilation) for _ in range(depth) for dilation in DILATIONS))


class Infiller(nn.Module):
    """Texts with hidden tokens to texts, see `ganaug.modalities.infilling.Infiller`.

    Parameters
    ----------
    first : int
        The first token that is ever hidden or filled in: bytes and spaces stay.
    kinds : sequence of int
        How many tokens from there on are of one kind, of the next and so on, V - first in all. A token is filled in by
        one of its kind: a word by a word, a number by a number, with the space before it or without.
    n_classes : int
        Number of classes K.
    prior : nn.Module or None
        Where a GAN's generator has texts and chance from, see `ganaug.gan.infilling.HiddenPrior`.
    width, depth : int
        Channels, and rounds of blocks of all `DILATIONS`.
    """

    vectors: Tensor
    kinds: Tensor

    def __init__(
        self, first: int, kinds: Sequence[int], n_classes: int, prior: nn.Module | None, width: int, depth: int
    ) -> None:
        super().__init__()
        self.prior, self.first = prior, first
        self.register_buffer("vectors", token_vectors(first + sum(kinds)), persistent=False)
        of_each = [kind for kind, count in enumerate(kinds) for _ in range(count)]
        self.register_buffer("kinds", torch.tensor(of_each, device="cpu"), persistent=False)
        self.embedding = nn.Embedding(n_classes, width)
        self.entry = nn.Linear(NUMBERS + 1, width)
        self.stages = blocks(width, depth)
        self.exit = nn.Linear(width, sum(kinds))

    def fillable(self, rows: Tensor) -> Tensor:
        """Return the tokens of rows (n, T, NUMBERS), counted from ``first``; -1 where one always stays: (n, T)."""
        return (nearest_tokens(rows, self.vectors) - self.first).clamp_min(-1)

    def logits(
        self, rows: Tensor, parts: Tensor, hidden: Tensor, labels: Tensor, condition_scale: Scale = 1.0
    ) -> Tensor:
        """Return logits (n, T, V - first) for rows (n, T, NUMBERS) whose tokens are not seen where hidden (n, T).

        ``parts`` (n, T) are what `fillable` says of them. A label of -1 is none.
        """
        shown = torch.cat([rows.masked_fill(hidden[:, :, None], 0.0), hidden[:, :, None].to(rows.dtype)], dim=2)
        known = (labels >= 0)[:, None]
        label = condition_scale * self.embedding(labels.clamp_min(0)) * known
        found: Tensor = self.exit(leaky_relu(self.stages(self.entry(shown) + label[:, None]), SLOPE))
        others = self.kinds != self.kinds[parts.clamp_min(0)][:, :, None]
        return found.masked_fill(others, NEVER)

    def fill(self, rows: Tensor, hidden: Tensor, logits: Tensor, chance: Tensor) -> Tensor:
        """Return rows (n, T, NUMBERS) with tokens drawn by logits (n, T, V - first) and chance (n, T) where hidden."""
        drawn = sample_tokens(logits, chance, self.vectors[self.first :])
        return torch.where(hidden[:, :, None], drawn, rows)

    def versions(self, rows: Tensor, labels: Tensor, noise: Tensor, scale: Scale = 1.0, warmth: float = 1.0) -> Tensor:
        """Hide and fill in tokens of rows (n, T, NUMBERS) of classes (n,), -1 for none, in as many passes as noise has.

        ``noise`` are uniform numbers (n, k (2 T + 1)), ``scale`` is what the label counts, ``warmth`` a factor of the
        temperature.
        """
        for hides, chance in passes(noise, rows.shape[1]):
            parts = self.fillable(rows)
            hidden = hide(hides, parts >= 0, SAMPLED)
            logits = self.logits(rows, parts, hidden, labels, scale) / max(TEMPERATURE * warmth, 1e-3)
            rows = self.fill(rows, hidden, logits.float(), chance)
        return rows

    def forward(self, rows: StyledRows, labels: Tensor, condition_scale: Scale = 1.0) -> Tensor:
        """Make versions of contents (n, T, NUMBERS), under the labels that come with them."""
        known = labels if rows.labels is None else rows.labels
        return self.versions(rows.contents, known, rows.noise, condition_scale, rows.scale)
