"""Dynamic time warping (Sakoe and Chiba, 1978): which times of two signals show the same."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ganaug.modalities.signal.grid import Values

BAND = 0.1  # of the longer signal: how far times may be apart


def path(first: Values, second: Values) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Align two signals (channels, time) within a band about the diagonal.

    Returns
    -------
    int arrays (p,), (p,)
        Positions in the one and in the other, from the first of both to the last of both, none going back.
    """
    n, m = first.shape[1], second.shape[1]
    cost = ((first[:, :, None] - second[:, None]) ** 2).sum(0).astype(np.float64)
    reach = max(BAND * max(n, m), 1.0, abs(n - m) / max(min(n, m) - 1, 1))
    diagonal = np.arange(n)[:, None] * ((m - 1) / max(n - 1, 1))
    cost[np.abs(np.arange(m) - diagonal) > reach + 1] = np.inf
    total = np.full((n + 1, m + 1), np.inf)
    total[0, 0] = 0.0
    for step in range(n + m - 1):  # along anti-diagonals, whose cells do not depend on one another
        i = np.arange(max(0, step - m + 1), min(n, step + 1))
        j = step - i
        before = np.minimum(np.minimum(total[i, j], total[i, j + 1]), total[i + 1, j])
        total[i + 1, j + 1] = cost[i, j] + before
    at, found = (n - 1, m - 1), [(n - 1, m - 1)]
    while at != (0, 0):
        i, j = at
        options = [(i - 1, j - 1), (i - 1, j), (i, j - 1)]
        at = min(options, key=lambda cell: total[cell[0] + 1, cell[1] + 1] if min(cell) >= 0 else np.inf)
        found.append(at)
    pairs = np.array(found[::-1], np.int64)
    return pairs[:, 0], pairs[:, 1]
