"""One image file to pixels, and uint8 pixels to a given shape.

The rules:

- formats: PNG, JPEG, WebP, BMP, GIF, TIFF, PPM; of an animation or a multi-page file the first frame (`count_pages`);
- the EXIF orientation is applied;
- pixels keep the numbers that the file has: 1 bit, 8 bits, 16 bits (of colours, too), 32-bit integers or floats;
- gray is gray, palettes and CMYK become RGB, whatever has transparency becomes RGBA;
- RGB to gray weighs by ITU-R 601 luma; dropping an alpha channel composes on white; adding one makes it opaque;
- another size: the whole image is scaled to height x width by Pillow's antialiased Lanczos filter, up or down;
  the aspect ratio is not kept, and nothing is cut off or padded; a JPEG of four times the size is decoded reduced.
"""

from __future__ import annotations

import io
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageFile, UnidentifiedImageError
from PIL.JpegImagePlugin import JpegImageFile
from PIL.TiffImagePlugin import TiffImageFile

from ganaug.modalities.files.source import UnreadableError, check_file

FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF", "PPM")
SUFFIXES = frozenset(
    ".png .apng .jpg .jpeg .jpe .jfif .webp .bmp .dib .gif .tif .tiff .ppm .pgm .pbm .pnm".split()  # noqa: SIM905
)
_SAMPLE_FORMAT = 339  # a tag of TIFF; 2 is for signed integers, which Pillow takes for unsigned
MAX_PIXELS = 50_000_000  # about 7000 x 7000; larger files are bombs or mistakes for images of at most 512 px

CHANNELS = (1, 3, 4)  # gray, RGB, RGBA

Shape = tuple[int, int, int]  # height, width, channels
Size = tuple[int, int]  # height, width
REDUCING = 2  # how many times as large as wanted, at least, a JPEG is decoded, which what is left of scaling smooths


class Header(NamedTuple):
    """What is known of an image before it is decoded: its shape then, and the type of its pixels."""

    shape: Shape
    dtype: np.dtype[Any]


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


def read_header(source: Path | bytes) -> Header:
    """Read what an image will be once decoded, from its header alone.

    Raises
    ------
    UnreadableError
        If it is no image, or one that the module's rules refuse.
    """
    with _opened(source) as image:
        height, width = image.height, image.width
        if _orientation(image) >= 5 and image.format != "TIFF":  # Pillow turns TIFF files itself
            height, width = width, height
        return Header((height, width, len(_target_mode(image))), _dtype(image))  # L, RGB or RGBA


def count_pages(source: Path | bytes) -> int:
    """Count the pages of a file, or the frames of an animation; 1 where that cannot be told."""
    try:
        with _opened(source) as image:
            # An MPO file is what many cameras call JPEG: its further pictures are previews.
            return 1 if image.format == "MPO" else getattr(image, "n_frames", 1)
    except UnreadableError:
        return 1


def read_image(source: Path | bytes, size: Size | None = None) -> NDArray[Any]:
    """Decode an image in its own size, colours and numbers.

    Parameters
    ----------
    source : Path or bytes
        A file, or what is in one.
    size : (int, int), optional
        Height and width that it will be scaled to. A JPEG that is `REDUCING` times as large, or more, is decoded at an
        eighth, a quarter or half of its size, which takes a fraction of the time and leaves as much to scale down.

    Returns
    -------
    ndarray of shape (H, W, C)
        C is 1, 3 or 4; bool, uint8, uint16, int32 or float32.

    Raises
    ------
    UnreadableError
        If it is no image, damaged, or one that the module's rules refuse.
    """
    with _opened(source) as image:
        dtype = _dtype(image)
        if size is not None and isinstance(image, JpegImageFile):
            height, width = (side * REDUCING for side in (size if _orientation(image) < 5 else size[::-1]))
            image.draft(None, (width, height))
        if dtype == np.uint16 and len(image.getbands()) > 1:
            return _deep_colours(image, source)
        pixels = _decoded(image, None if dtype != np.uint8 else _target_mode(image)).astype(dtype, copy=False)
        check_finite(pixels)
        return pixels


def check_finite(pixels: NDArray[Any]) -> None:
    """Refuse (`UnreadableError`) pixels that are no numbers."""
    if pixels.dtype.kind == "f" and not np.isfinite(pixels).all():
        raise UnreadableError("has pixels that are NaN or infinite: fill them in")


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


def _decoded(image: Image.Image, mode: str | None = None) -> NDArray[Any]:
    """Decode an opened image, upright; in another mode where one is given."""
    image.load()
    turn = _TURNS.get(_orientation(image))
    flat = image.transpose(turn) if turn is not None else image
    return _pixels(flat if mode in (None, flat.mode) else flat.convert(mode))


def _deep_colours(image: ImageFile.ImageFile, source: Path | bytes) -> NDArray[np.uint16]:
    """Decode colours of 16 bits, of which Pillow gives the high bytes; the low ones if told the other byte order."""
    order = _raw_mode(image)
    if order == "LA;16B":  # two bytes of gray and two of alpha look like four colours
        planes = np.moveaxis(_decoded(_as_raw(image, "RGBA")), 2, 0)
        high, low = (np.stack([planes[i], planes[i], planes[i], planes[i + 2]], 2) for i in (0, 1))
    else:
        other = {"B": "L", "L": "B", "N": "B" if sys.byteorder == "little" else "L"}
        high = _decoded(image)
        with _opened(source) as again:
            low = _decoded(_as_raw(again, order[:-1] + other[order[-1]]))
    deep: NDArray[np.uint16] = high.astype(np.uint16) << 8 | low
    return deep


def _as_raw(image: ImageFile.ImageFile, mode: str) -> Image.Image:
    """Have the bytes of an opened image unpacked in another way."""
    told = [(mode, *tile.args[1:]) if isinstance(tile.args, tuple) else mode for tile in image.tile]
    image.tile = [tile._replace(args=args) for tile, args in zip(image.tile, told, strict=True)]
    return image


def _raw_mode(image: ImageFile.ImageFile) -> str:
    """Return how Pillow unpacks the bytes of an opened image, such as ``RGB;16B``; "" where that is not said."""
    args = image.tile[0].args if image.tile else ""
    return str(args if isinstance(args, str) else args[0]) if args else ""


def _pixels(image: Image.Image) -> NDArray[np.uint8]:
    pixels = np.asarray(image)
    return pixels[:, :, None] if pixels.ndim == 2 else pixels


@contextmanager
def _opened(source: Path | bytes) -> Iterator[ImageFile.ImageFile]:
    """Open an image and turn whatever goes wrong with it, while it is used, into `UnreadableError`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # damaged EXIF and the like: the pixels are what counts
        try:
            check_file(source)
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
    if image.mode[0] in "IF":
        return "L"
    if image.mode in {"RGBA", "RGBa", "LA", "La", "PA"} or "transparency" in image.info:
        return "RGBA"
    return "L" if image.mode in {"1", "L"} else "RGB"


def _dtype(image: ImageFile.ImageFile) -> np.dtype[Any]:
    """Return the type of an opened image's pixels, by its header."""
    mode, target = image.mode, _target_mode(image)
    if mode.startswith("I;16") or (mode == "I" and image.format == "PPM"):  # both hold 16 bits
        return np.dtype(np.uint16)
    if ";16" in _raw_mode(image) and target != "L":
        if mode != target:
            raise UnreadableError(f"16-bit pixels (mode {mode}) with a transparent colour or CMYK: save as 8 bits")
        return np.dtype(np.uint16)
    if isinstance(image, TiffImageFile) and mode == "L" and 2 in image.tag_v2.get(_SAMPLE_FORMAT, ()):
        raise UnreadableError("signed 8-bit pixels: save as unsigned or as 16 bits")
    return np.dtype({"1": np.bool_, "I": np.int32, "F": np.float32}.get(mode if target == "L" else "", np.uint8))
