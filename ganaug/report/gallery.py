"""The sections made of pictures: every class, and the closest pairs."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ganaug.report.markup import Html, element, fragment, named
from ganaug.report.pictures import sheet
from ganaug.report.run import Draw, Run, images

COLUMNS = 5  # tiles beside each other
LINES = 4  # of tiles for a class, fewer where there are many classes
PAIRS = 12
PIXEL_BYTES = 1_400_000  # in all the class pictures together, before compression
MIN_TILE, MAX_TILE = 16, 64  # pixels of a tile's longer side


def classes_section(run: Run) -> Html:
    """Real, kept and dropped rows of the first draw, class by class, in file order."""
    draw = run.draws[0]
    cards = [_class_card(run, draw, code, name) for code, name in enumerate(run.schema.classes)]
    return fragment(
        element("h2", "Real and synthetic rows, class by class"),
        element(
            "p",
            f"Draw {draw.number}: the first rows of each class in file order, none picked by eye. "
            "Real rows are the training rows that the GAN saw; dropped rows stand with their defect.",
        ),
        *cards,
    )


def pairs_section(run: Run) -> Html | None:
    """The kept rows that come closest to a training row, over all draws; None where nothing was kept."""
    tables = [draw.candidates.assign(draw=at, row=range(len(draw.candidates))) for at, draw in enumerate(run.draws)]
    kept = pd.concat([table[table["kept"]] for table in tables], ignore_index=True)
    if kept.empty:
        return None
    closest = kept.nsmallest(PAIRS, "nearest_distance", keep="first")
    items = [_pair(run, run.draws[int(pair["draw"])], pair) for _, pair in closest.iterrows()]
    return fragment(
        element("h2", "The closest pairs"),
        element(
            "p",
            f"Of {len(kept):,} kept rows in all draws, the {len(items)} nearest to a training row: the synthetic row "
            "left, its nearest training row right, and their root-mean-square pixel difference (0: the same picture, "
            "1: black against white). This is a copying diagnostic, no measure of privacy.",
        ),
        element("ul", *items, class_="pairs"),
    )


def _class_card(run: Run, draw: Draw, code: int, name: str) -> Html:
    lines, side = _layout(run)
    shown = lines * COLUMNS
    of_class = draw.candidates["label"].to_numpy() == code
    real = np.flatnonzero(draw.labels == code)
    kept = np.flatnonzero(of_class & draw.candidates["kept"].to_numpy())
    summary = f"{len(real):,} real; {int(of_class.sum()):,} candidates, {len(kept):,} kept"
    return element(
        "div",
        element("h3", named(name), element("small", summary)),
        _strip(draw.train, real[:shown], side, "Real", f"Real rows of class {name}"),
        _strip(draw.synthetic, kept[:shown], side, "Synthetic, kept", f"Kept synthetic rows of class {name}"),
        _dropped(run, draw, of_class, side, name),
        class_="class",
    )


def _dropped(run: Run, draw: Draw, of_class: NDArray[np.bool_], side: int, name: str) -> Html:
    """The first rows of a class that selection dropped, a strip for each reason."""
    reasons = draw.candidates["reason"].to_numpy()
    strips = []
    for reason, words in run.reasons.items():
        rows = np.flatnonzero(of_class & (reasons == reason))
        if len(rows):
            caption, alt = f"Dropped, {words}: {len(rows):,}", f"Dropped rows of class {name}, {words}"
            strips.append(_strip(draw.synthetic, rows[:COLUMNS], side, caption, alt))
    nothing = element("figure", element("figcaption", "Dropped: none"))
    return element("div", *(strips or [nothing]))


def _strip(path: Path, rows: NDArray[np.int64], side: int, caption: str, alt: str) -> Html:
    if not len(rows):
        return element("figure", element("figcaption", f"{caption}: none"))
    picture = sheet(images(path, rows.tolist()), COLUMNS, side)
    return element("figure", element("figcaption", caption), picture.img(alt))


def _layout(run: Run) -> tuple[int, int]:
    """How many lines of tiles a class gets and how large a tile is stored, so that the page stays small."""
    height, width, channels = run.schema.shape
    for lines in range(LINES, 0, -1):
        tiles = len(run.schema.classes) * COLUMNS * (2 * lines + len(run.reasons))
        side = min(MAX_TILE, math.isqrt(PIXEL_BYTES // (tiles * channels)))
        if side >= min(MAX_TILE // 2, max(height, width)):
            break
    return lines, max(side, MIN_TILE)


def _pair(run: Run, draw: Draw, pair: pd.Series[Any]) -> Html:
    name = run.schema.classes[int(pair["label"])]
    neighbour = int(np.flatnonzero(draw.ids == pair["nearest_id"])[0])
    both = np.concatenate([images(draw.synthetic, [int(pair["row"])]), images(draw.train, [neighbour])])
    distance = f"{pair['nearest_distance']:.3f}"
    picture = sheet(both, 2, MAX_TILE)
    alt = f"A synthetic row of class {name} beside its nearest training row, difference {distance}"
    return element("li", picture.img(alt), element("div", named(name)), f"{distance}, draw {draw.number}")
