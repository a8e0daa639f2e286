"""What both real and generated images pass through before the discriminator sees them.

Differentiable augmentation (Zhao et al., arXiv 2006.10738) with probability p for each operation and image (Karras et
al., arXiv 2006.06676). Only operations that keep a label true may run, so the user declares the invariances beyond
the safe ones.

Shifts, zooms and flips act on rows and columns separately. Hence an image is warped by two small matrix products, ``A
@ image @ B.T``, which cost a CPU next to nothing and differentiate as often as need be; only rotation needs a grid.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import affine_grid

from ganaug.errors import ConfigError
from ganaug.modalities.image.repeatable import sample_at

SAFE = ("translate", "scale", "brightness", "contrast")  # keep the label of nearly any picture
INVARIANCES = (*SAFE, "cutout", "flip_horizontal", "flip_vertical", "rotate", "saturation")

SHIFT = 1 / 8  # of the side
ZOOM = 1.2  # at most, either way
BRIGHTNESS = 0.3  # of the range [-1, 1], either way
CONTRAST = 1.5  # at most, either way
TURN = torch.pi / 12


def _interpolation(centre: Tensor, zoom: Tensor, size: int) -> Tensor:
    """Rows of linear interpolation weights (n, size, size): output i reads input ``centre + zoom * (i - middle)``.

    Positions outside are clamped, so that the edge is repeated.
    """
    middle = (size - 1) / 2
    at = torch.arange(size, device=centre.device, dtype=centre.dtype) - middle
    position = (middle + centre[:, None] + zoom[:, None] * at).clamp(0, size - 1)
    distance = (position[:, :, None] - torch.arange(size, device=centre.device, dtype=centre.dtype)).abs()
    return (1 - distance).clamp(min=0)


class ImageAugment:
    """Random, differentiable, label-preserving changes of a batch of images.

    Parameters
    ----------
    invariances : sequence of str
        Operations that keep a label true, of `INVARIANCES`.

    Raises
    ------
    ConfigError
        If an invariance is unknown.
    """

    def __init__(self, invariances: Sequence[str] = SAFE) -> None:
        unknown = sorted(set(invariances) - set(INVARIANCES))
        if unknown:
            raise ConfigError(f"Unknown invariance {unknown[0]!r}: choose among {', '.join(INVARIANCES)}.")
        self.invariances = frozenset(invariances)

    def draw(self, n: int, p: float | Tensor, generator: torch.Generator) -> Tensor:
        """Draw what happens to n images: parameters (n, 12), neutral with probability 1 - p for each operation."""
        u = torch.rand(n, 12, generator=generator, device=generator.device) * 2 - 1
        happens = torch.rand(n, 12, generator=generator, device=generator.device) < p
        return u.masked_fill(~happens, 0.0)  # `torch.where` with a number waits for a GPU

    def __call__(self, inputs: Tensor, draws: Tensor) -> Tensor:
        """Change images (n, C, H, W) in [-1, 1] as ``draws`` (n, 12) says."""
        images, has = inputs, self.invariances
        if has & {"translate", "scale", "flip_horizontal", "flip_vertical"}:
            images = self._warp(images, draws)
        if "rotate" in has:
            images = rotate(images, draws[:, 6] * TURN)
        return self._tone(images, draws)

    def _warp(self, images: Tensor, draws: Tensor) -> Tensor:
        height, width = images.shape[-2:]
        shift = draws[:, 0:2] * SHIFT * ("translate" in self.invariances)
        zoom = ZOOM ** (draws[:, 2:4] * ("scale" in self.invariances))
        mirror = 1 - 2 * torch.stack(
            [(draws[:, 4] > 0) & ("flip_vertical" in self.invariances),
             (draws[:, 5] > 0) & ("flip_horizontal" in self.invariances)], dim=1
        ).to(zoom.dtype)  # fmt: skip
        rows = _interpolation(shift[:, 0] * height, zoom[:, 0] * mirror[:, 0], height)
        columns = _interpolation(shift[:, 1] * width, zoom[:, 1] * mirror[:, 1], width)
        return rows[:, None] @ images @ columns.transpose(1, 2)[:, None]

    def _tone(self, images: Tensor, draws: Tensor) -> Tensor:
        colour, alpha = images[:, :3], images[:, 3:]  # transparency has no tone
        if images.shape[1] == 2:
            colour, alpha = images[:, :1], images[:, 1:]
        at = draws[:, :, None, None, None]
        if "contrast" in self.invariances:
            colour = colour + (colour + 1) * (CONTRAST ** at[:, 7] - 1)  # about black: a black background stays
        if "saturation" in self.invariances and colour.shape[1] == 3:
            gray = colour.mean(1, keepdim=True)
            colour = colour + (colour - gray) * at[:, 8]
        if "brightness" in self.invariances:
            colour = colour + BRIGHTNESS * at[:, 9]
        images = torch.cat([colour, alpha], dim=1) if alpha.shape[1] else colour
        if "cutout" in self.invariances:
            images = images * _holes(images, draws[:, 10:12])
        return images


def rotate(images: Tensor, angle: Tensor) -> Tensor:
    """Turn images (n, C, H, W) by angles (n,) in radians, repeating the edge."""
    height, width = images.shape[-2:]
    cos, sin, none = angle.cos(), angle.sin(), torch.zeros_like(angle)
    theta = torch.stack([cos, -sin * height / width, none, sin * width / height, cos, none], dim=1).view(-1, 2, 3)
    grid = affine_grid(theta, list(images.shape), align_corners=False)
    return sample_at(images, grid.to(images.dtype))


def _holes(images: Tensor, centres: Tensor) -> Tensor:
    """Masks (n, 1, H, W) with a hole of half the sides about centres (n, 2) in [-1, 1]; (0, 0) means no hole."""
    spans = []
    for axis, size in enumerate(images.shape[-2:]):
        at = torch.linspace(-1, 1, size, device=images.device, dtype=centres.dtype)
        spans.append((at - centres[:, axis : axis + 1]).abs() < 0.5)
    hole = spans[0][:, :, None] & spans[1][:, None, :] & (centres != 0).all(1)[:, None, None]
    return (~hole)[:, None].to(images.dtype)
