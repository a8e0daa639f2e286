"""How a column of a DataFrame is kept in Arrow, so that its dtype and its values come back to the last bit.

A form is what JSON holds of a dtype: ``{"kind": "zoned", "unit": "us", "zone": "Europe/Rome"}``. Columns are stored as
what other readers of Parquet take them for, numbers, times, text; a category as its value. pandas' own metadata is not
used, as it knows nothing of periods, intervals, sparse columns, or of what objects are.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
import pandas as pd
import pyarrow as pa
from pandas.api import types

from ganaug.data.text import shown
from ganaug.errors import DataError

Form = dict[str, Any]

_MISSING = {"None": None, "nan": np.nan, "NA": pd.NA, "NaT": pd.NaT}


def form_of(column: pd.Series) -> Form:
    """Return the form of a column; `DataError` where its values cannot be kept."""
    dtype: Any = column.dtype
    if types.is_object_dtype(dtype):
        return {"kind": "object", **_objects(column)}
    if isinstance(dtype, (pd.CategoricalDtype, pd.IntervalDtype)):
        return _nested(column, dtype)
    if isinstance(dtype, np.dtype) and dtype.kind in "biufmM":
        return {"kind": "numpy", "dtype": dtype.str if dtype.kind in "mM" else dtype.name}
    if isinstance(dtype, pd.DatetimeTZDtype):
        return {"kind": "zoned", "unit": dtype.unit, "zone": _zone(column)}
    if isinstance(dtype, pd.StringDtype):
        return {"kind": "string", "storage": dtype.storage, "missing": "NA" if dtype.na_value is pd.NA else "nan"}
    if isinstance(dtype, pd.ArrowDtype):
        return {"kind": "arrow", "type": _pack_type(dtype.pyarrow_dtype)}
    if isinstance(dtype, pd.PeriodDtype):
        return {"kind": "period", "frequency": _frequency(dtype)}
    if isinstance(dtype, pd.SparseDtype):
        return {"kind": "sparse", "dtype": dtype.subtype.name, "fill": repr(np.asarray(dtype.fill_value).item())}
    if hasattr(dtype, "numpy_dtype"):  # Int64, Float32, boolean
        return {"kind": "nullable", "dtype": dtype.name}
    raise DataError(f"The column {shown(column.name)} is of type {dtype}, which cannot be stored: convert it.")


def _nested(column: pd.Series, dtype: pd.CategoricalDtype | pd.IntervalDtype) -> Form:
    """Return the form of a column whose values are made of those of another."""
    if isinstance(dtype, pd.IntervalDtype):
        left = pd.Series(column.array.left, name=column.name)
        return {"kind": "interval", "closed": dtype.closed, "of": form_of(left)}
    values = pd.Series(dtype.categories, name=column.name)
    return {"kind": "category", "ordered": bool(dtype.ordered), "of": form_of(values), "values": pack(values)}


def arrow_type(form: Form) -> pa.DataType:
    """Return the Arrow type in which columns of a form are stored."""
    kind = form["kind"]
    if kind == "numpy":
        return pa.from_numpy_dtype(np.dtype(form["dtype"]))
    if kind == "zoned":
        return pa.timestamp(form["unit"], form["zone"])
    if kind == "category":
        return arrow_type(form["of"])
    if kind == "arrow":
        held = _unpack_type(form["type"])
        return held.value_type if pa.types.is_dictionary(held) else held
    if kind == "interval":
        bound = arrow_type(form["of"])
        return pa.struct([("left", bound), ("right", bound)])
    if kind == "sparse":
        return pa.from_numpy_dtype(np.dtype(form["dtype"]))
    if kind == "object":
        return _OBJECTS[form["of"]].type
    if kind == "nullable":
        return pa.from_numpy_dtype(_dtype(form["dtype"]).numpy_dtype)
    return {"string": pa.string(), "period": pa.int64()}[kind]


def to_arrow(column: pd.Series, form: Form) -> pa.Array:
    """Return a column (n,) of this form as it is stored."""
    kind, held = form["kind"], arrow_type(form)
    if kind == "category":
        values = pd.Series(column.cat.categories)
        codes = column.cat.codes.to_numpy()
        return to_arrow(values, form["of"]).take(pa.array(codes, pa.int64(), mask=codes < 0))
    if kind == "period":
        return pa.array(column.array.asi8, held, mask=column.isna().to_numpy())
    if kind == "interval":
        bounds = [to_arrow(pd.Series(side), form["of"]) for side in (column.array.left, column.array.right)]
        return pa.StructArray.from_arrays(bounds, ["left", "right"], mask=pa.array(column.isna().to_numpy()))
    if kind == "sparse":
        column = column.astype(form["dtype"])
    if kind == "object":
        encode = _OBJECTS[form["of"]].encode
        cells = [None if _is_missing(value) else encode(value) for value in column]
        return pa.array(cells, held)
    if kind == "arrow":
        found = pa.chunked_array(column.array.__arrow_array__()).combine_chunks()
        found = found.combine_chunks() if isinstance(found, pa.ChunkedArray) else found
        return found.dictionary_decode() if pa.types.is_dictionary(found.type) else found
    found = pa.array(column, held, from_pandas=True)
    return found.combine_chunks() if isinstance(found, pa.ChunkedArray) else found


def from_arrow(array: pa.Array, form: Form) -> pd.Series:
    """Return the column (n,) that was stored; `DataError` or `ValueError` where it is damaged."""
    array = array.cast(arrow_type(form))  # Parquet has no seconds, and no large text
    kind = form["kind"]
    if kind == "category":
        dtype: Any = pd.CategoricalDtype(unpack(form["values"], form["of"]), form["ordered"])
        given, codes = ~np.asarray(array.is_null()), np.full(len(array), -1)
        codes[given] = dtype.categories.get_indexer(from_arrow(array.drop_null(), form["of"]))
        if (codes[given] < 0).any():
            raise DataError("a category is of no level")
        return pd.Series(pd.Categorical.from_codes(codes, dtype=dtype))
    if kind == "numpy":
        return _numpy(array, np.dtype(form["dtype"]))
    if kind == "sparse":
        dtype = np.dtype(form["dtype"])
        fill = form["fill"] == "True" if dtype.kind == "b" else float(form["fill"])
        return _numpy(array, dtype).astype(pd.SparseDtype(dtype, dtype.type(fill)))
    if kind == "zoned":
        return pd.Series(array.to_pandas()).astype(pd.DatetimeTZDtype(form["unit"], form["zone"]))
    if kind == "period":
        ordinals = np.where(array.is_null(), np.iinfo(np.int64).min, array.fill_null(0).to_numpy())
        return pd.Series(pd.arrays.PeriodArray(ordinals, dtype=pd.PeriodDtype(form["frequency"])))
    if kind == "interval":
        left, right = (from_arrow(array.field(side), form["of"]) for side in ("left", "right"))
        return pd.Series(pd.arrays.IntervalArray.from_arrays(left.array, right.array, closed=form["closed"]))
    if kind == "object":
        decode, missing = _OBJECTS[form["of"]].decode, _MISSING[form["missing"]]
        cells = np.empty(len(array), object)
        cells[:] = [missing if cell is None else decode(cell) for cell in array.to_pylist()]
        return pd.Series(cells, dtype=object)
    return _extension(array, form)


def pack(column: pd.Series) -> str:
    """Write the values of a short column as text."""
    return base64.b64encode(to_bytes(to_arrow(column, form_of(column)))).decode("ascii")


def unpack(text: str, form: Form) -> pd.Series:
    """Read what `pack` wrote."""
    return from_arrow(from_bytes(base64.b64decode(text)), form)


def to_bytes(array: pa.Array) -> bytes:
    """Write an array in Arrow's IPC form."""
    sink = pa.BufferOutputStream()
    batch = pa.RecordBatch.from_arrays([array], ["values"])
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    return bytes(sink.getvalue())


def from_bytes(data: bytes) -> pa.Array:
    """Read what `to_bytes` wrote; `ValueError` where it is damaged."""
    try:
        with pa.ipc.open_stream(data) as reader:
            batch = reader.read_all().combine_chunks()
        batch.validate(full=True)
        column = batch.column(0)
    except (pa.ArrowException, OSError, IndexError) as error:
        raise ValueError(f"damaged columns ({error})") from None
    return column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)


def _numpy(array: pa.Array, dtype: np.dtype[Any]) -> pd.Series:
    if dtype.kind not in "fmM" and array.null_count:
        raise DataError(f"a value is missing among {dtype.name}")
    if dtype.kind in "mM":
        whole = array.view(pa.int64()).fill_null(np.iinfo(np.int64).min)
        return pd.Series(whole.to_numpy().view(dtype))
    return pd.Series(array.to_numpy(zero_copy_only=False).astype(dtype, copy=False))


def _extension(array: pa.Array, form: Form) -> pd.Series:
    """Return a column whose type pandas makes of Arrow itself."""
    if form["kind"] == "arrow":
        held = _unpack_type(form["type"])
        if pa.types.is_dictionary(held):
            array = array.dictionary_encode().cast(held)
        return pd.Series(pd.arrays.ArrowExtensionArray(array))
    if form["kind"] == "string":
        dtype: Any = pd.StringDtype(form["storage"], na_value=pd.NA if form["missing"] == "NA" else np.nan)
    else:
        dtype = _dtype(form["dtype"])
    return pd.Series(dtype.__from_arrow__(array))


def _dtype(name: str) -> Any:
    return types.pandas_dtype(name)


def _zone(column: pd.Series) -> str:
    zone = str(column.dt.tz)
    try:
        pd.DatetimeTZDtype("ns", zone)
    except (TypeError, KeyError, ValueError):
        raise DataError(
            f"The column {shown(column.name)} has times in the zone {zone}, which has no name of its own: "
            "convert them to UTC."
        ) from None
    return zone


def _pack_type(held: pa.DataType) -> str:
    return base64.b64encode(pa.schema([("", held)]).serialize()).decode("ascii")


def _unpack_type(text: str) -> pa.DataType:
    return pa.ipc.read_schema(pa.py_buffer(base64.b64decode(text))).field(0).type


# Objects


class _Objects(NamedTuple):
    """How Python objects of a class are stored."""

    held: type | tuple[type, ...]
    type: pa.DataType
    encode: Callable[[Any], Any]
    decode: Callable[[Any], Any]


def _same(value: Any) -> Any:
    return value


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


def _frequency(dtype: pd.PeriodDtype) -> str:
    return dtype.name.removeprefix("period[").removesuffix("]")  # the offset's own name may be another: ME for M


def _of_interval(value: pd.Interval) -> str:
    return json.dumps([*(np.asarray(bound).item() for bound in (value.left, value.right)), value.closed])


def _to_period(text: str) -> pd.Period:
    frequency, _, ordinal = text.partition(" ")
    return pd.Period(ordinal=int(ordinal), freq=frequency)


_OBJECTS: Mapping[str, _Objects] = {  # a class before those that it is derived from
    "text": _Objects(str, pa.string(), str, _same),
    "bytes": _Objects(bytes, pa.binary(), _same, _same),
    "truth": _Objects((bool, np.bool_), pa.bool_(), bool, _same),
    "integer": _Objects((int, np.integer), pa.int64(), int, _same),
    "wide": _Objects((int, np.integer), pa.string(), str, int),
    "number": _Objects((int, float, np.integer, np.floating), pa.float64(), float, _same),
    "decimal": _Objects(Decimal, pa.string(), str, Decimal),
    "timestamp": _Objects(pd.Timestamp, pa.string(), pd.Timestamp.isoformat, pd.Timestamp),
    "datetime": _Objects(datetime, pa.string(), datetime.isoformat, datetime.fromisoformat),
    "date": _Objects(date, pa.date32(), _same, _same),
    "time": _Objects(time, pa.string(), time.isoformat, time.fromisoformat),
    "timedelta": _Objects(pd.Timedelta, pa.string(), pd.Timedelta.isoformat, pd.Timedelta),
    "span": _Objects(timedelta, pa.duration("us"), _same, _same),
    "period": _Objects(
        pd.Period, pa.string(), lambda value: f"{_frequency(pd.PeriodDtype(value.freq))} {value.ordinal}", _to_period
    ),
    "uuid": _Objects(UUID, pa.string(), str, UUID),
    "fraction": _Objects(Fraction, pa.string(), str, Fraction),
    "interval": _Objects(pd.Interval, pa.string(), _of_interval, lambda text: pd.Interval(*json.loads(text))),
    "tuple": _Objects(tuple, pa.string(), json.dumps, lambda text: _tuples(json.loads(text))),
}


def _objects(column: pd.Series) -> Form:
    """Find out what a column's objects are, and which of many ways to be missing is theirs."""
    missing = [_is_missing(value) for value in column]
    markers = [value for value, gone in zip(column, missing, strict=True) if gone]
    values = [value for value, gone in zip(column, missing, strict=True) if not gone]
    marker = next(
        (name for name, value in _MISSING.items() if markers and value is markers[0]), "nan" if markers else "None"
    )
    for name, how in _OBJECTS.items():
        if all(isinstance(value, how.held) for value in values) and not (
            name in ("integer", "number") and any(isinstance(value, bool) for value in values)
        ):
            try:
                encoded = pa.array([how.encode(value) for value in values], how.type)
                if [how.decode(cell) for cell in encoded.to_pylist()] == values:
                    return {"of": name, "missing": marker}
            except (ValueError, TypeError, OverflowError, pa.ArrowException):
                continue
    kinds = " and ".join(sorted({type(value).__name__ for value in values}))
    raise DataError(
        f"The column {shown(column.name)} holds {kinds} objects, which cannot be stored: make them numbers or text."
    )


def _is_missing(value: Any) -> bool:
    return value is None or (types.is_scalar(value) and bool(pd.isna(value)))
