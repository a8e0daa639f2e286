"""Images to look at: inlined into a page as PNG, sharpened by the browser rather than blurred by us; and in a file."""

from __future__ import annotations

import base64
import io
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray
from PIL import Image

from ganaug.errors import DataError

MIN_TILE, MAX_TILE = 16, 64  # pixels of a tile's longer side in a page
GRID_PIXELS = 400  # of a grid's longer side in a page
GAP = 1  # transparent pixels between tiles
TILE_CSS_PX = 56  # about how large one row is shown


@dataclass(frozen=True)
class Picture:
    """A PNG and how many CSS pixels it should be given."""

    png: bytes
    width: int
    height: int

    def img(self, alt: str) -> Markup:
        """The ``<img>`` element with the picture inside it."""
        element = Markup('<img src="data:image/png;base64,{}" alt="{}" class="pixels" width="{}" height="{}">')
        return element.format(base64.b64encode(self.png).decode("ascii"), alt, self.width, self.height)


def sheet(images: NDArray[np.uint8], columns: int, longest: int) -> Picture:
    """Lay images out on a grid, row by row.

    Parameters
    ----------
    images : uint8 array, shape (n, H, W, C) with C in {1, 3, 4} and n > 0
        The images.
    columns : int
        How many stand beside each other.
    longest : int
        Pixels of a tile's longer side at most; larger images are averaged down, which keeps the file small.

    Returns
    -------
    Picture
        ``columns`` tiles wide even where there are fewer, so that sheets beside each other have one scale, with a
        transparent gap between the tiles.
    """
    tiles = [_tile(image, longest) for image in images]
    width, height = tiles[0].size
    rows = -(-len(tiles) // columns)
    canvas = Image.new(tiles[0].mode, (columns * (width + GAP) - GAP, rows * (height + GAP) - GAP))
    for index, tile in enumerate(tiles):
        canvas.paste(tile, (index % columns * (width + GAP), index // columns * (height + GAP)))
    return _picture(canvas, -(-TILE_CSS_PX // max(width, height)))


def stored_picture(path: Path, longest: int) -> Picture:
    """Read a picture from disk and encode it anew, no side longer than ``longest``.

    Raises
    ------
    DataError
        If it cannot be read as an image.
    """
    try:
        with Image.open(path) as image:
            picture = image.convert("RGBA")
    except OSError as error:
        raise DataError(f"{path} cannot be read as an image; run the train_gan stage again") from error
    picture.thumbnail((longest, longest), Image.Resampling.BOX)
    red, green, blue, _ = picture.split()
    gray = red == green == blue
    small = picture.convert("LA") if gray else picture.quantize(256, method=Image.Quantize.FASTOCTREE)  # a third of it
    return _picture(small, max(1, longest // max(picture.size)))


def _tile(image: NDArray[np.uint8], longest: int) -> Image.Image:
    tile = Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image)
    tile.thumbnail((longest, longest), Image.Resampling.BOX)
    return tile.convert("LA" if image.shape[-1] == 1 else "RGBA")


def _picture(image: Image.Image, scale: int) -> Picture:
    buffer = io.BytesIO()
    image.save(buffer, format="PNG", optimize=True)
    return Picture(buffer.getvalue(), image.width * scale, image.height * scale)


def preview_bytes(shape: tuple[int, int, int]) -> int:
    """Return the bytes, before compression, that show an image of (height, width, channels) well."""
    height, width, channels = shape
    return min(MAX_TILE // 2, max(height, width)) ** 2 * channels


def preview(images: NDArray[np.uint8], alt: str, columns: int, budget: int) -> Markup:
    """Return images (n, H, W, C) side by side, with about so many bytes for each before compression."""
    side = max(MIN_TILE, min(MAX_TILE, math.isqrt(budget // images.shape[3])))
    return sheet(images, columns, side).img(alt)


def show_grid(path: Path, alt: str) -> Markup:
    """Return a picture that `save_grid` wrote; `DataError` where it is none."""
    return stored_picture(path, GRID_PIXELS).img(alt)


def picture_grid(images: NDArray[np.uint8], columns: int, gap: int = 2) -> Image.Image:
    """Lay images (n, H, W, C) out in rows of so many columns, on a light ground, as one picture."""
    grid = _grid(images, columns, gap)
    return Image.alpha_composite(Image.new("RGBA", grid.size, (244, 244, 244, 255)), grid).convert("RGB")


def _grid(images: NDArray[np.uint8], columns: int, gap: int = 2) -> Image.Image:
    """Lay images out on a transparent ground."""
    n, height, width, channels = images.shape
    rows = -(-n // columns)
    sheet = Image.new("RGBA", (columns * (width + gap) - gap, rows * (height + gap) - gap))
    for i, image in enumerate(images):
        tile = Image.fromarray(image[..., 0] if channels == 1 else image).convert("RGBA")
        sheet.paste(tile, (i % columns * (width + gap), i // columns * (height + gap)))
    return sheet


def save_grid(images: NDArray[np.uint8], path: Path, columns: int) -> Path:
    """Write images (n, H, W, C) as one PNG, ``columns`` of them side by side with clear gaps; return its path."""
    picture = path.with_suffix(".png")
    _grid(images, columns).save(picture)
    return picture
