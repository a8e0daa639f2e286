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
    natural: float = 0.0,
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
    natural : float, default=0.0
        Share of the steps, at the start, whose rows are drawn as they come, common classes more often than rare ones.

    Returns
    -------
    int array (steps, batch_size)
        Positions of rows.
    """
    rows, late = np.arange(len(labels)), round(natural * steps)
    if synthetic is None or share is None or synthetic.all() or not synthetic.any():
        return _drawn(labels, rows, steps * batch_size, late * batch_size, generator).reshape(steps, batch_size)
    first = round(pretrain * steps)
    counts = np.repeat([batch_size, round(share * batch_size)], [first, steps - first])  # synthetic rows of each batch
    first_made = int(counts[:late].sum())
    made = _drawn(labels, rows[synthetic], int(counts.sum()), first_made, generator)
    count, first_real = steps * batch_size - len(made), late * batch_size - first_made
    real = _drawn(labels, rows[~synthetic], count, first_real, generator)
    plan = np.empty((steps, batch_size), np.int64)
    left = np.arange(batch_size) < counts[:, None]
    plan[left], plan[~left] = made, real
    return plan


def log_shares(labels: NDArray[np.int64], n_classes: int) -> NDArray[np.float32]:
    """Return the logarithm of each class' share of labels (K,); one that has none counts as half a label."""
    counts = np.bincount(labels.ravel(), minlength=n_classes)
    return np.log(np.maximum(counts, 0.5) / labels.size).astype(np.float32)


def _drawn(
    labels: NDArray[np.int64], rows: NDArray[np.intp], count: int, natural: int, generator: np.random.Generator
) -> NDArray[np.int64]:
    """Draw ``count`` of ``rows``, the first ``natural`` of them as they come, the others so that classes take turns."""
    first = _take_turns(rows, natural, generator)
    return np.concatenate([first, _balanced(labels, rows, count - natural, generator)])


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
