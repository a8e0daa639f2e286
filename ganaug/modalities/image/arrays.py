"""Images in memory, as users have them."""

from __future__ import annotations

import hashlib
import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganaug.config.names import MAX_SIDE, MIN_SIDE
from ganaug.errors import DataError
from ganaug.modalities.image.ranges import DIM
from ganaug.utils.samples import let_go

AT_ONCE = 2**14  # images looked at before they leave memory, where they are in a file
SIDES = range(MIN_SIDE, MAX_SIDE + 1)  # pixels


def are_images(X: Any) -> bool:  # noqa: N803 - scikit-learn's name
    """Tell whether data in memory is images by type and shape: uint8 (n, H, W) or (n, H, W, C), or a list of such."""
    if isinstance(X, (list, tuple)) and len(X):
        return np.ndim(X[0]) in (2, 3) and np.asarray(X[0]).dtype == np.uint8
    return getattr(X, "ndim", 0) in (3, 4) and str(getattr(X, "dtype", "")).removeprefix("torch.") == "uint8"


def as_images(X: Any) -> NDArray[np.uint8]:  # noqa: N803 - scikit-learn's name
    """Check images (n, H, W) or (n, H, W, C) and return them as uint8 (n, H, W, C).

    Raises
    ------
    DataError
        They are no uint8 array of such a shape, of 8 to 512 pixels a side and 1 to 4 channels.
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
            "resize to 8 to 512 pixels a side, with 1 to 4 channels last."
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


def content_ids(images: NDArray[np.uint8]) -> NDArray[np.object_]:
    """Hash each image's shape and pixels (n, H, W, C): BLAKE2b-128 as 32 hexadecimal digits, (n,)."""
    head = repr(tuple(int(side) for side in images.shape[1:])).encode()
    ids = np.empty(len(images), dtype=object)
    for i, image in enumerate(images):
        ids[i] = hashlib.blake2b(head + image.tobytes(), digest_size=16).hexdigest()
        if not (i + 1) % AT_ONCE:
            let_go(images)
    return ids
