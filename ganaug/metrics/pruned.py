"""The nearest of many samples, without looking closely at most of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ganaug.metrics.nearest import Embed, Floats, block_size
from ganaug.utils.samples import Samples, gather, take

AXES = 64  # of which images have most of their variance along
SLACK = 1e-6  # of mean square differences, by which 32 bits may err


class PrunedNearest:
    """Find the nearest of many samples, the same as `ganaug.metrics.nearest.nearest` does.

    Two samples are never closer than their projections onto a few axes are. So only those are looked at closely whose
    projection is closer than the nearest sample found so far; with principal axes they are few.

    Parameters
    ----------
    others : Samples (m)
        At least one. They are embedded in portions.
    embed : callable
        What is compared of them, and of each sample by itself.
    """

    def __init__(self, others: Samples, embed: Embed) -> None:
        self._others, self._embed, self._block = others, embed, block_size(others, embed)
        some = embed(take(others, slice(None, None, -(-len(others) // self._block))))
        self._centre = some.mean(0)
        self._axes = np.linalg.svd(some - self._centre, full_matrices=False)[2][:AXES].T
        portions = (take(others, slice(start, start + self._block)) for start in self._starts())
        self._projected = gather((self._project(embed(portion)) for portion in portions), len(others))

    def __call__(self, rows: Samples) -> tuple[Floats, NDArray[np.int64]]:
        """Return the distance (n,) of every sample to its nearest other, and which one (n,) that is."""
        best, where = np.full(len(rows), np.inf, np.float32), np.zeros(len(rows), np.int64)
        for first in range(0, len(rows), self._block):
            at = slice(first, first + self._block)
            some = self._embed(take(rows, at))
            flat = self._project(some)
            for start in self._starts():
                least = _mean_squares(flat, self._projected[start : start + self._block], some.shape[1])
                self._look(some, np.arange(len(some)), start + least.argmin(1), best[at], where[at])
                row, column = np.nonzero(least < best[at, None] ** 2 + SLACK)
                for some_at in range(0, len(row), self._block):
                    pairs = slice(some_at, some_at + self._block)
                    self._look(some, row[pairs], start + column[pairs], best[at], where[at])
        return best, where

    def _starts(self) -> range:
        return range(0, len(self._others), self._block)

    def _project(self, some: Floats) -> Floats:
        flat: Floats = (some - self._centre) @ self._axes
        return flat

    def _look(
        self, some: Floats, row: NDArray[np.int64], other: NDArray[np.int64], best: Floats, where: NDArray[np.int64]
    ) -> None:
        """Measure pairs of a row and an other, and note which are nearer than the best so far."""
        which, back = np.unique(other, return_inverse=True)
        distance = np.sqrt(((some[row] - self._embed(take(self._others, which))[back]) ** 2).mean(1))
        order = np.lexsort((other, distance, row))
        order = order[np.unique(row[order], return_index=True)[1]]  # the nearest of each row
        order = order[distance[order] < best[row[order]]]
        best[row[order]], where[row[order]] = distance[order], other[order]


def _mean_squares(some: Floats, others: Floats, length: int) -> Floats:
    """Return the mean square difference (n, m) of each pair of projections, of ``length`` numbers before."""
    squares = some @ (others.T * np.float32(-2))
    squares += (some**2).sum(1)[:, None]
    squares += (others**2).sum(1)
    squares /= np.float32(length)
    return squares
