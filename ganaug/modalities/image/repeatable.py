"""Changes of images whose gradients come out as the same bytes every time, on a GPU as well.

There torch's own add up the gradients of a pixel in whatever order threads arrive (`torch.use_deterministic_algorithms`
lists those that do). Here each is put together from operations that do not.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import grid_sample, interpolate


def pad_edges(images: Tensor, margins: tuple[int, int, int, int]) -> Tensor:
    """Repeat the edge of images (n, C, H, W) by so many pixels left, right, top and bottom."""
    left, right, top, bottom = margins
    for dim, before, after in ((-1, left, right), (-2, top, bottom)):
        size = images.shape[dim]
        first, last = images.narrow(dim, 0, 1), images.narrow(dim, size - 1, 1)
        images = torch.cat([*[first] * before, images, *[last] * after], dim)
    return images


def double(images: Tensor) -> Tensor:
    """Double the sides of images (n, C, h, w) by bilinear interpolation."""
    if not _on_gpu(images):
        return interpolate(images, scale_factor=2, mode="bilinear")
    for dim in (2, 3):
        size = images.shape[dim]
        first, last = images.narrow(dim, 0, 1), images.narrow(dim, size - 1, 1)
        before = torch.cat([first, images.narrow(dim, 0, size - 1)], dim)
        after = torch.cat([images.narrow(dim, 1, size - 1), last], dim)
        halves = [torch.lerp(images, beside, 0.25) for beside in (before, after)]
        images = torch.stack(halves, dim + 1).flatten(dim, dim + 1)
    return images.contiguous(memory_format=torch.channels_last)


def sample_at(images: Tensor, grid: Tensor) -> Tensor:
    """Read images (n, C, H, W) bilinearly at places (n, H, W, 2): x and y, of which -1 and 1 are the outer edges.

    What lies outside reads the edge.
    """
    if not _on_gpu(images):
        return grid_sample(images, grid, padding_mode="border", align_corners=False)
    (x0, x1, right), (y0, y1, down) = map(_neighbours, grid.unbind(-1), (images.shape[-1], images.shape[-2]))
    row = torch.arange(len(images), device=images.device)[:, None, None]
    pixels = images.permute(0, 2, 3, 1)  # a gradient goes back to them by a sorted sum
    upper, lower = (torch.lerp(pixels[row, y, x0], pixels[row, y, x1], right) for y in (y0, y1))
    return torch.lerp(upper, lower, down).permute(0, 3, 1, 2)


def _neighbours(at: Tensor, size: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return the pixels (n, H, W) on either side of places in [-1, 1], and the share of the second (n, H, W, 1)."""
    place = (((at + 1) * size - 1) / 2).clamp(0, size - 1)
    low = place.floor()
    return low.long(), (low + 1).clamp_max(size - 1).long(), (place - low)[..., None]


def _on_gpu(images: Tensor) -> bool:
    return images.is_cuda
