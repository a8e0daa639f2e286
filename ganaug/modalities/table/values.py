"""Columns whose values have an order and lie between each other, as exact whole numbers wherever they are exact.

Integers, times, periods, dates and decimals become int64 or uint64, whatever is wider Python's integers. So do floats
that are rounded to a decimal: what counts is whether the whole numbers, divided, give the same floats of that type.
Only floats that are not rounded stay floats. Nothing here sees a missing value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray
from pandas.api import types

from ganaug.data.text import shown
from ganaug.errors import DataError

DIGITS = 22  # after the point, at most: 10**22 is the largest power of ten that is exact as a float
EXACT = 2**53  # above it floats are further apart than whole numbers

_A_SECOND = {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9}  # in the units that pandas knows

Back = Callable[[NDArray[Any]], pd.Series]  # from numbers to values, of a dtype that the column's own can be made of


def to_numbers(column: pd.Series) -> tuple[NDArray[Any], Back] | None:
    """Return the numbers (n,) that stand for a column (n,) without missing values, and the way back.

    Numbers are int64, uint64, float64, or objects: integers too wide for 64 bits. None: its values are levels.

    Raises
    ------
    DataError
        The column holds infinite or complex values, or floats of more than double precision.
    """
    plain = _plain(column)
    dtype: Any = plain.dtype
    held = types.infer_dtype(plain) if dtype.kind == "O" and len(plain) else ""
    if dtype.kind == "c" or held == "complex":
        raise DataError(
            f"The column {shown(column.name)} holds complex numbers: make their real and imaginary part columns."
        )
    if dtype.kind == "f":
        return _of_floats(plain)
    if dtype.kind in "iu":
        return plain.to_numpy(np.int64 if dtype.kind == "i" else np.uint64), pd.Series
    if dtype.kind == "M":
        return _of_times(plain)
    if dtype.kind == "m":
        return plain.to_numpy().view(np.int64), partial(_to_times, kind=plain.to_numpy().dtype)
    if isinstance(dtype, pd.PeriodDtype):
        return plain.array.asi8, partial(_to_periods, dtype=dtype)
    if held == "date":
        return np.array([day.toordinal() for day in plain]), _to_dates
    if held == "decimal":
        return _of_decimals(plain)
    if held == "integer":
        return _whole(plain), pd.Series
    return None


def to_floats(column: pd.Series) -> NDArray[np.float64] | None:
    """Return what a column (n,) without missing values measures, times in seconds, whatever else it holds.

    For what needs no exact value: plots, distances, classifiers. None: its values are levels.
    """
    if column.empty:
        return np.empty(0)
    plain = _plain(column)
    dtype: Any = plain.dtype
    held = types.infer_dtype(plain) if dtype.kind == "O" else ""
    if dtype.kind in "fiu" or held in ("decimal", "integer"):
        return plain.to_numpy(np.float64)
    if dtype.kind in "mM":
        if getattr(dtype, "tz", None) is not None:
            plain = plain.dt.tz_convert(None)
        values = plain.to_numpy()
        unit, count = np.datetime_data(values.dtype)
        return np.asarray(values.view(np.int64) * float(count) / _A_SECOND[unit], np.float64)
    if isinstance(dtype, pd.PeriodDtype):
        return np.asarray(plain.array.asi8, np.float64)
    if held == "date":
        return np.array([day.toordinal() for day in plain], np.float64)
    return None


def measured(column: pd.Series) -> NDArray[np.float64]:
    """Do the same for a column that measures something; `DataError` where it does not."""
    found = to_floats(column)
    if found is None:
        raise DataError(f"The column {shown(column.name)} holds other values than numbers and times: convert it.")
    return found


def spacing(numbers: NDArray[Any]) -> int:
    """Return the largest whole number of which all the differences between int64 or uint64 (n,) are multiples."""
    found = np.gcd.reduce(numbers.view(np.uint64) - numbers.view(np.uint64)[numbers.argmin()])
    return int(found) or 1


def _plain(column: pd.Series) -> pd.Series:
    """Return a column without what does not matter here: sparseness, Arrow, objects that are numbers or times."""
    dtype: Any = column.dtype
    if isinstance(dtype, pd.SparseDtype):
        return column.astype(dtype.subtype)
    if isinstance(dtype, pd.ArrowDtype):
        held = dtype.pyarrow_dtype
        if pa.types.is_date(held) or pa.types.is_decimal(held):
            return column.astype(object)
        if dtype.kind in "mM":
            zone = getattr(held, "tz", None)
            return column.astype(
                pd.DatetimeTZDtype(held.unit, zone) if zone else np.dtype(f"{dtype.kind}8[{held.unit}]")
            )
        return column
    if types.is_object_dtype(dtype) and types.infer_dtype(column) not in ("string", "boolean"):
        found = column.infer_objects()
        return found if not types.is_object_dtype(found) and (found.astype(object) == column).all() else column
    return column


def _infinite(column: pd.Series) -> DataError:
    return DataError(f"The column {shown(column.name)} holds an infinite value: drop that row, or leave it empty.")


def _of_floats(column: pd.Series) -> tuple[NDArray[Any], Back]:
    width = getattr(column.dtype, "itemsize", 8)
    if width > 8:
        raise DataError(f"The column {shown(column.name)} holds {column.dtype} numbers: convert it to float64.")
    given = column.to_numpy(np.dtype(f"f{width}"))
    wide = given.astype(np.float64)
    if not np.isfinite(wide).all():
        raise _infinite(column)
    largest = float(np.abs(wide).max(initial=0))
    for digits in range(DIGITS + 1):
        if largest * 10.0**digits >= EXACT:
            break
        whole = np.rint(wide * 10.0**digits)
        if np.array_equal((whole / 10.0**digits).astype(given.dtype), given):
            return whole.astype(np.int64), partial(_to_floats, digits=digits)
    return wide, pd.Series


def _to_floats(numbers: NDArray[np.int64], digits: int) -> pd.Series:
    return pd.Series(numbers / 10.0**digits)


def _of_times(column: pd.Series) -> tuple[NDArray[np.int64], Back]:
    """Take times with a zone as their clocks show them, where that is the coarser grid: midnights stay midnights."""
    zone = column.dt.tz
    if zone is None:
        return column.to_numpy().view(np.int64), partial(_to_times, kind=column.to_numpy().dtype)
    instants, clocks = (naive.to_numpy() for naive in (column.dt.tz_convert(None), column.dt.tz_localize(None)))
    by_clock = partial(_to_times, kind=clocks.dtype, zone=zone, by_clock=True)
    day = int(pd.Timedelta(days=1).as_unit(np.datetime_data(clocks.dtype)[0]).to_numpy().view(np.int64))  # type: ignore[arg-type]
    clocks = clocks.view(np.int64)
    daily = spacing(clocks) % day == 0  # a few instants may have a wider spacing by coincidence
    if (daily or spacing(clocks) > spacing(instants.view(np.int64))) and (by_clock(clocks) == column.to_numpy()).all():
        return clocks, by_clock
    return instants.view(np.int64), partial(_to_times, kind=instants.dtype, zone=zone)


def _to_times(numbers: NDArray[np.int64], kind: Any, zone: Any = None, by_clock: bool = False) -> pd.Series:
    times = pd.Series(numbers.view(kind))
    if by_clock:  # in the order of the clock, so that nothing leaves the range: of two equal hours, the first
        first = np.ones(len(numbers), bool)
        return times.dt.tz_localize(zone, ambiguous=first, nonexistent="shift_forward")
    return times if zone is None else times.dt.tz_localize("UTC").dt.tz_convert(zone)


def _to_periods(numbers: NDArray[np.int64], dtype: Any) -> pd.Series:
    return pd.Series(pd.arrays.PeriodArray(numbers, dtype=dtype))


def _to_dates(numbers: NDArray[np.int64]) -> pd.Series:
    return pd.Series([date.fromordinal(number) for number in numbers.tolist()], dtype=object)


def _of_decimals(column: pd.Series) -> tuple[NDArray[Any], Back]:
    if not all(value.is_finite() for value in column):
        raise _infinite(column)
    digits = max(0, *(-int(value.as_tuple().exponent) for value in column))
    ratios = (value.as_integer_ratio() for value in column)
    return _whole(above * 10**digits // below for above, below in ratios), partial(_to_decimals, digits=digits)


def _to_decimals(numbers: NDArray[Any], digits: int) -> pd.Series:
    return pd.Series([Decimal(f"{number}e-{digits}") for number in numbers.tolist()], dtype=object)


def _whole(numbers: Iterable[int]) -> NDArray[Any]:
    """Return Python's integers (n,) as int64, or as they are where that is too narrow."""
    found = [int(number) for number in numbers]
    try:
        return np.array(found, np.int64)
    except OverflowError:
        return np.array(found, object)
