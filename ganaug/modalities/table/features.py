"""Rows of a table as the numbers that classifiers of scikit-learn's kind take, fitted on training rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ganaug.modalities.table.columns import Category, is_missing
from ganaug.modalities.table.spec import TableSpec
from ganaug.modalities.table.values import measured

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class Features:
    """The learnt columns of a table, one number each: what they measure, or the code of a level.

    Attributes
    ----------
    columns : tuple of int
        Positions of these columns.
    kinds : tuple of (Category or None)
        The levels of each, None for those that measure something.
    """

    columns: tuple[int, ...]
    kinds: tuple[Category | None, ...]

    @classmethod
    def fit(cls, training: pd.DataFrame, spec: TableSpec) -> Features:
        """Learn the levels of training rows."""
        kinds = tuple(
            None if spec.columns[i].role == "number" else Category.of(training.iloc[:, i].reset_index(drop=True))[0]
            for i in spec.learnt
        )
        return cls(spec.learnt, kinds)

    @property
    def is_category(self) -> NDArray[np.bool_]:
        """Which columns hold codes (C,)."""
        return np.array([kind is not None for kind in self.kinds], bool)

    def __call__(self, samples: pd.DataFrame) -> Matrix:
        """Return the values (n, C) of rows, not-a-number where missing or of no level that was seen in training."""
        found = np.full((len(samples), len(self.kinds)), np.nan)
        for j, (i, kind) in enumerate(zip(self.columns, self.kinds, strict=True)):
            column = samples.iloc[:, i].reset_index(drop=True)
            if kind is None:
                missing = is_missing(column)
                found[~missing, j] = measured(column[~missing])
            else:
                codes = kind.encode(column)
                found[:, j] = np.where(codes < 0, np.nan, codes)
        return found

    def one_hot(self, values: Matrix) -> Matrix:
        """Return values (n, C) with a column for each level in place of codes, missing numbers as they are."""
        parts = [
            values[:, [j]] if kind is None else (values[:, [j]] == np.arange(kind.codes)).astype(np.float64)
            for j, kind in enumerate(self.kinds)
        ]
        return np.concatenate(parts, axis=1)


@dataclass(frozen=True)
class Scaled:
    """Values without gaps, each of about the size of 1; codes become a column for each level.

    Attributes
    ----------
    features : Features
        Whose values these are.
    middle, spread : arrays (C,)
        Median and standard deviation of the training values.
    gaps : bool array (C,)
        Where a column says that a value is missing.
    """

    features: Features
    middle: Matrix
    spread: Matrix
    gaps: NDArray[np.bool_]

    @classmethod
    def fit(cls, features: Features, training: Matrix) -> Scaled:
        """Learn from training values (n, C)."""
        given = ~np.isnan(training)
        middle, spread = np.zeros(training.shape[1]), np.ones(training.shape[1])
        for j in range(training.shape[1]):
            values = training[given[:, j], j]
            if len(values):
                middle[j] = np.median(values)
                spread[j] = float(np.std(values)) or 1.0
        return cls(features, middle, spread, ~given.all(0) & ~features.is_category)

    def __call__(self, values: Matrix) -> Matrix:
        """Return what a linear model takes (n, F)."""
        missing = np.isnan(values)
        centred = np.where(missing, 0.0, (values - self.middle) / self.spread)
        full = np.where(self.features.is_category, values, centred)
        return np.concatenate([self.features.one_hot(full), missing[:, self.gaps].astype(np.float64)], axis=1)
