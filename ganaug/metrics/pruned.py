"""The nearest of many samples, without looking closely at most of them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from ganaug.metrics.nearest import Embed, Floats, block_size, nearest
from ganaug.utils.samples import Samples, gather, take

MANY = 16_384  # others, beyond which most are not looked at closely
AXES = 128  # fewer leave more to look at closely, more are more to multiply
ROWS = 512  # compared with a portion at once
SLACK = 1e-6  # of mean square differences, by which 32 bits may err, where values are about 1 or less; else of squares


def nearest_of(others: Samples, embed: Embed) -> Callable[[Samples], tuple[Floats, NDArray[np.int64]]]:
    """Return what finds, of samples (n), the distances (n,) to the nearest of others, and which (n,) these are."""
    return partial(nearest, others=others, embed=embed) if len(others) <= MANY else PrunedNearest(others, embed)


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
        self._projected = gather((self._factors(embed(portion)) for portion in portions), len(others))

    def __call__(self, rows: Samples) -> tuple[Floats, NDArray[np.int64]]:
        """Return the distance (n,) of every sample to its nearest other, and which one (n,) that is."""
        best, where = np.full(len(rows), np.inf, np.float32), np.zeros(len(rows), np.int64)
        step = min(ROWS, self._block)
        for first in range(0, len(rows), step):
            at = slice(first, first + step)
            self._find(self._embed(take(rows, at)), best[at], where[at])
        return best, where

    def _find(self, some: Floats, best: Floats, where: NDArray[np.int64]) -> None:
        """Note the nearest of each row (n, F), and how near it is."""
        flat = self._project(some)
        squares = (flat**2).sum(1)
        factors = np.column_stack([flat, squares, np.ones(len(flat), np.float32)])
        slack = SLACK * np.maximum(1, squares / np.float32(some.shape[1]))[:, None]
        for start in self._starts():
            least = factors @ self._projected[start : start + self._block].T  # mean squares, of projections
            self._look(some, np.arange(len(some)), start + least.argmin(1), best, where)
            at = np.flatnonzero(least < best[:, None] ** 2 + slack)
            for some_at in range(0, len(at), self._block):
                row, column = np.divmod(at[some_at : some_at + self._block], least.shape[1])
                self._look(some, row, start + column, best, where)

    def _starts(self) -> range:
        return range(0, len(self._others), self._block)

    def _project(self, some: Floats) -> Floats:
        flat: Floats = (some - self._centre) @ self._axes
        return flat

    def _factors(self, some: Floats) -> Floats:
        """Return projections x as -2x, 1, x^2, over the length: times y, y^2, 1 of another one their mean square."""
        flat = self._project(some)
        found: Floats = np.column_stack([-2 * flat, np.ones(len(flat), np.float32), (flat**2).sum(1)])
        return found / np.float32(some.shape[1])

    def _look(
        self, some: Floats, row: NDArray[np.int64], other: NDArray[np.int64], best: Floats, where: NDArray[np.int64]
    ) -> None:
        """Measure pairs of a row and an other, and note which are nearer than the best so far."""
        apart = some[row] - self._embed(take(self._others, other))
        distance = np.sqrt(np.einsum("nf,nf->n", apart, apart) / np.float32(apart.shape[1]))
        order = np.lexsort((other, distance, row))
        order = order[np.unique(row[order], return_index=True)[1]]  # the nearest of each row
        order = order[distance[order] < best[row[order]]]
        best[row[order]], where[row[order]] = distance[order], other[order]
