"""Where samples are shown: the section on every class, and the closest pairs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ganaug.report.run import Repeat, Run
from ganaug.utils.markup import Html, element, fragment, named
from ganaug.utils.samples import concat

COLUMNS = 5  # tiles beside each other
LINES = 4  # of tiles for a class, fewer where there are many classes
PAIRS = 12
PAGE_BYTES = 1_400_000  # that all these samples together may take
PAIR_BYTES = 4 * 64 * 64  # of each of a pair


def classes_section(run: Run) -> Html:
    """Real, kept and dropped rows of the first repeat, class by class, in file order."""
    repeat = run.repeats[0]
    lines, budget = _layout(run)
    chosen = [
        _choose(run, repeat, code, min(lines * COLUMNS, run.schema.modality.shown))
        for code in range(len(run.schema.classes))
    ]
    schema = run.schema

    def strip(path: Path, rows: list[int], caption: str, alt: str) -> Html:
        if not rows:
            return element("figure", element("figcaption", f"{caption}: none"))
        shown = schema.modality.preview(run.rows.samples(path, rows), schema.spec, alt, COLUMNS, budget)
        return element("figure", element("figcaption", caption), shown)

    cards = []
    for name, rows in zip(run.schema.classes, chosen, strict=True):
        dropped = [
            strip(repeat.synthetic, some, f"Dropped, {words}: {count:,}", f"Dropped rows of class {name}, {words}")
            for words, (count, some) in rows.dropped.items()
        ]
        card = (
            element("h3", named(name), element("small", rows.summary)),
            strip(repeat.train, rows.real, "Real", f"Real rows of class {name}"),
            strip(repeat.synthetic, rows.kept, "Synthetic, kept", f"Kept synthetic rows of class {name}"),
            element("div", *(dropped or [strip(repeat.synthetic, [], "Dropped", "")])),
        )
        cards.append(element("div", *card, class_="class"))
    return fragment(
        element("h2", "Real and synthetic rows, class by class"),
        element(
            "p",
            f"Repeat {repeat.number}: the first rows of each class in file order, none picked by eye. "
            "Real rows are the training rows that the GAN saw; dropped rows stand with their defect.",
        ),
        *cards,
    )


def closest_pairs(run: Run) -> Html | None:
    """The kept rows that come closest to a training row, over all repeats; None where nothing was kept."""
    tables = [
        repeat.candidates.assign(repeat=at, row=range(len(repeat.candidates))) for at, repeat in enumerate(run.repeats)
    ]
    kept = pd.concat([table[table["kept"]] for table in tables], ignore_index=True)
    if kept.empty:
        return None
    closest = kept.nsmallest(PAIRS, "nearest_distance", keep="first")
    items = [_pair(run, run.repeats[int(pair["repeat"])], pair) for _, pair in closest.iterrows()]
    return fragment(
        element("h3", "The closest pairs"),
        element(
            "p",
            f"Of {len(kept):,} kept rows in all repeats, the {len(items)} nearest to a training row: the synthetic row "
            "left, its nearest training row right, and their root-mean-square difference (0: the same, about 1: as "
            "far as can be). This is a copying diagnostic, no measure of privacy.",
        ),
        element("ul", *items, class_="pairs"),
    )


@dataclass(frozen=True)
class _Chosen:
    """The positions of the rows of one class that are shown."""

    summary: str
    real: list[int]
    kept: list[int]
    dropped: dict[str, tuple[int, list[int]]]  # words for the reason -> how many, some of them


def _choose(run: Run, repeat: Repeat, code: int, most: int) -> _Chosen:
    of_class = repeat.candidates[repeat.candidates["label"] == code]
    real = np.flatnonzero(repeat.labels == code)
    kept = of_class.index[of_class["kept"]]
    dropped = {}
    for reason, words in run.reasons.items():
        rows = of_class.index[of_class["reason"] == reason]
        if len(rows):
            dropped[words] = (len(rows), rows[: min(most, COLUMNS)].tolist())
    summary = f"{len(real):,} real; {len(of_class):,} candidates, {len(kept):,} kept"
    return _Chosen(summary, real[:most].tolist(), kept[:most].tolist(), dropped)


def _layout(run: Run) -> tuple[int, int]:
    """How many lines of samples a class gets and how many bytes each of them, so that the page stays small."""
    wanted = run.schema.modality.preview_bytes(run.schema.spec)
    for lines in range(LINES, 0, -1):
        budget = PAGE_BYTES // (len(run.schema.classes) * COLUMNS * (2 * lines + len(run.reasons)))
        if budget >= wanted:
            break
    return lines, budget


def _pair(run: Run, repeat: Repeat, pair: pd.Series[Any]) -> Html:
    name = run.schema.classes[int(pair["label"])]
    row, neighbour = int(pair["row"]), int(np.flatnonzero(repeat.ids == pair["nearest_id"])[0])
    modality, spec = run.schema.modality, run.schema.spec
    both = concat([run.rows.samples(repeat.synthetic, [row]), run.rows.samples(repeat.train, [neighbour])])
    distance = f"{pair['nearest_distance']:.3f}"
    alt = f"A synthetic row of class {name} beside its nearest training row, difference {distance}"
    return element(
        "li",
        modality.preview(both, spec, alt, 2, PAIR_BYTES),
        element("div", named(name)),
        f"{distance}, repeat {repeat.number}",
    )
