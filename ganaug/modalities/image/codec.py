"""Images as they live on the device, uint8, and as networks see them, float in [-1, 1]."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import avg_pool2d

from ganaug.modalities.parts import Codec


class ImageCodec(Codec):
    """uint8 on the device, float for the networks; nothing is fitted.

    Parameters
    ----------
    shape : (int, int, int)
        Height, width and channels of an image.
    """

    def __init__(self, shape: tuple[int, int, int]) -> None:
        self.shape = shape

    def to_arrays(self, samples: NDArray[np.uint8]) -> tuple[NDArray[Any], ...]:
        """Return the pixels as they are."""
        return (samples,)

    def to_inputs(self, *arrays: Tensor) -> Tensor:
        """Map uint8 (n, H, W, C) to float (n, C, H, W) in [-1, 1]."""
        return to_float(arrays[0])

    def to_samples(self, inputs: Tensor) -> NDArray[np.uint8]:
        """Map float (n, C, H, W) in [-1, 1] to uint8 (n, H, W, C)."""
        return to_uint8(inputs)


def to_float(images: Tensor) -> Tensor:
    """Map uint8 (n, H, W, C) to float (n, C, H, W) in [-1, 1], channels last in memory."""
    return images.permute(0, 3, 1, 2).float().div(127.5).sub(1)


def pixel_distance(images: Tensor, others: Tensor) -> Tensor:
    """Mean absolute difference of images (n, C, H, W), (n,), summed over full, half and quarter resolution."""
    difference = images - others
    found = difference.abs().mean((1, 2, 3))
    for _ in range(2):
        difference = avg_pool2d(difference, 2)
        found = found + difference.abs().mean((1, 2, 3))
    return found


def to_uint8(images: Tensor) -> NDArray[np.uint8]:
    """Map float (n, C, H, W) in [-1, 1] to a uint8 array (n, H, W, C)."""
    levels = images.float().add(1).mul(127.5).round().clamp(0, 255).to(torch.uint8)
    return np.ascontiguousarray(levels.permute(0, 2, 3, 1).cpu().numpy())
