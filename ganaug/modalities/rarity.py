"""Which classes have so few rows that they need what others have: one rule for generators, teachers and arms."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

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


def common(counts: NDArray[np.int64], few: int = FEW) -> NDArray[np.int64]:
    """Return the codes of the classes with ``few`` rows or more; of all that have any where fewer than two do."""
    found = np.flatnonzero(counts >= few)
    return found if len(found) > 1 else np.flatnonzero(counts)
