"""Generator and discriminator for images of any height and width from 8 to 512 pixels and 1 to 4 channels.

Residual blocks without normalisation (R3GAN, arXiv 2501.05441), plain 3x3 convolutions. Full-resolution convolutions
are most of the cost on a CPU, so both networks leave full resolution at once: the discriminator enters by pixel-
unshuffle and the generator leaves by pixel-shuffle. Sizes that do not divide are padded going in and cropped coming
out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, leaky_relu, pixel_shuffle, pixel_unshuffle

from ganaug.gan.conditioning import HeadOutput, apply_head
from ganaug.gan.latents import Prior
from ganaug.modalities.image.repeatable import double, pad_edges

SLOPE = 0.2
LEAK = 0.05  # slope of the generator's output beyond black and white
MIN_GRID = 8  # the coarsest grid has at most this many cells on its shorter side


@dataclass(frozen=True)
class Layout:
    """Where an image is worked on: the shuffle factor, the coarsest grid and the stages up from it."""

    height: int
    width: int
    shuffle: int
    stages: int

    @classmethod
    def of(cls, height: int, width: int) -> Layout:
        """Lay out an image: two stages or as many as bring the shorter side down to `MIN_GRID`."""
        shuffle = 2 if min(height, width) >= 14 else 1
        stages = 2
        while min(height, width) > shuffle * MIN_GRID << (stages - 1):
            stages += 1
        return cls(height, width, shuffle, stages)

    @property
    def step(self) -> int:
        """Pixels that a cell of the coarsest grid spans."""
        return self.shuffle << (self.stages - 1)

    @property
    def grid(self) -> tuple[int, int]:
        """Rows and columns of the coarsest grid."""
        return -(-self.height // self.step), -(-self.width // self.step)

    @property
    def margins(self) -> tuple[int, int, int, int]:
        """Pixels to pad (left, right, top, bottom) so that the grid divides the image."""
        rows, columns = self.grid
        tall, wide = rows * self.step - self.height, columns * self.step - self.width
        return wide // 2, wide - wide // 2, tall // 2, tall - tall // 2


def stage_widths(width: int, stages: int) -> list[int]:
    """Channels of each stage, coarsest first: halved with the first two doublings of resolution, then with every other.

    So a stage costs as much as the one before or four times, and images of 256 pixels a side hardly twice those of 128.
    """
    return [max(width >> min(i, i // 2 + 1), 8) for i in range(stages)]


class ResidualBlock(nn.Module):
    """x + two convolutions of x; the last one starts at zero, so that the block starts as identity."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1)
        self.second = nn.Conv2d(channels, channels, 3, padding=1)
        nn.init.kaiming_normal_(self.first.weight, SLOPE)
        for start in (self.first.bias, self.second.weight, self.second.bias):
            assert start is not None
            nn.init.zeros_(start)

    def forward(self, x: Tensor) -> Tensor:
        """Map (n, C, h, w) to (n, C, h, w)."""
        branch: Tensor = self.second(leaky_relu(self.first(leaky_relu(x, SLOPE)), SLOPE))
        return x + branch


def pixel_layer(width: int, channels: int, layout: Layout) -> nn.Conv2d:
    """Return a generator's last layer; the pixels of a cell start alike: no checkerboard (ICNR, arXiv 1707.02937)."""
    layer = nn.Conv2d(width, channels * layout.shuffle**2, 3, padding=1)
    with torch.no_grad():
        layer.weight.copy_(layer.weight[:: layout.shuffle**2].repeat_interleave(layout.shuffle**2, 0))
    return layer


def to_pixels(x: Tensor, layout: Layout) -> Tensor:
    """Map what that layer makes to images (n, C, H, W), in about [-1, 1].

    Nearly clipped, not squashed by tanh: once all pixels are saturated tanh passes no gradient, and training never
    recovers (seen in 3 of 9 trial runs); without a bound a black background is never quite black.
    """
    x = pixel_shuffle(x, layout.shuffle)
    left, right, top, bottom = layout.margins
    x = x[..., top : x.shape[-2] - bottom, left : x.shape[-1] - right]
    return torch.lerp(x.clamp(-1, 1), x, LEAK)


class Generator(nn.Module):
    """Latents and labels to images.

    Parameters
    ----------
    layout : Layout
        Size of the image.
    channels : int
        Channels of the image, 1 to 4.
    n_classes : int
        Number of classes K.
    prior : Prior
        Where its latents come from.
    width : int
        Channels at the coarsest grid.
    depth : int
        Residual blocks a stage.
    """

    def __init__(self, layout: Layout, channels: int, n_classes: int, prior: Prior, width: int, depth: int) -> None:
        super().__init__()
        self.layout, self.prior, latent = layout, prior, prior.size
        self.row_size = channels * layout.height * layout.width
        widths = stage_widths(width, layout.stages)
        self.embedding = nn.Embedding(n_classes, latent)
        self.entry = nn.Linear(2 * latent, widths[0] * layout.grid[0] * layout.grid[1])
        self.stages = nn.ModuleList(nn.Sequential(*(ResidualBlock(w) for _ in range(depth))) for w in widths)
        self.changes = nn.ModuleList(nn.Conv2d(a, b, 1) for a, b in pairwise(widths))
        self.exit = pixel_layer(widths[-1], channels, layout)

    def forward(self, latents: Tensor, labels: Tensor, condition_scale: float | Tensor = 1.0) -> Tensor:
        """Map latents (n, Z) and labels (n,) to images (n, C, H, W), in about [-1, 1]."""
        rows, columns = self.layout.grid
        x = self.entry(torch.cat([latents, condition_scale * self.embedding(labels)], dim=1))
        x = x.view(len(x), rows, columns, -1).permute(0, 3, 1, 2)  # channels last in memory, no copy
        for i, stage in enumerate(self.stages):
            if i:
                x = double(self.changes[i - 1](x))
            x = stage(x)
        return to_pixels(self.exit(leaky_relu(x, SLOPE)), self.layout)


class Encoder(nn.Module):
    """Images to maps at the coarsest grid.

    ``from_finest`` are lists of modules that begin at the finest grid, see `ganaug.gan.warm_start.start_from`.

    Parameters
    ----------
    layout, channels, width, depth
        As for `Generator`.
    """

    from_finest = ("stages", "changes")

    def __init__(self, layout: Layout, channels: int, width: int, depth: int) -> None:
        super().__init__()
        self.layout = layout
        self.row_size = channels * layout.height * layout.width
        widths = stage_widths(width, layout.stages)[::-1]
        self.entry = nn.Conv2d(channels * layout.shuffle**2, widths[0], 3, padding=1)
        self.stages = nn.ModuleList(nn.Sequential(*(ResidualBlock(w) for _ in range(depth))) for w in widths)
        self.changes = nn.ModuleList(nn.Conv2d(a, b, 1) for a, b in pairwise(widths))

    def maps(self, images: Tensor) -> Tensor:
        """Map images (n, C, H, W) in [-1, 1] to (n, width, rows, columns)."""
        if any(self.layout.margins):
            images = pad_edges(images, self.layout.margins)
        x = pixel_unshuffle(images, self.layout.shuffle)
        x = self.entry(x.contiguous(memory_format=torch.channels_last))
        for i, stage in enumerate(self.stages):
            if i:
                x = self.changes[i - 1](avg_pool2d(x, 2))  # in this order: the same map for a quarter of the work
            x = stage(x)
        found: Tensor = x
        return found

    def flat(self, images: Tensor) -> Tensor:
        """Map images (n, C, H, W) to vectors (n, rows * columns * width)."""
        found: Tensor = leaky_relu(self.maps(images), SLOPE).permute(0, 2, 3, 1).flatten(1)
        return found


class Discriminator(Encoder):
    """Images to features, and features to logits by a head.

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
        super().__init__(layout, channels, width, depth)
        self.exit = nn.Linear(stage_widths(width, 1)[0] * layout.grid[0] * layout.grid[1], features)
        self.head = head(features, n_classes)

    def features(self, images: Tensor) -> Tensor:
        """Map images (n, C, H, W) in [-1, 1] to features (n, F)."""
        found: Tensor = leaky_relu(self.exit(self.flat(images)), SLOPE)
        return found

    def forward(self, images: Tensor, labels: Tensor, condition_scale: float | Tensor = 1.0) -> HeadOutput:
        """Map images (n, C, H, W) and labels (n,) to logits (n,) and, for a classifying head, class logits (n, K).

        More labels than images are second opinions, see `ganaug.gan.conditioning.apply_head`.
        """
        return apply_head(self.head, self.features(images), labels, condition_scale)
