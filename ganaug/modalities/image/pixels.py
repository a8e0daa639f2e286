"""Images as users have them, as rows, and as what networks see."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.nn.functional import avg_pool2d

from ganaug.data.ranges import DIM
from ganaug.errors import DataError

SIDES = range(8, 129)  # pixels


def as_images(X: Any) -> NDArray[np.uint8]:  # noqa: N803 - scikit-learn's name
    """Check images (n, H, W) or (n, H, W, C) and return them as uint8 (n, H, W, C).

    Raises
    ------
    DataError
        They are no uint8 array of such a shape, of 8 to 128 pixels a side and 1 to 4 channels.
    """
    try:
        X = np.asarray(X)  # noqa: N806
    except ValueError:
        raise DataError("X holds images of several sizes: resize them to one.") from None
    except (TypeError, RuntimeError) as error:  # tensors on a GPU or with a gradient
        raise DataError(f"X is no array ({error}): give images as uint8, 0 to 255.") from error
    if X.ndim not in (3, 4) or X.dtype != np.uint8:
        raise DataError(
            f"X is an array of {X.dtype} with shape {X.shape}: give images as uint8, 0 to 255, with shape "
            "(n, height, width) or (n, height, width, channels)."
        )
    images = X if X.ndim == 4 else X[..., None]
    height, width, channels = images.shape[1:]
    if height not in SIDES or width not in SIDES or not 1 <= channels <= 4:
        raise DataError(
            f"X holds images of {height}x{width} pixels and {channels} channels: "
            "resize to 8 to 128 pixels a side, with 1 to 4 channels last."
        )
    if not len(images):
        raise DataError("X holds no image: give at least one.")
    return np.ascontiguousarray(images)


def check_levels(images: NDArray[np.uint8]) -> None:
    """Warn of a set of images (n, H, W, C) of which none is brighter than an eighth of white.

    Raises
    ------
    DataError
        None is brighter than 1, as in masks.
    """
    top = int(images[..., :3].max())
    message = (
        f"X holds no pixel above {top} of 255, as if it had not been scaled: bring white to 255, as "
        f"(X * (255 / {top})).astype('uint8') does."
    )
    if top == 1:
        raise DataError(message)
    if 1 < top < DIM:
        warnings.warn(message, stacklevel=3)


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


def picture_grid(images: NDArray[np.uint8], columns: int, gap: int = 2) -> Image.Image:
    """Lay images (n, H, W, C) out in rows of so many columns, on a light ground, as one picture."""
    n, height, width, channels = images.shape
    rows = -(-n // columns)
    sheet = Image.new("RGBA", (columns * (width + gap) - gap, rows * (height + gap) - gap), (244, 244, 244, 255))
    for i, image in enumerate(images):
        tile = Image.fromarray(image[..., 0] if channels == 1 else image).convert("RGBA")
        sheet.alpha_composite(tile, (i % columns * (width + gap), i // columns * (height + gap)))
    return sheet.convert("RGB")
