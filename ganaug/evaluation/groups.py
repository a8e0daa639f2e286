"""What arms are worth by group: on the worst one, in cells that are empty in training, on groups never seen.

A cell is a class in a group. One that has no training row, of a group that has some of other classes, is where rows in
the style of the group should help; a group without any training row shows how far that carries.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ganaug.data.cells import Cells
from ganaug.data.rows import read_schema, read_table
from ganaug.errors import DataError
from ganaug.evaluation.stats.design import Design
from ganaug.evaluation.stats.estimate import Estimate
from ganaug.evaluation.stats.looks import ALPHA
from ganaug.evaluation.stats.paired import ByClass, estimate_rows
from ganaug.modalities.rarity import FEW

Values = NDArray[np.float64]
Mask = NDArray[np.bool_]
PLACES = ("empty_cells", "unseen_groups")
WORST = "worst_group"
LISTED = 20  # cells that are told one by one


class HeldOut(NamedTuple):
    """The test rows (n) of a repeat, sorted by class as results have them, and how training rows stand to them."""

    labels: NDArray[np.int64]
    groups: NDArray[np.object_]  # missing for a row of none
    empty_cells: Mask  # of a cell without a training row, in a group that has some
    unseen_groups: Mask  # of a group without a training row


def read_held_out(folder: Path) -> HeldOut:
    """Read the groups of a repeat's test rows from the folder of its splits."""
    train, test = (read_table(folder / f"{part}.parquet", ["label", "group"]) for part in ("train", "test"))
    test = test.sort_values("label", kind="stable")
    (labels, groups), (known, theirs) = (
        (table["label"].to_numpy(np.int64), table["group"].to_numpy(object)) for table in (test, train)
    )
    cells = Cells.of(read_schema(folder / "train.parquet").classes, known, theirs)
    place = cells.find(labels, groups)
    counts = np.append(cells.counts.ravel(), 1)  # the last one for rows of no cell
    return HeldOut(labels, groups, counts[place] == 0, (place < 0) & ~pd.isna(groups))


def by_group(
    right: Mapping[str, ByClass],
    held_out: Sequence[HeldOut],
    design: Design,
    classes: Sequence[str],
    contrast: tuple[str, str] | None = None,
) -> dict[str, Any] | None:
    """Return accuracies of arms by group, see docs/metrics.md; None where no test row has a group.

    Where repeats share their test rows, a cell or group counts as empty or unseen if it is so in all of them.

    Parameters
    ----------
    right : mapping
        For each arm which test rows it got right, see `ganaug.evaluation.results.correct_rows`.
    held_out : sequence of HeldOut
        Of each repeat.
    design : Design
        How the repeats depend on one another.
    contrast : pair of str, optional
        The candidate and the reference.
    classes : sequence of str
        Names of the labels.

    Raises
    ------
    DataError
        The results are of other test rows.
    """
    if all(pd.isna(rows.groups).all() for rows in held_out):
        return None
    together = {arm: [np.concatenate(rows) for rows in zip(*of_class, strict=True)] for arm, of_class in right.items()}
    for arm, rows in together.items():
        if list(map(len, rows)) != [len(each.groups) for each in held_out]:
            raise DataError(f"the results of the arm {arm} are of other test rows; run the evaluation again")
    masks = {place: _masks([getattr(rows, place) for rows in held_out], design) for place in PLACES}
    groups = pd.Series(np.concatenate([rows.groups for rows in held_out]))
    enough = FEW * (len(held_out) if design.shared_test else 1)
    worst = {arm: _worst(np.concatenate(rows), groups, enough) for arm, rows in together.items()}
    return {
        "groups": groups.nunique(),
        "rows": {place: _distinct(masks[place], design) for place in PLACES},
        "per_arm": {
            arm: {
                "worst": worst[arm][0],
                WORST: worst[arm][1],
                **{place: _mean(_where(rows, masks[place])) for place in PLACES},
            }
            for arm, rows in together.items()
        },
        "difference": contrast and _differences(together, worst, masks, design, *contrast),
        "cells": contrast and _cells(together, held_out, masks["empty_cells"], design, classes, *contrast),
    }


def _differences(
    right: Mapping[str, Sequence[Values]],
    worst: Mapping[str, tuple[str | None, float | None]],
    masks: Mapping[str, Sequence[Mask]],
    design: Design,
    candidate: str,
    reference: str,
) -> dict[str, Any]:
    """Candidate minus reference; the worst groups may be two, of which no interval is known."""
    ours, theirs = worst[candidate][1], worst[reference][1]
    found = {WORST: None if ours is None or theirs is None else Estimate(ours - theirs, None, len(right[candidate]))}
    change = [a - b for a, b in zip(right[candidate], right[reference], strict=True)]
    for place in PLACES:
        rows = _where(change, masks[place])
        found[place] = estimate_rows([rows], design, stated=ALPHA) if rows else None
    return {
        name: each and {"difference": each.mean, "low": each.low, "high": each.high} for name, each in found.items()
    }


def _cells(
    right: Mapping[str, Sequence[Values]],
    held_out: Sequence[HeldOut],
    empty: Sequence[Mask],
    design: Design,
    classes: Sequence[str],
    candidate: str,
    reference: str,
) -> list[dict[str, Any]]:
    """Candidate and reference in each cell that is empty in training, those of most test rows first."""
    cells = [
        pd.Series([*zip(rows.labels.tolist(), rows.groups, strict=True)]).where(mask)
        for rows, mask in zip(held_out, empty, strict=True)
    ]
    found = []
    for label, group in pd.concat(cells).value_counts(sort=True).index[:LISTED]:
        masks = [np.array([cell == (label, group) for cell in each]) for each in cells]
        ours, theirs = (_where(right[arm], masks) for arm in (candidate, reference))
        change = estimate_rows([[a - b for a, b in zip(ours, theirs, strict=True)]], design, stated=ALPHA)
        found.append(
            {
                "class": classes[label],
                "group": str(group),
                "rows": _distinct(masks, design),
                "candidate": _mean(ours),
                "reference": _mean(theirs),
                "difference": change.mean,
                "low": change.low,
                "high": change.high,
            }
        )
    return found


def _masks(masks: Sequence[Mask], design: Design) -> list[Mask]:
    return [np.logical_and.reduce(masks)] * len(masks) if design.shared_test else list(masks)


def _distinct(masks: Sequence[Mask], design: Design) -> int:
    """Count the rows that are marked, those that repeats share once."""
    return int(masks[0].sum() if design.shared_test else sum(mask.sum() for mask in masks))


def _where(rows: Sequence[Values], masks: Sequence[Mask]) -> list[Values]:
    """Return the marked rows of those repeats that have some."""
    return [values[mask] for values, mask in zip(rows, masks, strict=True) if mask.any()]


def _mean(rows: Sequence[Values]) -> float | None:
    return float(np.mean([values.mean() for values in rows])) if rows else None


def _worst(right: Values, groups: pd.Series[Any], enough: int) -> tuple[str | None, float | None]:
    """Return the group of the least accuracy, and that, among those with test rows enough."""
    found = pd.Series(right).groupby(groups).agg(["size", "mean"])
    found = found[found["size"] >= enough]
    if found.empty:
        return None, None
    return str(found["mean"].idxmin()), float(found["mean"].min())
