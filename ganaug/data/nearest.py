"""How far rows are from others, pixel by pixel: root mean square difference, 0 (equal) to 1 (black against white)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics.pairwise import euclidean_distances

Rows = NDArray[np.uint8]
Floats = NDArray[np.float32]

BLOCK = 4096  # rows compared at once, so that memory does not grow with their number
ROUNDING = 1e-6  # of the distance of equal rows


def nearest(rows: Rows, others: Rows, skip_self: bool = False) -> tuple[Floats, NDArray[np.int64]]:
    """Find the nearest other row of every row.

    Parameters
    ----------
    rows, others : uint8 arrays (n, ...) and (m, ...)
        Rows of the same shape.
    skip_self : bool
        ``others`` is ``rows``, and a row is not its own neighbour.

    Returns
    -------
    float32 array (n,)
        Distance to it; infinite where there is none.
    int array (n,)
        Which one it is.
    """
    best, where = np.full(len(rows), np.inf, np.float32), np.zeros(len(rows), np.int64)
    for first in range(0, len(rows), BLOCK):
        at = np.arange(first, min(first + BLOCK, len(rows)))
        flat = _flat(rows[at])
        for start in range(0, len(others), BLOCK):
            part = _flat(others[start : start + BLOCK])
            squared = (flat**2).sum(1)[:, None] - 2 * flat @ part.T + (part**2).sum(1)
            if skip_self and start == first:
                np.fill_diagonal(squared, np.inf)
            closest = squared.argmin(1)
            distance = np.sqrt(((flat - part[closest]) ** 2).mean(1))  # unlike the expanded square, 0 for a copy
            distance[np.isinf(squared[np.arange(len(at)), closest])] = np.inf
            closer = distance < best[at]
            best[at[closer]], where[at[closer]] = distance[closer], closest[closer] + start
    return best, where


def copy_distance(training: Rows) -> float:
    """Return the distance below which a generated row counts as a copy.

    Half of what separates all but the closest twentieth of the training rows from their nearest neighbour: a row much
    closer to a training row than training rows are to each other. A copying diagnostic, no promise of privacy.
    """
    if len(training) < 2:
        return 0.0
    some = training[:: max(1, len(training) // BLOCK)]
    distances, _ = nearest(some, some, skip_self=True)
    return float(0.5 * np.quantile(distances, 0.05))


def spread_out(rows: Rows, limit: float) -> NDArray[np.int64]:
    """Return positions of rows (n, ...), each further than ``limit`` from those returned before it."""
    if not len(rows):
        return np.empty(0, np.int64)
    flat = _flat(rows)
    close = euclidean_distances(flat) <= (limit + ROUNDING) * np.sqrt(flat.shape[1])
    kept: list[int] = []
    for at in range(len(flat)):
        if not close[at, kept].any():
            kept.append(at)
    return np.array(kept, np.int64)


def _flat(rows: Rows) -> Floats:
    return rows.reshape(len(rows), int(np.prod(rows.shape[1:]))).astype(np.float32) / np.float32(255)
