"""Draw docs/real_vs_synthetic.png from a finished run: per class eight real rows, then eight synthetic rows as kept.

python benchmarks/readme_picture.py [DRAW]
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from ganaug.data.rows import read_rows, read_table
from ganaug.modalities.image.pixels import picture_grid

COLUMNS, SCALE, GAP = 8, 2, 2


def main() -> None:
    draw = sys.argv[1] if len(sys.argv) > 1 else "0"
    real = read_rows(f"data/splits/{draw}/train.parquet")
    synthetic = read_rows(f"data/synthetic/{draw}.parquet")
    synthetic = synthetic.take(read_table(f"data/synthetic/{draw}.parquet", ["kept"])["kept"].to_numpy())
    grids = []
    for rows in (real, synthetic):
        first = [np.flatnonzero(rows.labels == code)[:COLUMNS] for code in range(len(rows.schema.classes))]
        grids.append(picture_grid(rows.images[np.concatenate(first)], COLUMNS, GAP))
    width, height = (SCALE * side for side in grids[0].size)
    margin, head, between = 90, 24, 24
    sheet = Image.new("RGB", (margin + 2 * width + between, head + height), "white")
    pen = ImageDraw.Draw(sheet)
    for i, (grid, title) in enumerate(zip(grids, ("real", "synthetic, as kept"), strict=True)):
        left = margin + i * (width + between)
        pen.text((left, 6), title, fill="black", font_size=14)
        sheet.paste(grid.resize((width, height), Image.Resampling.NEAREST), (left, head))
    step = SCALE * (real.schema.height + GAP)
    for code, name in enumerate(real.schema.classes):
        pen.text((0, head + code * step + step // 2 - 8), name, fill="black", font_size=13)
    Path("docs").mkdir(exist_ok=True)
    sheet.save("docs/real_vs_synthetic.png", optimize=True)


if __name__ == "__main__":
    main()
