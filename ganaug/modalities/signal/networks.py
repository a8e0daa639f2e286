"""Generator and discriminator for curves: one-dimensional residual networks without normalisation.

The same as for images (R3GAN, arXiv 2501.05441), with kernels of 5. Both leave full resolution at once, by shuffling
values of neighbouring times into channels; lengths that do not divide are padded going in and cropped coming out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool1d, leaky_relu

from ganaug.gan.conditioning import HeadOutput, apply_head
from ganaug.gan.latents import Prior

SLOPE = 0.2
KERNEL = 5
FINEST, COARSEST = 128, 16  # cells of the finest and of the coarsest grid, at most


@dataclass(frozen=True)
class Layout:
    """Where a curve is worked on: how many times are shuffled into channels, and the stages from fine to coarse."""

    points: int
    shuffle: int
    stages: int

    @classmethod
    def of(cls, points: int) -> Layout:
        """Lay out curves of so many points."""
        shuffle, stages = 1, 1
        while points > shuffle * FINEST:
            shuffle *= 2
        while points > (shuffle * COARSEST) << (stages - 1):
            stages += 1
        return cls(points, shuffle, stages)

    @property
    def cells(self) -> int:
        """Cells of the coarsest grid."""
        return -(-self.points // self.step)

    @property
    def step(self) -> int:
        """Points that a cell of the coarsest grid spans."""
        return self.shuffle << (self.stages - 1)

    @property
    def margin(self) -> int:
        """Points to add at the end so that the grid divides the curve."""
        return self.cells * self.step - self.points


def stage_widths(width: int, stages: int) -> list[int]:
    """Channels of each stage, coarsest first: halved with every doubling of resolution, not below a quarter."""
    return [max(width >> i, width // 4, 8) for i in range(stages)]


def shuffled(curves: Tensor, factor: int) -> Tensor:
    """Lay neighbouring times out as channels: (n, C, T) to (n, C * factor, T / factor)."""
    n, channels, points = curves.shape
    cells = curves.view(n, channels, points // factor, factor)
    return cells.permute(0, 1, 3, 2).reshape(n, channels * factor, points // factor)


def unshuffled(cells: Tensor, factor: int) -> Tensor:
    """Take `shuffled` back."""
    n, channels, points = cells.shape
    split = cells.view(n, channels // factor, factor, points)
    return split.permute(0, 1, 3, 2).reshape(n, channels // factor, points * factor)


class ResidualBlock(nn.Module):
    """x + two convolutions of x; the last one starts at zero, so that the block starts as identity."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = nn.Conv1d(channels, channels, KERNEL, padding=KERNEL // 2)
        self.second = nn.Conv1d(channels, channels, KERNEL, padding=KERNEL // 2)
        nn.init.kaiming_normal_(self.first.weight, SLOPE)
        for start in (self.first.bias, self.second.weight, self.second.bias):
            assert start is not None
            nn.init.zeros_(start)

    def forward(self, x: Tensor) -> Tensor:
        """Map (n, C, t) to (n, C, t)."""
        branch: Tensor = self.second(leaky_relu(self.first(leaky_relu(x, SLOPE)), SLOPE))
        return x + branch


class Generator(nn.Module):
    """Latents and labels to curves.

    Parameters
    ----------
    layout : Layout
        Length of the curve.
    channels, n_classes : int
        Channels of the curve, and classes K.
    prior : Prior
        Where its latents come from.
    width : int
        Channels at the coarsest grid.
    depth : int
        Residual blocks a stage.
    """

    def __init__(self, layout: Layout, channels: int, n_classes: int, prior: Prior, width: int, depth: int) -> None:
        super().__init__()
        self.layout, self.prior = layout, prior
        widths = stage_widths(width, layout.stages)
        self.embedding = nn.Embedding(n_classes, prior.size)
        self.entry = nn.Linear(2 * prior.size, widths[0] * layout.cells)
        self.stages = nn.ModuleList(nn.Sequential(*(ResidualBlock(w) for _ in range(depth))) for w in widths)
        self.changes = nn.ModuleList(nn.Conv1d(a, b, 1) for a, b in pairwise(widths))
        self.exit = nn.Conv1d(widths[-1], channels * layout.shuffle, KERNEL, padding=KERNEL // 2)

    def forward(self, latents: Tensor, labels: Tensor, condition_scale: float | Tensor = 1.0) -> Tensor:
        """Map latents (n, Z) and labels (n,) to curves (n, C, T)."""
        x = self.entry(torch.cat([latents, condition_scale * self.embedding(labels)], dim=1))
        x = x.view(len(x), -1, self.layout.cells)
        for i, stage in enumerate(self.stages):
            if i:
                x = self.changes[i - 1](x).repeat_interleave(2, dim=2)
            x = stage(x)
        return unshuffled(self.exit(leaky_relu(x, SLOPE)), self.layout.shuffle)[:, :, : self.layout.points]


class Discriminator(nn.Module):
    """Curves to features, and features to logits by a head.

    Parameters
    ----------
    layout, channels, n_classes, width, depth
        As for `Generator`.
    features : int
        Length F of the features.
    head : callable
        ``(F, K) -> module``, a choice of `ganaug.gan.conditioning.CONDITIONINGS`.
    """

    def __init__(
        self,
        layout: Layout,
        channels: int,
        n_classes: int,
        width: int,
        depth: int,
        features: int,
        head: Callable[[int, int], nn.Module],
    ) -> None:
        super().__init__()
        self.layout = layout
        widths = stage_widths(width, layout.stages)[::-1]
        self.entry = nn.Conv1d(channels * layout.shuffle, widths[0], KERNEL, padding=KERNEL // 2)
        self.stages = nn.ModuleList(nn.Sequential(*(ResidualBlock(w) for _ in range(depth))) for w in widths)
        self.changes = nn.ModuleList(nn.Conv1d(a, b, 1) for a, b in pairwise(widths))
        self.exit = nn.Linear(widths[-1] * layout.cells, features)
        self.head = head(features, n_classes)

    def features(self, curves: Tensor) -> Tensor:
        """Map curves (n, C, T) to features (n, F)."""
        if self.layout.margin:
            last = curves[:, :, -1:].expand(-1, -1, self.layout.margin)
            curves = torch.cat([curves, last], dim=2)
        x = self.entry(shuffled(curves, self.layout.shuffle))
        for i, stage in enumerate(self.stages):
            if i:
                x = self.changes[i - 1](avg_pool1d(x, 2))
            x = stage(x)
        return leaky_relu(self.exit(leaky_relu(x, SLOPE).flatten(1)), SLOPE)

    def forward(self, curves: Tensor, labels: Tensor, condition_scale: float | Tensor = 1.0) -> HeadOutput:
        """Map curves (n, C, T) and labels (n,) to logits (n,) and, for a classifying head, class logits (n, K).

        More labels than curves are second opinions, see `ganaug.gan.conditioning.apply_head`.
        """
        return apply_head(self.head, self.features(curves), labels, condition_scale)
