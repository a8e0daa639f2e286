"""The generator that makes images of images: the content of one with the style of another."""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn
from torch.nn.functional import instance_norm, leaky_relu

from ganaug.gan.translation import RowPrior, StyledRows
from ganaug.modalities.image.networks import (
    SLOPE,
    Encoder,
    Layout,
    ResidualBlock,
    pixel_layer,
    stage_widths,
    to_pixels,
)
from ganaug.modalities.image.repeatable import double

HIDDEN = 64  # units before the style


class StyledBlock(ResidualBlock):
    """A residual block whose normalised maps the style scales and shifts (AdaIN, arXiv 1703.06868)."""

    def __init__(self, channels: int, style: int) -> None:
        super().__init__(channels)
        self.styling = nn.Linear(style, 2 * channels)
        nn.init.zeros_(self.styling.weight)
        nn.init.zeros_(self.styling.bias)

    def forward(self, x: Tensor, style: Tensor) -> Tensor:  # type: ignore[override]
        """Map (n, C, h, w) and styles (n, S) to (n, C, h, w)."""
        scale, shift = self.styling(style)[..., None, None].chunk(2, dim=1)
        branch = instance_norm(self.first(leaky_relu(x, SLOPE))) * (1 + scale) + shift
        found: Tensor = x + self.second(leaky_relu(branch, SLOPE))
        return found


class Translator(nn.Module):
    """Images and styles to images, see `ganaug.gan.translation.Translator`.

    Parameters
    ----------
    layout, channels, width, depth
        As for `ganaug.modalities.image.networks.Generator`; a stage above the coarsest has a block more.
    prior : RowPrior
        Where its contents and styles come from.
    """

    def __init__(self, layout: Layout, channels: int, prior: RowPrior, width: int, depth: int) -> None:
        super().__init__()
        self.layout, self.prior = layout, prior
        self.row_size = channels * layout.height * layout.width
        widths = stage_widths(width, layout.stages)
        self.content_encoder = Encoder(layout, channels, width, depth)
        self.style_encoder = Encoder(layout, channels, width // 2, depth)
        self.style_exit = nn.Sequential(
            nn.Linear(stage_widths(width // 2, 1)[0] * layout.grid[0] * layout.grid[1], HIDDEN),
            nn.LeakyReLU(SLOPE),
            nn.Linear(HIDDEN, prior.size),
        )
        self.stages = nn.ModuleList(
            nn.ModuleList(StyledBlock(w, prior.size) for _ in range(depth + (i > 0))) for i, w in enumerate(widths)
        )
        self.changes = nn.ModuleList(nn.Conv2d(a, b, 1) for a, b in pairwise(widths))
        self.exit = pixel_layer(widths[-1], channels, layout)

    def content(self, rows: Tensor) -> Tensor:
        """Map images (n, C, H, W) to maps at the coarsest grid, (n, width, rows, columns)."""
        return self.content_encoder.maps(rows)

    def style(self, rows: Tensor) -> Tensor:
        """Map images (n, C, H, W) to styles (n, S)."""
        found: Tensor = self.style_exit(self.style_encoder.flat(rows))
        return found

    def decode(self, contents: Tensor, styles: Tensor) -> Tensor:
        """Map maps at the coarsest grid and styles (n, S) to images (n, C, H, W), in about [-1, 1]."""
        x = contents
        for i, stage in enumerate(self.stages):
            if i:
                x = double(self.changes[i - 1](x))
            for block in stage:  # type: ignore[attr-defined]
                x = block(x, styles)
        return to_pixels(self.exit(leaky_relu(x, SLOPE)), self.layout)

    def forward(self, rows: StyledRows, labels: Tensor, condition_scale: float | Tensor = 1.0) -> Tensor:
        """Map contents and styles to images (n, C, H, W); the class is the content's, and no label is looked at."""
        return self.decode(self.content(rows.contents), rows.scale * (self.style(rows.styles) + rows.noise))
