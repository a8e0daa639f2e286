"""Images as PNG, and back."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ganaug.errors import DataError


def to_picture(image: NDArray[np.uint8]) -> Image.Image:
    """Return one (H, W, C) image as a Pillow image, of mode L, LA, RGB or RGBA."""
    return Image.fromarray(image[:, :, 0] if image.shape[2] == 1 else image)


def encode_png(image: NDArray[np.uint8]) -> bytes:
    """Write one (H, W, C) image as PNG, packed lightly: rows are written often and are small."""
    buffer = io.BytesIO()
    to_picture(image).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def decode_png(content: bytes, shape: tuple[int, int, int]) -> NDArray[np.uint8]:
    """Read one PNG written by `encode_png`; `DataError` unless it has this (H, W, C) shape."""
    try:
        with Image.open(io.BytesIO(content), formats=("PNG",)) as image:
            pixels = np.asarray(image)
    except Exception as error:  # Pillow raises many kinds for damaged bytes
        raise DataError(f"an image cannot be read: {error}") from error
    pixels = pixels[:, :, None] if pixels.ndim == 2 else pixels
    if pixels.shape != shape or pixels.dtype != np.uint8:
        raise DataError(f"an image has shape {pixels.shape}, the schema says {shape}.")
    return pixels
