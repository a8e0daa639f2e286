"""The section on rare classes: their rows, accuracy without and with synthetic rows, and what rows were made of."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganaug.data.rows import read_table
from ganaug.modalities.rarity import rare_classes
from ganaug.report.gallery import COLUMNS, strip
from ganaug.report.numbers import change
from ganaug.report.run import Repeat, Run

CARDS = 20  # classes that are shown
LINES = 2  # of tiles beside each other, for each kind of rows
PAGE_BYTES = 400_000  # that all these samples together may take


def training_rows(run: Run) -> NDArray[np.int64]:
    """Return the training rows of each class (K,) in the first repeat."""
    return np.bincount(run.repeats[0].labels, minlength=len(run.schema.classes))


def rare_section(run: Run, summary: dict[str, Any]) -> dict[str, Any] | None:
    """Rare classes, those of fewest rows first; None where there are none.

    Of a translating generator, which makes rows of others: training rows of the class, versions that were made of them,
    and test rows beside these.
    """
    counts, repeat = training_rows(run), run.repeats[0]
    rare = np.flatnonzero(rare_classes(counts))
    if not len(rare):
        return None
    rare = rare[np.argsort(counts[rare], kind="stable")]
    found = {each["class"]: each for each in summary.get("per_class", [])}
    arms = _arms(summary)
    names = [run.schema.classes[code] for code in rare]
    budget = PAGE_BYTES // (min(len(rare), CARDS) * 3 * LINES * COLUMNS)
    return {
        "most": int(counts.max()),
        "repeat": repeat.number,
        "head": ["class", "training rows", *arms],
        "rows": [
            [name, f"{counts[code]:,}", *(_accuracies(found.get(name)) if arms else [])]
            for code, name in zip(rare, names, strict=True)
        ],
        "cards": [_card(run, repeat, int(code), budget) for code in rare[:CARDS]] if repeat.translated else [],
    }


def _arms(summary: dict[str, Any]) -> list[str]:
    if not summary.get("candidate"):
        return []
    return [f"{summary['reference']}, %", f"{summary['candidate']}, %", "difference, points"]


def _accuracies(found: dict[str, Any] | None) -> list[str]:
    """What the reference and the candidate get right of a class, and the difference; dashes where no row is tested."""
    if found is None:
        return ["-"] * 3
    return [*(f"{100 * found[arm]:.1f}" for arm in ("reference", "candidate")), change(found)]


def _card(run: Run, repeat: Repeat, code: int, budget: int) -> dict[str, Any]:
    name, most = run.schema.classes[code], min(LINES * COLUMNS, run.schema.modality.shown)
    candidates = repeat.candidates
    kept = candidates.index[(candidates["label"] == code) & candidates["kept"]]
    test = repeat.train.with_name("test.parquet")

    shown: dict[str, tuple[Path, Sequence[int], str]] = {
        "contents": (repeat.train, np.flatnonzero(repeat.labels == code)[:most].tolist(), "Training rows"),
        "versions": (repeat.synthetic, kept[:most].tolist(), "Versions of training rows"),
        "others": (test, _others(repeat, code)[:most].tolist(), "Test rows"),
    }
    return {
        "name": name,
        **{part: strip(run, path, rows, f"{alt} of class {name}", budget) for part, (path, rows, alt) in shown.items()},
    }


def _others(repeat: Repeat, code: int) -> NDArray[np.int64]:
    """Return the positions of the test rows of a class, those of groups that its training rows are not of first."""
    train, test = (
        read_table(repeat.train.with_name(f"{part}.parquet"), ["label", "group"]) for part in ("train", "test")
    )
    of_class = test[test["label"] == code]
    known = of_class["group"].isin(train.loc[train["label"] == code, "group"].dropna())
    found: NDArray[np.int64] = of_class.index.to_numpy(np.int64)[np.argsort(known.to_numpy(), kind="stable")]
    return found
