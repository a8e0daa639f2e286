"""How far rows are from others, pixel by pixel: root mean square difference, 0 (equal) to 1 (black against white)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics.pairwise import euclidean_distances

Rows = NDArray[np.uint8]
Floats = NDArray[np.float32]

BLOCK = 4096  # rows compared at once, so that memory does not grow with their number,
VALUES = 1024  # by so many of their values at a time, so that it does not grow with these either
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
        some = rows[first : first + BLOCK]
        for start in range(0, len(others), BLOCK):
            part = others[start : start + BLOCK]
            squared = _squared(some, part)
            if skip_self and start == first:
                np.fill_diagonal(squared, np.inf)
            closest = squared.argmin(1)
            distance = _distance(some, part, closest)
            distance[np.isinf(squared[np.arange(len(at)), closest])] = np.inf
            closer = distance < best[at]
            best[at[closer]], where[at[closer]] = distance[closer], closest[closer] + start
    return best, where


def _squared(rows: Rows, others: Rows) -> Floats:
    """Return the squared distances (n, m), by the expanded square, which is fast but of equal rows not quite 0."""
    flat, part = (x.reshape(len(x), -1) for x in (rows, others))
    squared = np.zeros((len(flat), len(part)), np.float32)
    for start in range(0, flat.shape[1], VALUES):
        x, y = (_unit(values[:, start : start + VALUES]) for values in (flat, part))
        of_x = (x**2).sum(1)[:, None]
        x *= -2
        product = x @ y.T
        product += of_x
        product += (y**2).sum(1)
        squared = product if start == 0 else np.add(squared, product, out=squared)
    return squared


def _distance(rows: Rows, others: Rows, which: NDArray[np.int64]) -> Floats:
    """Return the distance (n,) of each row to the one of the others that is named."""
    step = max(1, BLOCK * VALUES // max(1, rows[0].size))
    parts = [
        np.sqrt(((_flat(rows[at : at + step]) - _flat(others[which[at : at + step]])) ** 2).mean(1))
        for at in range(0, len(rows), step)
    ]
    return np.concatenate(parts)


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
    return _unit(rows.reshape(len(rows), int(np.prod(rows.shape[1:]))))


def _unit(values: Rows) -> Floats:
    scaled = values.astype(np.float32)
    scaled /= np.float32(255)
    return scaled
