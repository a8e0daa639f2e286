"""Where samples are shown: the section on every class, and the closest pairs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from markupsafe import Markup

from ganaug.report.run import Repeat, Run
from ganaug.utils.samples import concat

COLUMNS = 5  # tiles beside each other
LINES = 4  # of tiles for a class, fewer where there are many classes
PAIRS = 12
PAGE_BYTES = 1_400_000  # that all these samples together may take
PAIR_BYTES = 4 * 64 * 64  # of each of a pair


def classes_section(run: Run) -> dict[str, Any]:
    """Real, kept and dropped rows of the first repeat, class by class, in file order."""
    repeat, schema = run.repeats[0], run.schema
    lines, budget = _layout(run)
    most = min(lines * COLUMNS, schema.modality.shown)

    cards = []
    for code, name in enumerate(schema.classes):
        rows = _choose(run, repeat, code, most)
        card = {
            "name": name,
            "summary": rows.summary,
            "real": strip(run, repeat.train, rows.real, f"Real rows of class {name}", budget),
            "kept": strip(run, repeat.synthetic, rows.kept, f"Kept synthetic rows of class {name}", budget),
            "dropped": [
                (words, count, strip(run, repeat.synthetic, some, f"Dropped rows of class {name}, {words}", budget))
                for words, (count, some) in rows.dropped.items()
            ],
        }
        cards.append(card)
    return {"repeat": repeat.number, "cards": cards}


def strip(run: Run, path: Path, rows: Sequence[int], alt: str, budget: int) -> Markup | None:
    """Show some rows of a file side by side; None where there are none."""
    if not rows:
        return None
    samples = run.rows.samples(path, list(rows))
    return run.schema.modality.preview(samples, run.schema.spec, alt, COLUMNS, budget)


def closest_pairs(run: Run) -> dict[str, Any] | None:
    """The kept rows that come closest to a training row, over all repeats; None where nothing was kept."""
    tables = [
        repeat.candidates.assign(repeat=at, row=range(len(repeat.candidates))) for at, repeat in enumerate(run.repeats)
    ]
    kept = pd.concat([table[table["kept"]] for table in tables], ignore_index=True)
    if kept.empty:
        return None
    closest = kept.nsmallest(PAIRS, "nearest_distance", keep="first")
    pairs = [_pair(run, run.repeats[int(pair["repeat"])], pair) for _, pair in closest.iterrows()]
    return {"kept": len(kept), "closest": pairs}


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


def _pair(run: Run, repeat: Repeat, pair: pd.Series[Any]) -> dict[str, Any]:
    name = run.schema.classes[int(pair["label"])]
    row, neighbour = int(pair["row"]), int(np.flatnonzero(repeat.ids == pair["nearest_id"])[0])
    both = concat([run.rows.samples(repeat.synthetic, [row]), run.rows.samples(repeat.train, [neighbour])])
    distance = f"{pair['nearest_distance']:.3f}"
    alt = f"A synthetic row of class {name} beside its nearest training row, difference {distance}"
    shown = run.schema.modality.preview(both, run.schema.spec, alt, 2, PAIR_BYTES)
    return {"name": name, "shown": shown, "distance": distance, "repeat": repeat.number}
