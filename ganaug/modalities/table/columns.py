"""Columns as users have them, and the numbers and codes that stand for them.

A numeric column becomes normal scores: its quantiles are mapped to those of the standard normal. That serves the
purpose of CTGAN's mode-specific normalisation (Xu et al., arXiv 1907.00503), a scale on which networks can work however
skewed or multimodal the column is, at the cost of a sort. The way back is the column's own quantile function, so
nothing ever leaves its range. Any other column becomes codes of its levels, a missing value being a level too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api import types
from scipy.special import ndtri

from ganaug.errors import DataError

DECIMALS = 4  # digits after the point up to which a column counts as rounded


@dataclass(frozen=True)
class Category:
    """A column of levels: text, truth values, categories, or at most two numbers."""

    levels: pd.Series  # a value for each code

    @classmethod
    def of(cls, column: pd.Series) -> tuple[Category, NDArray[np.int64]]:
        """Return the kind of a column and its codes (n,)."""
        try:
            codes = column.factorize(use_na_sentinel=False)[0]
        except TypeError:
            raise DataError(
                f"The column {column.name!r} holds values that are neither numbers nor text: drop or convert it."
            ) from None
        return cls(column.iloc[np.unique(codes, return_index=True)[1]]), codes.astype(np.int64)

    def decode(self, codes: NDArray[np.int64]) -> pd.Series:
        """Return the values of codes (n,)."""
        return self.levels.iloc[codes].reset_index(drop=True)


@dataclass(frozen=True)
class Number:
    """A numeric column, or one of times: its quantile function, and the form of its values."""

    scores: NDArray[np.float64]  # (m,) quantiles of the standard normal, for every row without a missing value
    values: NDArray[np.float64]  # (m,) the column's quantiles
    decimals: int | None  # digits that every value is rounded to
    gaps: bool  # whether values are missing
    dtype: Any

    @classmethod
    def of(cls, column: pd.Series) -> tuple[Number, NDArray[np.float32], NDArray[np.int64]]:
        """Return the kind of a column, its normal scores (n,), 0 where missing, and where it is missing (n,)."""
        missing = column.isna().to_numpy()
        given = _floats(column[~missing])
        if not np.isfinite(given).all():
            raise DataError(f"The column {column.name!r} holds an infinite value: drop that row, or leave it empty.")
        values = np.sort(given.astype(np.float64))
        scores = ndtri((np.arange(len(values)) + 0.5) / len(values))
        distinct, which = np.unique(values, return_inverse=True)
        found = np.zeros(len(column), np.float32)
        found[~missing] = np.interp(given, distinct, np.bincount(which, scores) / np.bincount(which))
        kind = cls(scores, values, _decimals(given), bool(missing.any()), column.dtype)
        return kind, found, missing.astype(np.int64)

    def decode(self, scores: NDArray[np.float32], missing: NDArray[np.int64] | None) -> pd.Series:
        """Return the values of normal scores (n,), except where they are ``missing`` (n,)."""
        found = np.interp(scores, self.scores, self.values)
        if self.decimals is not None:
            found = found.round(self.decimals)
        column = pd.Series(found.astype(np.int64) if _is_time(self.dtype) else found)
        if missing is not None:
            column = column.astype(object).mask(missing.astype(bool))
        return column.astype(self.dtype)


@dataclass(frozen=True)
class Columns:
    """What the columns of a table are, in their order: the way back from numbers and codes."""

    names: pd.Index
    kinds: tuple[Category | Number, ...]

    @property
    def levels(self) -> tuple[int, ...]:
        """How many values each column of codes takes."""
        counts = (len(kind.levels) if isinstance(kind, Category) else 2 * kind.gaps for kind in self.kinds)
        return tuple(count for count in counts if count)

    def decode(self, numbers: NDArray[np.float32], codes: NDArray[np.int64]) -> pd.DataFrame:
        """Return the rows (n, columns) of numbers (n, N) and codes (n, B), with the names and dtypes of the table."""
        number, code = iter(numbers.T), iter(codes.T)
        found = [
            kind.decode(next(code))
            if isinstance(kind, Category)
            else kind.decode(next(number), next(code) if kind.gaps else None)
            for kind in self.kinds
        ]
        return pd.concat(found, axis=1).set_axis(self.names, axis=1)


def encode(frame: pd.DataFrame) -> tuple[Columns, NDArray[np.float32], NDArray[np.int64]]:
    """Turn a table into what networks see.

    Parameters
    ----------
    frame : DataFrame (n, columns)
        Numbers, times, truth values, text, categories; any of them may be missing.

    Returns
    -------
    columns : Columns
        The way back.
    numbers : float32 array (n, N)
        The numeric columns as normal scores.
    codes : int64 array (n, B)
        All other columns, and for each numeric one with gaps whether a value is missing.

    Raises
    ------
    DataError
        A column holds infinite values, or objects that are no values.
    """
    kinds: list[Category | Number] = []
    numbers, codes = [], []
    for i in range(frame.shape[1]):
        column = frame.iloc[:, i]
        if _is_numeric(column):
            number, scores, missing = Number.of(column)
            kinds.append(number)
            numbers.append(scores)
            codes += [missing] if number.gaps else []
        else:
            category, found = Category.of(column)
            kinds.append(category)
            codes.append(found)
    n = len(frame)
    stacked = np.array(numbers, np.float32).reshape(-1, n).T, np.array(codes, np.int64).reshape(-1, n).T
    return Columns(frame.columns, tuple(kinds)), *stacked


def _is_numeric(column: pd.Series) -> bool:
    """Tell whether a column has an order and more than two values: two are levels, to which nothing lies between."""
    ordered = types.is_numeric_dtype(column.dtype) or _is_time(column.dtype)
    return ordered and not types.is_bool_dtype(column.dtype) and column.nunique() > 2


def _is_time(dtype: Any) -> bool:
    return types.is_datetime64_any_dtype(dtype) or types.is_timedelta64_dtype(dtype)


def _floats(column: pd.Series) -> NDArray[Any]:
    """Return values without gaps as floats, float32 as it is, so that 0.1 stays rounded to a decimal."""
    if _is_time(column.dtype):
        return column.astype(np.int64).to_numpy(np.float64)
    return column.to_numpy(np.float32 if column.dtype == np.float32 else np.float64)


def _decimals(values: NDArray[Any]) -> int | None:
    return next((d for d in range(DECIMALS + 1) if np.array_equal(values.round(d), values)), None)
