"""One image file or array to uint8 pixels of a given shape.

The rules:

- formats: PNG, JPEG, WebP, BMP, GIF, TIFF, PPM; of an animation or a multi-page file the first frame (`count_pages`);
- the EXIF orientation is applied;
- 16-bit gray keeps its high byte (65535 -> 255); 32-bit and floating-point pixels, of unknown range, are refused;
- 1-bit and gray are gray, palettes and CMYK become RGB, whatever has transparency becomes RGBA;
- RGB to gray weighs by ITU-R 601 luma; dropping an alpha channel composes on white; adding one makes it opaque;
- another size: the whole image is scaled to height x width by Pillow's antialiased Lanczos filter, up or down;
  the aspect ratio is not kept, and nothing is cut off or padded.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, UnidentifiedImageError

from ganaug.errors import DataError

FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF", "PPM")
SUFFIXES = frozenset(
    ".png .apng .jpg .jpeg .jpe .jfif .webp .bmp .dib .gif .tif .tiff .ppm .pgm .pbm .pnm".split()  # noqa: SIM905
)
MAX_PIXELS = 50_000_000  # about 7000 x 7000; larger files are bombs or mistakes for images of at most 128 px

Shape = tuple[int, int, int]  # height, width, channels

_MODES = {1: "L", 3: "RGB", 4: "RGBA"}
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class UnreadableError(DataError):
    """An image that cannot be used; the message is the reason."""


def read_shape(source: Path | bytes) -> Shape:
    """Read the shape an image will have once decoded, from its header alone.

    Raises
    ------
    UnreadableError
        If it is no image, or one that the module's rules refuse.
    """
    with _opened(source) as image:
        height, width = image.height, image.width
        if _orientation(image) >= 5 and image.format != "TIFF":  # Pillow turns TIFF files itself
            height, width = width, height
        return height, width, len(_target_mode(image))  # L, RGB or RGBA


def count_pages(source: Path | bytes) -> int:
    """Count the pages of a file, or the frames of an animation; 1 where that cannot be told."""
    try:
        with _opened(source) as image:
            # An MPO file is what many cameras call JPEG: its further pictures are previews.
            return 1 if image.format == "MPO" else getattr(image, "n_frames", 1)
    except UnreadableError:
        return 1


def read_image(source: Path | bytes) -> NDArray[np.uint8]:
    """Decode an image in its own size and colours.

    Parameters
    ----------
    source : Path or bytes
        A file, or what is in one.

    Returns
    -------
    ndarray of shape (H, W, C), uint8
        C is 1, 3 or 4.

    Raises
    ------
    UnreadableError
        If it is no image, damaged, or one that the module's rules refuse.
    """
    with _opened(source) as image:
        mode = _target_mode(image)
        image.load()
        turn = _TURNS.get(_orientation(image))
        flat = image.transpose(turn) if turn is not None else image
        if flat.mode.startswith("I"):
            return (np.asarray(flat).astype(np.uint16) >> 8).astype(np.uint8)[:, :, None]
        return _pixels(flat if flat.mode == mode else flat.convert(mode))


def fit_image(pixels: NDArray[np.uint8], shape: Shape) -> NDArray[np.uint8]:
    """Bring (H, W, C) pixels to another shape by the module's rules: first the channels, then the size."""
    if pixels.shape == shape:
        return pixels
    height, width, channels = shape
    image = Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)
    if image.mode == "RGBA" and channels < 4:
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    if image.mode != _MODES[channels]:
        image = image.convert(_MODES[channels])
    if image.size != (width, height):
        image = image.resize((width, height), Image.Resampling.LANCZOS)
    return _pixels(image)


def _pixels(image: Image.Image) -> NDArray[np.uint8]:
    pixels = np.asarray(image)
    return pixels[:, :, None] if pixels.ndim == 2 else pixels


@contextmanager
def _opened(source: Path | bytes) -> Iterator[Image.Image]:
    """Open an image and turn whatever goes wrong with it, while it is used, into `UnreadableError`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # damaged EXIF and the like: the pixels are what counts
        try:
            if isinstance(source, Path) and not source.is_file():
                raise UnreadableError("a link to nothing" if source.is_symlink() else "there is no such file")
            if (len(source) if isinstance(source, bytes) else source.stat().st_size) == 0:
                raise UnreadableError("the file is empty")
            with Image.open(io.BytesIO(source) if isinstance(source, bytes) else source, formats=FORMATS) as image:
                if image.width * image.height > MAX_PIXELS:
                    raise UnreadableError(
                        f"{image.width} x {image.height} pixels are too many (at most {MAX_PIXELS:,}): scale it down"
                    )
                yield image
        except UnreadableError:
            raise
        except UnidentifiedImageError:
            raise UnreadableError(f"not an image in one of the formats {', '.join(FORMATS)}") from None
        except Image.DecompressionBombError:
            raise UnreadableError(f"too many pixels (at most {MAX_PIXELS:,}): scale it down") from None
        except Exception as error:  # decoders raise all kinds for damaged bytes
            raise UnreadableError(f"cannot be read: {error}") from error


def _orientation(image: Image.Image) -> int:
    """Return the EXIF orientation, 1 to 8."""
    try:
        # The base method: that of PNG files decodes the whole image in search of a trailing EXIF chunk.
        found = Image.Image.getexif(image).get(ExifTags.Base.Orientation, 1)
    except Exception:  # damaged EXIF
        return 1
    return found if isinstance(found, int) and 1 <= found <= 8 else 1


def _target_mode(image: Image.Image) -> str:
    """Choose L, RGB or RGBA for an opened image, by its header."""
    if image.mode.startswith("I;16") or (image.mode == "I" and image.format == "PPM"):  # both hold 16 bits
        return "L"
    if image.mode in {"I", "F"}:
        raise UnreadableError(f"32-bit pixels (mode {image.mode}) have no stated range: save as 8 or 16 bits")
    if image.mode in {"RGBA", "RGBa", "LA", "La", "PA"} or "transparency" in image.info:
        return "RGBA"
    return "L" if image.mode in {"1", "L"} else "RGB"
