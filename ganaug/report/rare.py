"""The section on rare classes: accuracy without and with synthetic rows, what common classes pay, and what was made of
which row."""

from __future__ import annotations

from typing import Any

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from ganaug.data.rows import read_table
from ganaug.evaluation.results import Results
from ganaug.modalities.rarity import rare_classes
from ganaug.report.gallery import COLUMNS, strip
from ganaug.report.numbers import change
from ganaug.report.run import Repeat, Run
from ganaug.report.svg import Line, Point, TradePlot
from ganaug.utils.samples import concat

CARDS = 20  # classes that are shown
LINES = 2  # of tiles beside each other, for each kind of rows
CONTENTS = 3  # training rows of a class that are shown with their versions
PAGE_BYTES = 400_000  # that all these samples together may take


def training_rows(run: Run) -> NDArray[np.int64]:
    """Return the training rows of each class (K,) in the first repeat."""
    return np.bincount(run.repeats[0].labels, minlength=len(run.schema.classes))


def rare_section(run: Run, results: Results, summary: dict[str, Any]) -> dict[str, Any] | None:
    """Rare classes, those of fewest rows first; None where there are none.

    Of a translating generator, which makes rows of others: training rows of the class, each with the versions that were
    made of it, and test rows beside these.
    """
    counts, repeat = training_rows(run), run.repeats[0]
    rare = np.flatnonzero(rare_classes(counts))
    if not len(rare):
        return None
    rare = rare[np.argsort(counts[rare], kind="stable")]
    found = {each["class"]: each for each in summary.get("per_class", [])}
    arms = _arms(summary)
    names = [run.schema.classes[code] for code in rare]
    budget = PAGE_BYTES // (min(len(rare), CARDS) * (CONTENTS + LINES) * COLUMNS)
    return {
        "most": int(counts.max()),
        "repeat": repeat.number,
        "head": ["class", "training rows", *arms],
        "rows": [
            [name, f"{counts[code]:,}", *(_accuracies(found.get(name)) if arms else [])]
            for code, name in zip(rare, names, strict=True)
        ],
        "trade": _trade(results, summary) if arms else None,
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


def _trade(results: Results, summary: dict[str, Any]) -> dict[str, Any] | None:
    """What the reference and the candidate get right of rare and of common classes; None where these are not tested."""
    arms = {"real": summary["reference"], "synthetic": summary["candidate"]}
    curves, words = [], []
    for tone, arm in arms.items():
        found = [result["trade"] for result in results[arm] if result.get("trade")]
        if not found:
            return None
        common, rare = (100 * np.mean([each[kind] for each in found], axis=0) for kind in ("common", "rare"))
        curves.append((Line(tone, common[1:], rare[1:]), Point(common[0], rare[0])))
        words.append(f"{arm} {rare[0]:.1f} % of rare and {common[0]:.1f} % of common classes")
    return {"plot": TradePlot(curves, lambda value: f"{value:g} %"), "key": arms, "described": "; ".join(words)}


def _card(run: Run, repeat: Repeat, code: int, budget: int) -> dict[str, Any]:
    name, most = run.schema.classes[code], min(LINES * COLUMNS, run.schema.modality.shown)
    contents = np.flatnonzero(repeat.labels == code)[:CONTENTS]
    each = max(COLUMNS, most // max(len(contents), 1) // COLUMNS * COLUMNS)  # tiles of a row and its versions
    test = repeat.train.with_name("test.parquet")
    return {
        "name": name,
        "versions": [_versions(run, repeat, int(row), each - 1, name, budget) for row in contents],
        "others": strip(run, test, _others(repeat, code)[:most].tolist(), f"Test rows of class {name}", budget),
    }


def _versions(run: Run, repeat: Repeat, row: int, most: int, name: str, budget: int) -> tuple[Markup, int]:
    """Show a training row and then versions of it that were kept; and say how many were."""
    candidates = repeat.candidates
    kept = candidates.index[(candidates["version_of"] == repeat.ids[row]) & candidates["kept"]]
    both = [run.rows.samples(repeat.train, [row])]
    if len(kept):
        both.append(run.rows.samples(repeat.synthetic, kept[:most].tolist()))
    alt = f"A training row of class {name}, then versions of it"
    return run.schema.modality.preview(concat(both), run.schema.spec, alt, COLUMNS, budget), len(kept)


def _others(repeat: Repeat, code: int) -> NDArray[np.int64]:
    """Return the positions of the test rows of a class, those of groups that its training rows are not of first."""
    train, test = (
        read_table(repeat.train.with_name(f"{part}.parquet"), ["label", "group"]) for part in ("train", "test")
    )
    of_class = test[test["label"] == code]
    known = of_class["group"].isin(train.loc[train["label"] == code, "group"].dropna())
    found: NDArray[np.int64] = of_class.index.to_numpy(np.int64)[np.argsort(known.to_numpy(), kind="stable")]
    return found
