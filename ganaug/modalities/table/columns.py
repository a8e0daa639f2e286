"""Columns as users have them, and the numbers and codes that stand for them.

A numeric column becomes normal scores: its quantiles are mapped to those of the standard normal. That serves the
purpose of CTGAN's mode-specific normalisation (Xu et al., arXiv 1907.00503), a scale on which networks can work however
skewed or multimodal the column is, at the cost of a sort. The way back is the column's own quantile function, in whole
steps of the grid on which its values lie, so that nothing ever leaves its range or its grid: amounts keep to cents,
days to midnight, and integers to every digit. Any other column becomes codes of its levels, a missing value being a
level too. Rare levels share a code, so that no network grows with their number, nor learns from two rows which class a
level means; behind it, each is as frequent as it was.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray
from pandas.api import types
from scipy.special import ndtri

from ganaug.data.text import shown
from ganaug.errors import DataError
from ganaug.modalities.table.values import Back, spacing, to_numbers

LEVELS = 64  # codes of a column, at most
RARE = 20, 5  # levels of less than a 20th of the rows, or of 5, share a code: so few do not say what goes with them


@dataclass(frozen=True)
class Category:
    """A column of levels: text, truth values, categories, or at most two numbers."""

    is_number: ClassVar[bool] = False

    levels: pd.Series  # (L,) a value for each level; if some share a code, from the most frequent down
    counts: NDArray[np.int64]  # (L,) rows of each
    codes: int  # how many there are; if fewer than levels, the last stands for all the levels from there on

    @classmethod
    def of(cls, column: pd.Series, rare: int = 1) -> tuple[Category, NDArray[np.int64]]:
        """Return the kind of a column and its codes (n,); levels of less than ``rare`` rows share one."""
        check_levels(column)
        codes = column.factorize()[0]
        codes = np.where(codes < 0, codes.max() + 1, codes)  # a missing value is a level
        _, first, counts = np.unique(codes, return_index=True, return_counts=True)
        held = min(max(int((counts >= rare).sum()) + 1, 2), len(counts), LEVELS)  # of one code nothing could vary
        if held < len(counts):
            order = np.argsort(-counts, kind="stable")
            codes, first, counts = order.argsort()[codes], first[order], counts[order]
        kind = cls(column.iloc[first].reset_index(drop=True), counts, held)
        return kind, np.minimum(codes, held - 1).astype(np.int64)

    @property
    def fitted_to(self) -> pd.Series:
        """A column to which the same kind is fitted."""
        return self.levels.iloc[np.repeat(np.arange(len(self.levels)), self.counts)].reset_index(drop=True)

    def encode(self, column: pd.Series) -> NDArray[np.int64]:
        """Return the codes of values (n,), -1 for one that is none of the levels."""
        both = pd.concat([self.levels, column]).factorize(use_na_sentinel=False)[0]
        position = np.full(len(both), -1)
        position[both[: len(self.levels)]] = np.arange(len(self.levels))
        codes: NDArray[np.int64] = np.minimum(position[both[len(self.levels) :]], self.codes - 1).astype(np.int64)
        return codes

    def decode(self, codes: NDArray[np.int64], chance: NDArray[np.float64]) -> pd.Series:
        """Return the values of codes (n,); of one that stands for many levels, the one that chance (n,) picks."""
        if self.codes < len(self.levels):
            rare = self.counts[self.codes - 1 :].cumsum()
            picked = np.searchsorted(rare, chance * rare[-1], side="right")
            codes = np.where(codes == self.codes - 1, codes + picked, codes)
        return self.levels.iloc[codes].reset_index(drop=True)


@dataclass(frozen=True)
class Number:
    """A column of values that lie between each other: its quantile function, and the form of its values."""

    is_number: ClassVar[bool] = True

    scores: NDArray[np.float32]  # (m,) quantiles of the standard normal, for every row without a missing value
    values: NDArray[Any]  # (m,) the column's quantiles: steps above the lowest, uint64; or floats; or wide integers
    lowest: np.uint64
    step: np.uint64
    kind: Any  # dtype of the numbers that stand for values
    back: Back
    gap: pd.Series  # a row without a value, or none
    dtype: Any  # of the column
    known: pd.Series  # (d,) distinct values, from the lowest up
    counts: NDArray[np.int64]  # (d,) rows of each

    @classmethod
    def of(
        cls, column: pd.Series, given: NDArray[Any], back: Back
    ) -> tuple[Number, NDArray[np.float32], NDArray[np.int64]]:
        """Return the kind of a column, its normal scores (n,), 0 where missing, and where it is missing (n,).

        ``given`` are the numbers (m,) that stand for the values which are not missing, ``back`` is the way back.
        """
        missing = is_missing(column)
        distinct, first, which, counts = np.unique(given, return_index=True, return_inverse=True, return_counts=True)
        # Of single precision, as networks speak, so that the score of a row leads back to its very value.
        scores = ndtri((np.arange(len(given)) + 0.5) / len(given)).astype(np.float32)
        found = np.zeros(len(column), np.float32)
        found[~missing] = _means(scores, counts)[which]
        lowest, step = np.uint64(0), np.uint64(1)
        if distinct.dtype.kind in "iu":
            lowest, step = distinct.view(np.uint64)[0], np.uint64(spacing(distinct))
            distinct = (distinct.view(np.uint64) - lowest) // step  # wraps around, and is exact
        values = np.repeat(distinct, counts)
        known = column[~missing].iloc[first].reset_index(drop=True)
        kind = cls(scores, values, lowest, step, given.dtype, back, column[missing][:1], column.dtype, known, counts)
        return kind, found, missing.astype(np.int64)

    @property
    def gaps(self) -> bool:
        """Whether values are missing."""
        return len(self.gap) > 0

    @property
    def fitted_to(self) -> pd.Series:
        """A column to which the same kind is fitted."""
        known = self.known.iloc[np.repeat(np.arange(len(self.known)), self.counts)]
        return pd.concat([known, self.gap], ignore_index=True)

    def encode(self, column: pd.Series) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Return the normal scores of values (n,), 0 where missing, and where they are missing (n,).

        One that was not seen lies between those that it is between.
        """
        missing = is_missing(column)
        found = np.zeros(len(column), np.float32)
        held = to_numbers(pd.concat([self.known, column[~missing]], ignore_index=True))
        if held is None:
            raise DataError(f"The column {shown(column.name)} holds other values than numbers: make them {self.dtype}.")
        known, given = held[0][: len(self.known)], held[0][len(self.known) :]
        scores = _means(self.scores, self.counts)
        after = np.searchsorted(known, given).clip(0, len(known) - 1)
        before = np.maximum(after - 1, 0)
        width, above = _gaps(known[after], known[before]), _gaps(given, known[before])
        share = np.where(width > 0, above / np.where(width > 0, width, 1), 1).clip(0, 1)
        between_them = scores[before] * (1 - share) + scores[after] * share
        found[~missing] = np.where(known[after] == given, scores[after], between_them)
        return found, missing.astype(np.int64)

    def decode(self, scores: NDArray[np.float32], missing: NDArray[np.int64] | None) -> pd.Series:
        """Return the values of normal scores (n,), except where they are ``missing`` (n,)."""
        rank = np.interp(scores, self.scores, np.arange(len(self.scores)))
        numbers = between(self.values, rank)
        if self.kind.kind in "iu":
            numbers = (numbers * self.step + self.lowest).view(self.kind)
        column = self.back(numbers).astype(self.dtype)
        if missing is None:
            return column
        which = np.where(missing == 1, len(column), np.arange(len(column)))
        return pd.concat([column, self.gap]).iloc[which].reset_index(drop=True)


def _means(scores: NDArray[np.float32], counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the mean of so many scores after each other (d,)."""
    means: NDArray[np.float64] = np.add.reduceat(scores, np.cumsum(counts) - counts, dtype=np.float64) / counts
    return means


def _gaps(numbers: NDArray[Any], below: NDArray[Any]) -> NDArray[np.float64]:
    """Return half of how far numbers (n,) are above others, which is always finite."""
    if numbers.dtype.kind in "iu":  # wraps around, and is exact
        return (numbers.view(np.uint64) - below.view(np.uint64)) / 2
    return (
        np.array(numbers / 2 - below / 2, np.float64)
        if numbers.dtype.kind == "f"
        else np.array((numbers - below) / 2, np.float64)
    )


def between(values: NDArray[Any], rank: NDArray[np.float64]) -> NDArray[Any]:
    """Return the quantiles at ranks (n,), which need not be whole: uint64 are rounded, objects the nearer of two."""
    before = rank.astype(np.int64)
    low, high = values[before], values[np.minimum(before + 1, len(values) - 1)]
    share = rank - before
    found: NDArray[Any]
    if values.dtype == np.uint64:
        found = low + np.minimum(np.rint(share * (high - low)).astype(np.uint64), high - low)
    elif values.dtype == object:
        found = np.where(share < 0.5, low, high)
    else:  # not low + share * (high - low), which may overflow
        found = np.clip(low * (1 - share) + high * share, low, high)
    return found


@dataclass(frozen=True)
class Columns:
    """What the columns of a table are, in their order: the way back from numbers and codes."""

    names: pd.Index
    kinds: tuple[Category | Number, ...]

    @property
    def levels(self) -> tuple[int, ...]:
        """How many values each column of codes takes."""
        counts = (kind.codes if isinstance(kind, Category) else 2 * kind.gaps for kind in self.kinds)
        return tuple(count for count in counts if count)

    def encode(self, frame: pd.DataFrame) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Return the numbers (n, N) and codes (n, B) of other rows (n, columns) of the same dtypes."""
        numbers: list[NDArray[np.float32]] = []
        codes: list[NDArray[np.int64]] = []
        for i, kind in enumerate(self.kinds):
            column = frame.iloc[:, i].reset_index(drop=True)
            if isinstance(kind, Category):
                codes.append(kind.encode(column))
                continue
            scores, missing = kind.encode(column)
            numbers.append(scores)
            codes += [missing] if kind.gaps else []
        return _stacked(numbers, codes, len(frame))

    def decode(
        self, numbers: NDArray[np.float32], codes: NDArray[np.int64], rows: NDArray[Any] | None = None
    ) -> pd.DataFrame:
        """Return the rows (n, columns) of numbers (n, N) and codes (n, B), with the names and dtypes of the table.

        Among levels that share a code chance picks, which depends on what networks made of the rows (n, W); without
        them on the numbers.
        """
        number, code = iter(numbers.T), iter(codes.T)
        crowded = any(isinstance(kind, Category) and kind.codes < len(kind.levels) for kind in self.kinds)
        count, seeds = len(self.kinds), numbers if rows is None else rows
        chances = iter(chance(seeds, count).T if crowded else np.zeros((count, len(codes))))
        found = [
            kind.decode(next(code), rolled)
            if isinstance(kind, Category)
            else kind.decode(next(number), next(code) if kind.gaps else None)
            for kind, rolled in zip(self.kinds, chances, strict=True)
        ]
        return pd.concat(found, axis=1).set_axis(self.names, axis=1)


def chance(rows: NDArray[Any], count: int) -> NDArray[np.float64]:
    """Return ``count`` numbers from 0 to 1 for each row (n, W) that depend on nothing but the row."""
    seeds = [int.from_bytes(hashlib.blake2b(row.tobytes(), digest_size=8).digest(), "little") for row in rows]
    return np.array([np.random.default_rng(seed).random(count) for seed in seeds]).reshape(len(rows), count)


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
        The table is empty, or a column holds infinite values, complex ones, those of several types, or lists and the
        like.
    """
    if not frame.size:
        raise DataError(f"The table has {len(frame)} rows and {frame.shape[1]} columns: give at least one of each.")
    kinds, numbers, codes = fit([frame.iloc[:, i].reset_index(drop=True) for i in range(frame.shape[1])])
    return Columns(frame.columns, kinds), *_stacked(numbers, codes, len(frame))


def fit(
    columns: Sequence[pd.Series],
) -> tuple[tuple[Category | Number, ...], list[NDArray[np.float32]], list[NDArray[np.int64]]]:
    """Return the kinds of columns, and what `encode` stacks; the same of what the kinds were ``fitted_to``."""
    kinds: list[Category | Number] = []
    numbers, codes = [], []
    given = [to_numbers(column[~is_missing(column)]) for column in columns]
    measures = [held is not None and len(np.unique(held[0])) > 2 for held in given]  # nothing lies between two
    rows = max(map(len, columns))
    rare = min(rows // RARE[0], RARE[1])
    for column, held, measure in zip(columns, given, measures, strict=True):
        if held is not None and measure:
            number, scores, missing = Number.of(column, *held)
            kinds.append(number)
            numbers.append(scores)
            codes += [missing] if number.gaps else []
        else:
            category, found = Category.of(column, rare)
            kinds.append(category)
            codes.append(found)
    return tuple(kinds), numbers, codes


def _stacked(
    numbers: Sequence[NDArray[np.float32]], codes: Sequence[NDArray[np.int64]], n: int
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    shapes = (len(numbers), n), (len(codes), n)
    return np.array(numbers, np.float32).reshape(shapes[0]).T, np.array(codes, np.int64).reshape(shapes[1]).T


def is_missing(column: pd.Series) -> NDArray[np.bool_]:
    """Tell where values (n,) are missing; not-a-number is, also for those types that could tell it from it."""
    missing = np.array(column.isna(), bool)
    if types.is_float_dtype(column.dtype):
        missing |= np.isnan(column.to_numpy(np.float64, na_value=np.nan))
    return missing


def check_levels(column: pd.Series) -> None:
    """Refuse a column of values that no two rows can share, or of which nobody knows the type."""
    dtype: Any = column.dtype
    nested = isinstance(dtype, pd.ArrowDtype) and pa.types.is_nested(dtype.pyarrow_dtype)
    if nested or (types.is_object_dtype(dtype) and not all(map(types.is_hashable, column))):
        raise DataError(
            f"The column {shown(column.name)} holds values that are neither numbers nor text: drop or convert it."
        )
    if types.is_object_dtype(dtype) and types.infer_dtype(column).startswith("mixed"):
        kinds = sorted({type(value).__name__ for value in column[~is_missing(column)]})
        if len(kinds) > 1:
            raise DataError(
                f"The column {shown(column.name)} holds values of several types, {' and '.join(kinds)}: make them one."
            )
