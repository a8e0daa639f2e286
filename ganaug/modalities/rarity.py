"""Which classes have so few rows that they need what others have: one rule for generators, teachers and arms."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FEW, TIMES = 10, 10  # classes are very unequal where one has fewer rows than that, and another so many times as many


def very_unequal(counts: NDArray[np.int64]) -> bool:
    """Tell whether classes with so many rows (K,) are so unequal that scarce ones need what common ones have."""
    return bool(counts.min() < FEW and counts.max() >= TIMES * counts.min())


def common(counts: NDArray[np.int64], few: int = FEW) -> NDArray[np.int64]:
    """Return the codes of the classes with ``few`` rows or more; of all that have any where fewer than two do."""
    found = np.flatnonzero(counts >= few)
    return found if len(found) > 1 else np.flatnonzero(counts)
