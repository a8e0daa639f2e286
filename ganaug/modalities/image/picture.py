"""A picture of some images of each class, one class a row, its name on the left."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from ganaug.errors import DataError
from ganaug.modalities.image.preview import picture_grid
from ganaug.utils.files import atomic_path

TILE = 64  # pixels that a tile's longer side is enlarged to, by a whole factor
MARGIN = 8
GROUND, INK = (244, 244, 244), (30, 30, 30)
LONGEST = 24  # characters of a name


def draw(path: Path, strips: Sequence[tuple[str, NDArray[np.uint8]]]) -> None:
    """Write the picture as PNG.

    Parameters
    ----------
    path : Path
        Where to; its name ends in .png.
    strips : sequence of (str, uint8 array (n, H, W, C))
        Names of classes, and images of each.

    Raises
    ------
    DataError
        The name does not end in .png.
    """
    if path.suffix.lower() != ".png":
        raise DataError(f"{path} is no PNG: let the picture's name end in .png")
    font = ImageFont.load_default(14)
    names = [name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…" for name, _ in strips]
    rows = [_enlarged(picture_grid(images, len(images))) for _, images in strips]
    left = 2 * MARGIN + round(max(font.getlength(name) for name in names))
    step = rows[0].height + MARGIN
    sheet = Image.new("RGB", (left + max(row.width for row in rows) + MARGIN, step * len(rows) + MARGIN), GROUND)
    pen = ImageDraw.Draw(sheet)
    for i, (name, row) in enumerate(zip(names, rows, strict=True)):
        top = MARGIN + i * step
        pen.text((MARGIN, top + row.height / 2), name, INK, font, anchor="lm")
        sheet.paste(row, (left, top))
    with atomic_path(path) as temporary:
        sheet.save(temporary, "PNG")


def _enlarged(row: Image.Image) -> Image.Image:
    factor = max(1, round(TILE / row.height))
    return row.resize((row.width * factor, row.height * factor), Image.Resampling.NEAREST)
