"""A column of every type that pandas knows, and what has to hold for a value of each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timezone
from decimal import Decimal
from fractions import Fraction
from numbers import Integral
from typing import Any
from uuid import UUID

import numpy as np
import pandas as pd
import pyarrow as pa

N = 12
HUGE = 2**60  # beside it, floats are 256 apart
DAYS = np.array([0, 1, 3, 4, 8, 9, 13, 20, 21, 40, 99, 100])
WHOLE = np.array([-7, -3, 0, 1, 2, 4, 5, 9, 11, 30, 70, 101])
CENTS = (WHOLE + 100) / 100


@dataclass(frozen=True)
class Kind:
    """A column, and whether a value is on its grid; None: all its values are those of the column."""

    column: pd.Series
    on_grid: Callable[[Any], bool] | None

    @property
    def with_gaps(self) -> pd.Series:
        """The column with every third value missing, in the type's own way."""
        return self.column.where(np.arange(N) % 3 != 1)


def arrow(values: Any, dtype: pa.DataType) -> pd.Series:
    return pd.Series(pd.arrays.ArrowExtensionArray(pa.array(values, dtype)))


def objects(values: Any) -> pd.Series:
    return pd.Series(list(values), dtype=object)


def is_integer(value: Any) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)


def is_midnight(value: pd.Timestamp | datetime) -> bool:
    return pd.Timestamp(value) == pd.Timestamp(value).normalize()


def cents(single: type) -> Callable[[Any], bool]:
    return lambda value: single(round(float(value), 2)) == value


def two_decimals(value: Decimal) -> bool:
    return value.as_tuple().exponent == -2


def of_numbers() -> dict[str, Kind]:
    found = {}
    for bits in (8, 16, 32, 64):
        for signed in ("int", "uint"):
            name, low = f"{signed}{bits}", 0 if signed == "uint" else -7
            column = pd.Series((WHOLE + 7 + low).astype(name))
            found[name] = Kind(column, is_integer)
            found[f"nullable {name}"] = Kind(column.astype(name.replace("i", "I").replace("u", "U")), is_integer)
            found[f"arrow {name}"] = Kind(column.astype(pd.ArrowDtype(getattr(pa, name)())), is_integer)
    for bits, single in ((16, np.float16), (32, np.float32), (64, np.float64)):
        column = pd.Series(CENTS.astype(single))
        found[f"float{bits}"] = Kind(column, cents(single))
        found[f"arrow float{bits}"] = Kind(column.astype(pd.ArrowDtype(getattr(pa, f"float{bits}")())), cents(single))
        if bits > 16:
            found[f"nullable float{bits}"] = Kind(column.astype(f"Float{bits}"), cents(single))
    tenths = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 1.1, 1.3, 2.7, 3.1, 3.3, 9.9])
    found["float, continuous"] = Kind(pd.Series(np.sqrt(tenths)), lambda value: True)
    found["float, huge"] = Kind(pd.Series(tenths * 1e307 * (-1) ** np.arange(N)), lambda value: True)
    found["float, seven decimals"] = Kind(pd.Series(WHOLE / 1e7), lambda value: round(value, 7) == value)
    found["float, quarters"] = Kind(pd.Series(WHOLE / 4), lambda value: (4 * value).is_integer())
    found["float, hundreds"] = Kind(pd.Series(WHOLE * 100.0), lambda value: value % 100 == 0)
    wide = [HUGE + int(value) for value in WHOLE]
    found["int64, huge"] = Kind(pd.Series(wide), is_integer)
    found["nullable int64, huge"] = Kind(pd.Series(wide, dtype="Int64"), is_integer)
    found["arrow int64, huge"] = Kind(pd.Series(wide).astype(pd.ArrowDtype(pa.int64())), is_integer)
    found["uint64, huge"] = Kind(pd.Series([2**64 - 1 - 3 * i for i in range(N)], dtype="uint64"), is_integer)
    ends = np.iinfo(np.int64)
    found["int64, widest"] = Kind(pd.Series([ends.min, ends.max, *range(N - 2)]), is_integer)
    found["sparse"] = Kind(
        pd.Series(pd.arrays.SparseArray(np.maximum(WHOLE, 0) * 1.0, fill_value=0.0)), float.is_integer
    )
    found["object, integers"] = Kind(objects(WHOLE.tolist()), is_integer)
    found["object, huge integers"] = Kind(objects(wide), is_integer)
    found["object, wider than 64 bits"] = Kind(objects(HUGE**2 + 3 * i for i in range(N)), is_integer)
    found["object, floats"] = Kind(objects(CENTS.tolist()), cents(float))
    found["object, decimals"] = Kind(objects(Decimal(f"{value:.2f}") for value in CENTS), two_decimals)
    found["arrow decimal128"] = Kind(arrow([Decimal(f"{v:.2f}") for v in CENTS], pa.decimal128(10, 2)), two_decimals)
    found["arrow decimal128, long"] = Kind(
        arrow([Decimal(f"{HUGE**2 + i}e-2") for i in range(N)], pa.decimal128(38, 2)), two_decimals
    )
    return found


def of_times() -> dict[str, Kind]:
    found = {}
    days = pd.Series(pd.Timestamp("2024-03-01") + pd.to_timedelta(DAYS, "D"))  # the clocks change after 30
    stamps = pd.Series(pd.to_datetime(1_700_000_000_000_000_000 + WHOLE))
    for unit in ("s", "ms", "us", "ns"):
        column = days.dt.as_unit(unit)
        found[f"datetime64[{unit}]"] = Kind(column, is_midnight)
        found[f"arrow timestamp[{unit}]"] = Kind(column.astype(pd.ArrowDtype(pa.timestamp(unit))), is_midnight)
        for zone in ("UTC", "Europe/Rome"):
            there = column.dt.tz_localize(zone)
            found[f"datetime64[{unit}, {zone}]"] = Kind(there, is_midnight)
            kind = pd.ArrowDtype(pa.timestamp(unit, zone))
            found[f"arrow timestamp[{unit}, {zone}]"] = Kind(there.astype(kind), is_midnight)
        spans = column - column[0]
        found[f"timedelta64[{unit}]"] = Kind(
            spans, lambda value: pd.Timedelta(value) % pd.Timedelta("1D") == pd.Timedelta(0)
        )
        found[f"arrow duration[{unit}]"] = Kind(
            spans.astype(pd.ArrowDtype(pa.duration(unit))), found[f"timedelta64[{unit}]"].on_grid
        )
    found["datetime64[ns], nanoseconds"] = Kind(stamps, lambda value: True)
    found["datetime64[ns, Europe/Rome], nanoseconds"] = Kind(stamps.dt.tz_localize("Europe/Rome"), lambda value: True)
    hours = pd.Series(pd.date_range("2024-10-27", periods=N, freq="h", tz="Europe/Rome"))  # the clocks change after 3
    found["hours, one of them twice"] = Kind(hours, lambda value: (value.minute, value.second) == (0, 0))
    for frequency in ("D", "M", "Q-DEC", "W-SUN", "h"):
        periods = pd.Series(pd.PeriodIndex.from_ordinals(DAYS, freq=frequency))
        found[f"period[{frequency}]"] = Kind(periods, lambda value: isinstance(value, pd.Period))
    dates = [day.date() for day in days]
    found["arrow date32"] = Kind(arrow(dates, pa.date32()), lambda value: isinstance(value, date))
    found["arrow date64"] = Kind(arrow(dates, pa.date64()), lambda value: isinstance(value, date))
    found["object, dates"] = Kind(objects(dates), lambda value: type(value) is date)
    found["object, times"] = Kind(objects(datetime.combine(day, time()) for day in dates), is_midnight)
    aware = (datetime.combine(day, time(), timezone.utc) for day in dates)
    found["object, times with a zone"] = Kind(objects(aware), is_midnight)
    found["object, periods"] = Kind(
        objects(pd.period_range("2024-01", periods=N, freq="M")), lambda value: isinstance(value, pd.Period)
    )
    return found


def of_levels() -> dict[str, pd.Series]:
    letters = pd.Series(list("abcabcabdaab"), dtype=object)
    truth = pd.Series(np.arange(N) % 4 == 0)
    return {
        "bool": truth,
        "boolean": truth.astype("boolean"),
        "arrow bool": truth.astype(pd.ArrowDtype(pa.bool_())),
        "object, bool": truth.astype(object),
        "sparse, bool": truth.astype(pd.SparseDtype(bool)),
        "object, strings": letters,
        "str": letters.astype("str"),
        "string": letters.astype("string"),
        "string[pyarrow]": letters.astype("string[pyarrow]"),
        "arrow string": letters.astype(pd.ArrowDtype(pa.string())),
        "arrow large_string": letters.astype(pd.ArrowDtype(pa.large_string())),
        "arrow binary": arrow([letter.encode() for letter in letters], pa.binary()),
        "arrow dictionary": letters.astype(pd.ArrowDtype(pa.dictionary(pa.int32(), pa.string()))),
        "object, bytes": letters.map(str.encode),
        "category of strings": pd.Series(pd.Categorical(letters, [*"abcdz"])),
        "category of strings, ordered": pd.Series(pd.Categorical(letters, [*"dzcba"], ordered=True)),
        "category of integers": pd.Series(pd.Categorical(WHOLE % 5, [9, 4, 3, 2, 1, 0])),
        "category of times": pd.Series(pd.Categorical(pd.date_range("2024", periods=N))),
        "interval": pd.Series(pd.cut(WHOLE, [-10, 0, 10, 200]).astype("interval")),
        "category of intervals": pd.Series(pd.cut(WHOLE, [-10, 0, 10, 200])),
        "arrow time32": arrow([time(hour) for hour in range(N)], pa.time32("s")),
        "object, clock times": objects(time(hour) for hour in range(N)),
        "object, UUIDs": objects(UUID(int=i) for i in range(N)),
        "object, tuples": objects((i % 3, 1) for i in range(N)),
        "object, fractions": objects(Fraction(i, 7) for i in range(N)),
        "two floats": pd.Series([0.1, 0.3] * (N // 2)),
        "constant int16": pd.Series([7] * N, dtype="int16"),
        "constant time": pd.Series([pd.Timestamp("2024-03-01 12:34:56.789")] * N),
    }


KINDS = of_numbers() | of_times() | {name: Kind(column, None) for name, column in of_levels().items()}
CANNOT_MISS = {
    name
    for name, kind in KINDS.items()
    if isinstance(kind.column.dtype, (np.dtype, pd.SparseDtype)) and kind.column.dtype.kind in "iub"
}
REFUSED = {
    "complex64": (pd.Series([1j, 2j, 3] * 4, dtype="complex64"), "complex"),
    "complex128": (pd.Series([1j, 2j, 3] * 4), "complex"),
    "object, complex": (objects([1j, 2j, 3j] * 4), "complex"),
    "object, integers and text": (objects([1, "a", 2] * 4), "several types, int and str"),
    "object, floats and text": (objects([1.5, "a", None] * 4), "several types, float and str"),
    "object, bool and integers": (objects([True, 1, 0] * 4), "several types, bool and int"),
    "object, huge integers and floats": (objects([2**60 + 1, 0.5, 1] * 4), "several types, float and int"),
    "object, text and bytes": (objects(["a", b"a", None] * 4), "several types, bytes and str"),
    "object, lists": (objects([[1], [2], None] * 4), "neither numbers nor text"),
    "object, dicts": (objects([{}, {1: 2}, {}] * 4), "neither numbers nor text"),
    "object, sets": (objects([{1}, {2}, {3}] * 4), "neither numbers nor text"),
    "object, arrays": (objects([np.arange(2)] * 12), "neither numbers nor text"),
    "object, lists in tuples": (objects([([],)] * 12), "neither numbers nor text"),
    "arrow list": (arrow([[1], [2], None] * 4, pa.list_(pa.int64())), "neither numbers nor text"),
    "arrow struct": (arrow([{"a": 1}, None, {"a": 2}] * 4, pa.struct({"a": pa.int64()})), "neither numbers nor text"),
    "infinite": (pd.Series([1, np.inf, 2, np.nan] * 3), "infinite"),
    "infinite float16": (pd.Series([1, -np.inf, 2, np.nan] * 3, dtype="float16"), "infinite"),
    "infinite, two values": (pd.Series([1, np.inf] * 6), "infinite"),
    "infinite Float64": (pd.Series([1, np.inf, 2, None] * 3, dtype="Float64"), "infinite"),
    "infinite arrow": (arrow([1, np.inf, 2, None] * 3, pa.float32()), "infinite"),
    "infinite object": (objects([1.5, np.inf, 2.5] * 4), "infinite"),
    "infinite decimal": (objects([Decimal("Infinity"), Decimal(1), None] * 4), "infinite"),
}  # fmt: skip
if np.dtype(np.longdouble).itemsize > 8:
    REFUSED["longdouble"] = pd.Series(np.arange(12, dtype=np.longdouble)), "convert it to float64"


# One of every type that tells itself from the others beside another column.
PAIRED = [
    "bool", "int8", "uint64, huge", "int64, huge", "float16", "float32", "float64", "datetime64[s]",
    "datetime64[ns], nanoseconds", "datetime64[us, Europe/Rome]", "timedelta64[ns]", "object, strings",
    "object, decimals", "object, dates", "object, integers", "nullable int64, huge", "nullable uint8",
    "nullable float32", "boolean", "str", "string", "category of strings, ordered", "category of integers",
    "period[M]", "interval", "sparse", "arrow int64", "arrow float64", "arrow bool", "arrow string",
    "arrow date32", "arrow timestamp[us, UTC]", "arrow duration[s]", "arrow decimal128", "arrow dictionary",
]  # fmt: skip
