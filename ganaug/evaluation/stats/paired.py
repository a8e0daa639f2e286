"""Estimates from which test rows each classifier got right.

An interval has to cover what else could have come out otherwise: the repeats, and the test rows. With d_ij the
difference of two classifiers on test row i in repeat j (1: only the first is right, -1: only the second), and all
repeats tested on the same rows, the variance of the mean is that between repeats and that between rows:
s_j^2 / J + Var_i(mean_j d_ij) / n, the latter class by class for balanced accuracy. What a row and a repeat bring
together is counted in both terms, which makes the interval a little wide after few repeats, and never too narrow.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ganaug.errors import DataError
from ganaug.evaluation.stats.design import BENCHMARK, REPEATED, Design
from ganaug.evaluation.stats.estimate import Estimate

Values = NDArray[np.float64]
ByClass = Sequence[Sequence[Values]]  # of each class, in each repeat, a value for each test row


def paired_gain(
    candidate: ArrayLike, reference: ArrayLike, y: ArrayLike, shared_test: bool = True, ratio: float = 0.0
) -> Estimate:
    """Estimate by how much one classifier's balanced accuracy exceeds another's.

    Parameters
    ----------
    candidate, reference : bool array (J, n)
        Whether each classifier was right, by repeat and test row.
    y : array (n,) or (J, n)
        Labels of the test rows.
    shared_test : bool, default=True
        Whether all repeats were tested on the same rows, in the same order. False: each on rows of its own.
    ratio : float, default=0.0
        Where all repeats split the same rows anew: test rows over training rows of the split, before any cut
        (Nadeau and Bengio, 2003). Leave it at 0 where training rows are disjoint.

    Returns
    -------
    Estimate
        In shares from 0 to 1. Its interval stays valid when repeats are added after a look.

    Raises
    ------
    DataError
        If shapes do not fit, values are not bool, or ``shared_test`` contradicts labels that differ between repeats.

    References
    ----------
    Nadeau and Bengio, "Inference for the Generalization Error", Machine Learning 52 (2003).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> reference = rng.random((10, 1000)) < 0.70
    >>> candidate = reference | (rng.random((10, 1000)) < 0.20)
    >>> gain = paired_gain(candidate, reference, np.arange(1000) % 10)
    >>> f"{gain.mean:.3f} [{gain.low:.3f}, {gain.high:.3f}]"
    '0.059 [0.052, 0.066]'
    """
    first, second = np.asarray(candidate), np.asarray(reference)
    if first.dtype != np.bool_ or second.dtype != np.bool_ or first.ndim != 2 or first.shape != second.shape:
        raise DataError(
            "candidate and reference must be bool arrays (repeats, test rows) of one shape, got "
            f"{first.dtype} {first.shape} and {second.dtype} {second.shape}"
        )
    labels = np.asarray(y)
    if labels.shape not in (first.shape, first.shape[1:]) or not first.size:
        raise DataError(f"y has shape {labels.shape}; it takes a label for each of the {first.shape[1]} test rows")
    labels = np.broadcast_to(labels, first.shape)
    if shared_test and (labels != labels[0]).any():
        raise DataError("repeats that share their test rows have the same labels; pass shared_test=False")
    difference = first.astype(np.float64) - second
    classes = [[row[at] for row, at in zip(difference, labels == k, strict=True)] for k in np.unique(labels)]
    return estimate_rows(classes, Design(BENCHMARK if shared_test else REPEATED, ratio))


def estimate_rows(values: ByClass, design: Design, look: int | None = None, stated: float | None = None) -> Estimate:
    """Estimate the mean over classes of the mean over test rows.

    Parameters
    ----------
    values : sequence of sequence of float array (n_kj,)
        For each class and repeat a value from -1 to 1 for each test row; of a class, repeats may have no row.
    design : Design
    look, stated : optional
        See `Estimate`.
    """
    of_repeats = means([values])[:, 0]
    spread = float(of_repeats.std(ddof=1)) if len(of_repeats) > 1 else None
    found = Estimate(
        float(of_repeats.mean()), spread, len(of_repeats), design.ratio, look=look, stated=stated, most=1.0
    )
    if not design.shared_test or spread is None:
        return found
    covariances, sizes = row_covariances([values])
    parts = covariances[:, 0, 0]
    if sizes.sum() < 2:  # a single row shows nothing of others
        return replace(found, spread=None)
    squares = float((parts**2 / np.maximum(sizes - 1, 1)).sum())
    total = float(parts.sum())
    return replace(found, rows_variance=total, rows_df=total**2 / squares if squares else math.inf)


def means(quantities: Sequence[ByClass]) -> Values:
    """Return the mean over classes of the mean over test rows, by repeat and quantity: shape (J, P)."""
    cells = [[[rows.mean() if len(rows) else np.nan for rows in of_class] for of_class in each] for each in quantities]
    by_repeat: Values = np.nanmean(np.array(cells, np.float64), axis=1).T
    return by_repeat


def row_covariances(quantities: Sequence[ByClass]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return what each class's test rows bring to the covariance of several means, where repeats share these rows.

    A class with a single row, which shows no spread, is taken to have that of the others.

    Returns
    -------
    float array (K, P, P)
    int array (K,)
        Test rows of each class that has any.
    """
    stacked = [np.stack([np.mean(of_class, axis=0) for of_class in at]) for at in zip(*quantities, strict=True)]
    rows = [each for each in stacked if each.shape[1]]  # (P, n_k) of each class
    sizes = np.array([each.shape[1] for each in rows], np.int64)
    centred = [each - each.mean(axis=1, keepdims=True) for each in rows]
    squares = np.array([each @ each.T for each in centred])
    if (sizes > 1).any():
        pooled = squares.sum(axis=0) / (sizes - 1).sum()
    else:
        pooled = np.atleast_2d(np.cov(np.concatenate(rows, axis=1))) if len(rows) > 1 else squares[0]
    single = (sizes == 1)[:, None, None]
    variances = np.where(single, pooled, squares / np.maximum(sizes - 1, 1)[:, None, None])
    return variances / sizes[:, None, None] / len(sizes) ** 2, sizes


def joint_draws(quantities: Sequence[ByClass], design: Design, size: int, rng: np.random.Generator) -> Values:
    """Draw from what is known of several means at once: shape (size, P).

    The sum of a multivariate t distribution with J - 1 degrees of freedom (the repeats) and a normal one (the test
    rows, where repeats share them).
    """
    values = means(quantities)
    repeats, mean = len(values), values.mean(axis=0)
    normal = rng.standard_normal((size, repeats)) @ (values - mean) / np.sqrt(repeats - 1)
    shrink = np.sqrt(rng.chisquare(repeats - 1, (size, 1)) / (repeats - 1))
    drawn: Values = mean + np.sqrt(1 / repeats + design.ratio) * normal / shrink
    if design.shared_test:
        covariance = row_covariances(quantities)[0].sum(axis=0)
        drawn += rng.multivariate_normal(np.zeros(len(mean)), covariance, size, method="svd")
    return drawn
