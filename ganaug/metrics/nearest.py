"""How far samples are from others: root mean square difference of what a modality embeds, 0 (equal) to about 1."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ganaug.utils.samples import Samples, take

Floats = NDArray[np.float32]
Embed = Callable[[Samples], Floats]  # samples (n) to numbers (n, F), see `ganaug.modalities.base.Modality.embed`

BLOCK = 4096  # rows compared at once, so that memory does not grow with their number,
VALUES = 1024  # fewer where each has more values than these, so that it does not grow with these either
ROUNDING = 1e-6  # of the distance of equal rows


def nearest(rows: Samples, others: Samples, embed: Embed, skip_self: bool = False) -> tuple[Floats, NDArray[np.int64]]:
    """Find the nearest other sample of every sample.

    Parameters
    ----------
    rows, others : Samples (n) and (m)
        They are embedded in portions.
    embed : callable
        What is compared of them.
    skip_self : bool
        ``others`` is ``rows``, and a row is not its own neighbour.

    Returns
    -------
    float32 array (n,)
        Distance to it; infinite where there is none.
    int array (n,)
        Which one it is.
    """
    from sklearn.metrics.pairwise import euclidean_distances  # seconds that stages which compare nothing do not spend

    best, where = np.full(len(rows), np.inf, np.float32), np.zeros(len(rows), np.int64)
    block = block_size(rows, embed)
    for first in range(0, len(rows), block):
        at = np.arange(first, min(first + block, len(rows)))
        some = embed(take(rows, slice(first, first + block)))
        for start in range(0, len(others), block):
            part = embed(take(others, slice(start, start + block)))
            squared = euclidean_distances(some, part, squared=True)
            if skip_self and start == first:
                np.fill_diagonal(squared, np.inf)
            closest = squared.argmin(1)
            distance = _distance(some, part, closest)
            distance[np.isinf(squared[np.arange(len(at)), closest])] = np.inf
            closer = distance < best[at]
            best[at[closer]], where[at[closer]] = distance[closer], closest[closer] + start
    return best, where


def block_size(rows: Samples, embed: Embed) -> int:
    """Return how many samples to embed at once: fewer where each is long."""
    length = embed(take(rows, slice(1))).shape[1] if len(rows) else 1
    return max(1, min(BLOCK, BLOCK * VALUES // max(1, length)))


def _distance(rows: Floats, others: Floats, which: NDArray[np.int64]) -> Floats:
    """Return the distance (n,) of each row to the one of the others that is named."""
    step = max(1, BLOCK * VALUES // max(1, rows[0].size))
    parts = [
        np.sqrt(((rows[at : at + step] - others[which[at : at + step]]) ** 2).mean(1))
        for at in range(0, len(rows), step)
    ]
    return np.concatenate(parts)


def copy_distance(training: Samples, embed: Embed) -> float:
    """Return the distance below which a generated row counts as a copy.

    Half of what separates all but the closest twentieth of the training rows from their nearest neighbour: a row much
    closer to a training row than training rows are to each other. A copying diagnostic, no promise of privacy.
    """
    if len(training) < 2:
        return 0.0
    some = take(training, slice(None, None, max(1, len(training) // BLOCK)))
    distances, _ = nearest(some, some, embed, skip_self=True)
    return float(0.5 * np.quantile(distances, 0.05))


def spread_out(rows: Samples, limit: float, embed: Embed) -> NDArray[np.int64]:
    """Return positions of samples (n), each further than ``limit`` from those returned before it."""
    from sklearn.metrics.pairwise import euclidean_distances

    if not len(rows):
        return np.empty(0, np.int64)
    flat = embed(rows)
    close = euclidean_distances(flat) <= (limit + ROUNDING) * np.sqrt(flat.shape[1])
    kept: list[int] = []
    for at in range(len(flat)):
        if not close[at, kept].any():
            kept.append(at)
    return np.array(kept, np.int64)
