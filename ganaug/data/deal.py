"""Deal rows out to parts by quotas a class, whole units at a time."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.int64]


def deal(
    labels: Indices, units: Indices, quotas: NDArray[np.int64], least: Sequence[int], rng: np.random.Generator
) -> Indices:
    """Deal rows out at random so that each part comes as near to its quotas as whole units allow.

    Where every unit is one row the quotas are met exactly. Otherwise each part first gets small units until it has the
    least it needs of each class; then the other units, large before small, go where most of their rows are wanted; then
    single rows fill what is left.

    Parameters
    ----------
    labels, units : ndarray of shape (n,), int64
        Class, and number of the unit, of each row.
    quotas : ndarray of shape (P, K), int64
        Rows wanted by each part of each class; a class has at least as many in all.
    least : sequence of int, length P
        Rows of each class that a part must have.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray of shape (n,), int64
        Part of each row; P for the rows that no part wants.
    """
    n_parts, n_classes = quotas.shape
    need = np.vstack([quotas, np.bincount(labels, minlength=n_classes) - quotas.sum(axis=0)])
    _, unit, size = np.unique(units, return_inverse=True, return_counts=True)
    members = np.split(np.argsort(unit, kind="stable"), np.cumsum(size)[:-1])
    part_of = np.full(len(size), -1)
    order = rng.permutation(len(size))
    order = order[np.argsort(size[order], kind="stable")]

    def place(u: int, part: int) -> None:
        part_of[u] = part
        need[part] -= np.bincount(labels[members[u]], minlength=n_classes)

    if (size > 1).any():
        holders = _units_by_class(labels, unit, order, n_classes)
        for k in sorted(range(n_classes), key=lambda k: len(holders[k])):
            waiting = iter(holders[k])
            for part in range(n_parts):
                while quotas[part, k] - need[part, k] < least[part]:
                    u = next((u for u in waiting if part_of[u] < 0), None)
                    if u is None:
                        break
                    place(u, part)
    for u in order[::-1]:
        if size[u] > 1 and part_of[u] < 0:
            count = np.bincount(labels[members[u]], minlength=n_classes)
            wanted = np.minimum(count, need.clip(0)).sum(axis=1)
            best = np.flatnonzero(wanted == wanted.max())
            weight = need[best].clip(0)[:, count > 0].sum(axis=1)
            place(u, rng.choice(best, p=weight / weight.sum()))
    parts = part_of[unit]
    for k in range(n_classes):
        free = rng.permutation(np.flatnonzero((parts < 0) & (labels == k)))
        parts[free] = np.repeat(np.arange(n_parts + 1), need[:, k].clip(0))[: len(free)]
    return parts


def _units_by_class(labels: Indices, unit: Indices, order: Indices, n_classes: int) -> list[list[int]]:
    """List, for each class, the units that hold it, in ``order``."""
    rank = np.argsort(order)
    pairs = np.unique(np.stack([labels, rank[unit]]), axis=1)
    ends = np.searchsorted(pairs[0], np.arange(n_classes + 1))
    return [order[pairs[1, a:b]].tolist() for a, b in pairwise(ends)]
