"""What is done to training rows before a classifier sees them: the arms that need no GAN.

They work on values (n, C) of `ganaug.modalities.table.features.Features`, so that each of them knows which columns are
codes of categories. Over-sampling gives every class twice the rows of the largest one, so that it says something of
balanced classes, too.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ganaug.errors import ConfigError, DataError, option
from ganaug.modalities.table.features import Matrix

Mask = NDArray[np.bool_]
METHODS = ("class_weights", "prior", "balanced_forest", "random_over", "smote")
SHRINKAGE = 1.0  # of random over-sampling: the width of its noise, of what is best for normal data
NEIGHBOURS = 5  # of SMOTE


@dataclass(frozen=True)
class Training:
    """What a classifier is fitted to.

    Attributes
    ----------
    values : array (n, C)
        Of the columns.
    labels : int array (n,)
        Class codes.
    weights : array (n,)
        Of each row.
    """

    values: Matrix
    labels: NDArray[np.int64]
    weights: Matrix

    def plus(self, values: Matrix, labels: NDArray[np.int64], weights: Matrix) -> Training:
        """Return these rows and others."""
        return Training(
            np.concatenate([self.values, values]),
            np.concatenate([self.labels, labels]),
            np.concatenate([self.weights, weights]),
        )


def treat(rows: Training, method: str, mixup: float, is_category: Mask, seed: int) -> Training:
    """Do what a method says; `ConfigError` for one that is none, `DataError` where it cannot be done."""
    generator = np.random.default_rng(seed)
    if method not in ("", *METHODS):
        raise ConfigError(f"there is no treatment {method!r} of tables; known are {', '.join(METHODS)}")
    if method == "class_weights":
        totals = np.bincount(rows.labels, rows.weights)
        scale = rows.weights.sum() / (np.count_nonzero(totals) * np.where(totals > 0, totals, 1))
        rows = Training(rows.values, rows.labels, rows.weights * scale[rows.labels])
    if method == "random_over":
        rows = over_sampled(rows, is_category, generator)
    if method == "smote":
        rows = smote(rows, is_category, seed)
    return mixed(rows, mixup, is_category, generator) if mixup else rows


def mixed(rows: Training, alpha: float, is_category: Mask, generator: np.random.Generator) -> Training:
    """Add as many rows again, each between two of its class (mixup, arXiv 1710.09412, within classes).

    Categories, and numbers of which one is missing, are those of the nearer row. Both kinds weigh the same.
    """
    order = np.argsort(rows.labels, kind="stable")
    partner = np.empty_like(order)
    for code in np.unique(rows.labels):
        own = order[rows.labels[order] == code]
        partner[own] = generator.permutation(own)
    share = generator.beta(alpha, alpha, (len(order), 1))
    share = np.maximum(share, 1 - share)
    between = share * rows.values + (1 - share) * rows.values[partner]
    values = np.where(is_category | np.isnan(between), rows.values, between)
    halved = Training(rows.values, rows.labels, rows.weights / 2)
    return halved.plus(values, rows.labels, halved.weights)


def over_sampled(rows: Training, is_category: Mask, generator: np.random.Generator) -> Training:
    """Add rows drawn again with noise on their numbers (ROSE, Menardi and Torelli, 2014)."""
    wanted = _missing_rows(rows.labels)
    found = rows
    for code, count in wanted.items():
        own = rows.values[rows.labels == code]
        drawn = own[generator.integers(len(own), size=count)]
        numbers = np.flatnonzero(~is_category)
        width = SHRINKAGE * (4 / ((len(numbers) + 2) * len(own))) ** (1 / (len(numbers) + 4))
        noise = generator.normal(size=(count, len(numbers)))
        for place, j in enumerate(numbers):
            given = own[~np.isnan(own[:, j]), j]
            drawn[:, j] += width * (float(np.std(given)) if len(given) else 0.0) * noise[:, place]
        found = found.plus(drawn, np.full(count, code), np.ones(count))
    return found


def smote(rows: Training, is_category: Mask, seed: int) -> Training:
    """Add rows between neighbours of a class by SMOTE, with categories SMOTENC (arXiv 1106.1813).

    Raises
    ------
    DataError
        A value is missing, or a class has a single row.
    ConfigError
        imbalanced-learn is not installed.
    """
    if np.isnan(rows.values).any():
        raise DataError(
            f"smote takes no missing values, and some are missing: leave it out of {option('evaluate.arms')}."
        )
    fewest = int(np.bincount(rows.labels)[np.unique(rows.labels)].min())
    if fewest < 2:
        raise DataError(f"smote needs two rows of every class: leave it out of {option('evaluate.arms')}.")
    try:
        from imblearn.over_sampling import SMOTE, SMOTEN, SMOTENC
    except ImportError:
        raise ConfigError(needs_imblearn("smote")) from None
    counts = np.bincount(rows.labels)
    wanted = {code: int(counts[code]) + count for code, count in _missing_rows(rows.labels).items()}
    options = {"sampling_strategy": wanted, "k_neighbors": min(NEIGHBOURS, fewest - 1), "random_state": seed}
    spread = np.where(is_category, 1.0, rows.values.std(0))
    scaled = rows.values / np.where(spread > 0, spread, 1.0)
    if is_category.all():
        sampler = SMOTEN(**options)
    elif is_category.any():
        sampler = SMOTENC(np.flatnonzero(is_category).tolist(), **options)
    else:
        sampler = SMOTE(**options)
    values, labels = sampler.fit_resample(scaled, rows.labels)
    new = slice(len(rows.labels), None)
    return rows.plus(values[new] * np.where(spread > 0, spread, 1.0), labels[new], np.ones(len(labels[new])))


def needs_imblearn(what: str) -> str:
    """Say that imbalanced-learn is missing."""
    return f"{what} needs imbalanced-learn, which is not installed; run `pip install 'ganaug[imblearn]'`"


def _missing_rows(labels: NDArray[np.int64]) -> dict[int, int]:
    """Count the rows that each class lacks to twice those of the largest one."""
    counts = np.bincount(labels)
    return {int(code): int(2 * counts.max() - counts[code]) for code in np.unique(labels)}
