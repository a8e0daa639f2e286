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
    height, width = images.shape[-2:]
    sides = torch.tensor([width, height], device=grid.device)
    place = (((grid + 1) * sides - 1) / 2).clamp_min(0).minimum(sides - 1)
    low = place.floor()
    share = (place - low)[..., None]
    (x0, y0), (x1, y1) = (at.long().unbind(-1) for at in (low, (low + 1).minimum(sides - 1)))
    row = torch.arange(len(images), device=images.device)[:, None, None]
    pixels = images.permute(0, 2, 3, 1)  # a gradient goes back to them by a sorted sum
    upper, lower = (torch.lerp(pixels[row, y, x0], pixels[row, y, x1], share[..., 0, :]) for y in (y0, y1))
    return torch.lerp(upper, lower, share[..., 1, :]).permute(0, 3, 1, 2)


def _on_gpu(images: Tensor) -> bool:
    return images.is_cuda
