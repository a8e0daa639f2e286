"""Draw docs/real_vs_synthetic.png from a finished run: of each class and repeat the first real and kept synthetic rows.

python benchmarks/readme_picture.py
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from ganaug.config import load_params
from ganaug.data.rows import Rows, read_rows, read_table
from ganaug.modalities.image.preview import picture_grid

EACH, SCALE, GAP = 4, 2, 2
MARGIN, HEAD, BETWEEN = 90, 24, 24


def main() -> None:
    real, synthetic = [], []
    for repeat in load_params().repeats:
        real.append(read_rows(f"data/splits/{repeat}/train.parquet"))
        path = f"data/synthetic/{repeat}.parquet"
        synthetic.append(read_rows(path).take(read_table(path, ["kept"])["kept"].to_numpy()))
    grids = [side_by_side(parts) for parts in (real, synthetic)]
    width, height = (SCALE * side for side in grids[0].size)
    sheet = Image.new("RGB", (MARGIN + 2 * width + BETWEEN, HEAD + height), "white")
    pen = ImageDraw.Draw(sheet)
    for i, (grid, title) in enumerate(zip(grids, ("real training rows", "synthetic rows, as kept"), strict=True)):
        left = MARGIN + i * (width + BETWEEN)
        pen.text((left, 4), f"{title}: the first {EACH} of each of {len(real)} repeats", fill="black", font_size=15)
        sheet.paste(grid.resize((width, height), Image.Resampling.NEAREST), (left, HEAD))
    schema = real[0].schema
    step = SCALE * (schema.spec.height + GAP)
    for code, name in enumerate(schema.classes):
        pen.text((0, HEAD + code * step + step // 2 - 8), name, fill="black", font_size=13)
    Path("docs").mkdir(exist_ok=True)
    sheet.quantize(64, dither=Image.Dither.NONE).save("docs/real_vs_synthetic.png", optimize=True)


def side_by_side(parts: list[Rows]) -> Image.Image:
    """Lay out one line for each class: the first rows of every repeat, repeat by repeat."""
    classes = range(len(parts[0].schema.classes))
    tiles = [rows.samples[np.flatnonzero(rows.labels == code)[:EACH]] for code in classes for rows in parts]
    return picture_grid(np.concatenate(tiles), EACH * len(parts), GAP)


if __name__ == "__main__":
    main()
