"""Which rows meet in each batch of a classifier's training: classes take turns, and so do the rows of a class."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def plan_batches(
    labels: NDArray[np.int64],
    steps: int,
    batch_size: int,
    generator: np.random.Generator,
    *,
    synthetic: NDArray[np.bool_] | None = None,
    share: float | None = None,
    pretrain: float = 0.0,
) -> NDArray[np.int64]:
    """Choose the rows of every batch.

    Parameters
    ----------
    labels : int array (n,)
        Class codes. Rare classes are seen as often as common ones.
    steps, batch_size : int
        Batches, and rows in each.
    generator : numpy Generator
        Shuffles.
    synthetic : bool array (n,), optional
        Which rows are synthetic; what follows matters only where there are rows of both kinds.
    share : float, optional
        Share of each batch drawn from the synthetic rows. None: rows as they come.
    pretrain : float, default=0.0
        Share of the steps, at the start, whose batches are synthetic throughout.

    Returns
    -------
    int array (steps, batch_size)
        Positions of rows.
    """
    rows = np.arange(len(labels))
    if synthetic is None or share is None or synthetic.all() or not synthetic.any():
        return _balanced(labels, rows, steps * batch_size, generator).reshape(steps, batch_size)
    first = round(pretrain * steps)
    counts = np.repeat([batch_size, round(share * batch_size)], [first, steps - first])  # synthetic rows of each batch
    made = _balanced(labels, rows[synthetic], int(counts.sum()), generator)
    real = _balanced(labels, rows[~synthetic], steps * batch_size - len(made), generator)
    plan = np.empty((steps, batch_size), np.int64)
    left = np.arange(batch_size) < counts[:, None]
    plan[left], plan[~left] = made, real
    return plan


def _balanced(
    labels: NDArray[np.int64], rows: NDArray[np.intp], count: int, generator: np.random.Generator
) -> NDArray[np.int64]:
    """Draw ``count`` of ``rows`` so that classes take turns, and so do the rows of a class, both in shuffled order."""
    classes = _take_turns(np.unique(labels[rows]), count, generator)
    drawn = np.empty(count, np.int64)
    for code in np.unique(classes):
        slots = np.flatnonzero(classes == code)
        drawn[slots] = _take_turns(rows[labels[rows] == code], len(slots), generator)
    return drawn


def _take_turns(items: NDArray[np.int64], count: int, generator: np.random.Generator) -> NDArray[np.int64]:
    rounds = -(-count // len(items))
    return np.concatenate([generator.permutation(items) for _ in range(rounds)] or [items])[:count]
