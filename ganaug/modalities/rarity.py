"""Which classes have so few rows that they need what others have: one rule for generators, teachers and arms."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# What an arm can be for: scarce classes, groups that lack classes, classes of two rows or more each.
RARE, CELLS, PAIRS = "rare", "cells", "pairs"
FEW, TIMES = 10, 10  # classes are very unequal where one has fewer rows than that, and another so many times as many


def very_unequal(counts: NDArray[np.int64]) -> bool:
    """Tell whether classes with so many rows (K,) are so unequal that scarce ones need what common ones have."""
    return bool(rare_classes(counts).any())


def rare_classes(counts: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Mark the classes (K,) that are scarce beside others.

    Examples
    --------
    >>> rare_classes(np.array([2, 9, 80, 12]))
    array([ True, False, False, False])
    """
    rare: NDArray[np.bool_] = (counts < FEW) & (counts.max(initial=0) >= TIMES * counts)
    return rare


def missing_cells(codes: NDArray[np.int64], groups: NDArray[np.int64]) -> int:
    """Count the cells, a class in a group, that have no row and can be filled from other groups.

    The class and the group have `FEW` rows or more, the group for each class that it has: of a patient with a few rows
    nobody expects every class. And another group has rows of this class and of one that the group has: where no group
    has several classes, nothing tells what the group does to a row from what the class does.

    Parameters
    ----------
    codes, groups : int arrays (n,)
        Codes of the class and of the group of each row.

    Examples
    --------
    >>> missing_cells(np.repeat([0, 1, 0], 10), np.repeat([0, 0, 1], 10))
    1
    >>> missing_cells(np.repeat([0, 1, 0], 10), np.repeat([0, 1, 2], 10))
    0
    """
    many = np.bincount(groups) >= FEW
    at = many[groups]
    rows = np.zeros((codes.max(initial=-1) + 1, int(many.sum())), np.int64)
    np.add.at(rows, (codes[at], (many.cumsum() - 1)[groups[at]]), 1)
    there = rows > 0
    large = (rows.sum(1) >= FEW)[:, None] & (rows.sum(0) >= FEW * there.sum(0))
    seen = there.astype(np.float32)
    beside = (seen @ seen.T @ seen) > 0  # the class is in a group together with a class that this group has
    return int((large & beside & ~there).sum())


def common(counts: NDArray[np.int64], few: int = FEW) -> NDArray[np.int64]:
    """Return the codes of the classes with ``few`` rows or more; of all that have any where fewer than two do."""
    found = np.flatnonzero(counts >= few)
    return found if len(found) > 1 else np.flatnonzero(counts)
