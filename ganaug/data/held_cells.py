"""Cells (a class in a group) that are held out of training whole, so that a run shows what rows of them are worth."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ganaug.errors import DataError, option

Indices = NDArray[np.int64]

SHARE = 0.1  # of the cells, for each part


def hold_out(
    labels: Indices, groups: Indices, units: Indices, parts: Sequence[str], rng: np.random.Generator
) -> dict[str, Indices]:
    """Choose cells at random for each part, a tenth of them, and return their rows.

    A class keeps half of its rows at least, and a group half of its cells: it takes other rows of both to make rows of
    a cell. Units stay whole: what shares one with a row that is held out goes along.

    Parameters
    ----------
    labels, groups, units : int array (n,)
        Class, group (-1: none) and unit, see `ganaug.data.splits.make_splits`, of each row.
    parts : sequence of str
        What to hold cells out for, those that a unit in two of them goes to first.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    dict of str to int array
        Positions of rows, ascending, of each part.

    Raises
    ------
    DataError
        If no cell can be held out.
    """
    known = np.flatnonzero(groups >= 0)
    cells, cell, sizes = np.unique(
        np.stack([labels[known], groups[known]]), axis=1, return_inverse=True, return_counts=True
    )
    rows = np.bincount(labels) / 2  # of each class, that may go
    of_group = np.unique(cells[1], return_counts=True)
    left = dict(zip(of_group[0].tolist(), (of_group[1] // 2).tolist(), strict=True))
    wanted = max(1, round(SHARE * len(sizes)))
    part_of = np.full(len(sizes), -1)
    turn = 0
    for at in rng.permutation(len(sizes)).tolist():
        label, group = cells[:, at].tolist()
        if turn < wanted * len(parts) and sizes[at] <= rows[label] and left[group]:
            rows[label] -= sizes[at]
            left[group] -= 1
            part_of[at] = turn % len(parts)
            turn += 1
    if turn < len(parts):
        raise DataError(
            f"{option('prepare.groups')} is 'cells', which holds cells (a class in a group) out of training, and there "
            f"are no {len(parts)} to be had, as a class keeps half of its rows and a group half of its classes; add "
            "rows of other groups, or bring splits of your own."
        )
    first = np.full(len(labels), len(parts))  # the part of each row, the last one for training
    first[known] = np.where(part_of < 0, len(parts), part_of)[cell.ravel()]
    _, unit = np.unique(units, return_inverse=True)
    whole = np.full(len(labels), len(parts))
    np.minimum.at(whole, unit, first)
    return {part: np.flatnonzero(whole[unit] == i) for i, part in enumerate(parts)}
