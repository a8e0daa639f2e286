"""Rows of a table in Arrow, and what their content is called."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from ganaug.modalities.base import Ids
from ganaug.modalities.table.forms import arrow_type, form_of, from_arrow, to_arrow
from ganaug.modalities.table.spec import TableSpec

_NAMES = {"double": "float64", "float": "float32", "halffloat": "float16"}  # as `datasets` calls Arrow's types
CELL = 16  # bytes of a value's digest


def schema(spec: TableSpec) -> pa.Schema:
    """Return the Arrow columns of a table."""
    return pa.schema([(column.stored, arrow_type(column.form)) for column in spec.columns])


def features(spec: TableSpec) -> dict[str, Any]:
    """Return what the `datasets` library has to know of them."""
    return {column.stored: _feature(arrow_type(column.form)) for column in spec.columns}


def to_columns(frame: pd.DataFrame, spec: TableSpec) -> list[pa.Array]:
    """Return the Arrow columns that hold rows."""
    return [to_arrow(frame.iloc[:, i], column.form) for i, column in enumerate(spec.columns)]


def from_columns(batch: pa.RecordBatch, spec: TableSpec) -> pd.DataFrame:
    """Return the rows that Arrow columns hold; `DataError` or `ValueError` where they are damaged."""
    columns = {}
    for i, column in enumerate(spec.columns):
        held = batch.column(column.stored)
        held = held.combine_chunks() if isinstance(held, pa.ChunkedArray) else held
        columns[i] = from_arrow(held, column.form)
    return pd.DataFrame(columns).set_axis(spec.names, axis=1)


def content_ids(frame: pd.DataFrame) -> Ids:
    """Hash the names and values of each row, whatever its position, and whatever the dtypes: (n,) of 32 digits."""
    head = repr([str(name) for name in frame.columns]).encode()
    cells = [_digests(to_arrow(column := frame.iloc[:, i], form_of(column))) for i in range(frame.shape[1])]
    rows = np.concatenate(cells, axis=1)
    ids = np.empty(len(frame), object)
    ids[:] = [hashlib.blake2b(head + row.tobytes(), digest_size=16).hexdigest() for row in rows]
    return ids


def _digests(array: pa.Array) -> NDArray[np.uint8]:
    """Return bytes (n, CELL + 1) for each value: those of equal ones are equal."""
    n = len(array)
    missing = np.asarray(array.is_null())[:, None]
    if pa.types.is_struct(array.type):
        sides = [_digests(array.field(i)) for i in range(array.type.num_fields)]
        return np.concatenate([*sides, missing], axis=1)
    held = array.type
    if pa.types.is_floating(held):
        numbers = array.cast(pa.float64()).fill_null(0.0).to_numpy() + 0.0  # one zero
        raw = np.where(np.isnan(numbers), 0.0, numbers).view(np.uint8).reshape(n, 8)
        missing = missing | np.isnan(numbers)[:, None]
    elif pa.types.is_integer(held) or pa.types.is_boolean(held) or pa.types.is_temporal(held):
        raw = _whole(array).view(np.uint8).reshape(n, 8)
    else:
        text = array if pa.types.is_binary(held) or pa.types.is_large_binary(held) else array.cast(pa.string())
        codes, values = pd.factorize(np.asarray(text.to_pylist(), object))
        digests = [
            hashlib.blake2b(v if isinstance(v, bytes) else v.encode(), digest_size=CELL).digest() for v in values
        ]
        raw = np.frombuffer(b"".join([*digests, bytes(CELL)]), np.uint8).reshape(-1, CELL)[codes]
    found = np.zeros((n, CELL + 1), np.uint8)
    found[:, : raw.shape[1]], found[:, -1:] = raw, missing
    return found


def _whole(array: pa.Array) -> NDArray[np.int64]:
    held = array.type
    if pa.types.is_boolean(held) or pa.types.is_integer(held):
        if held != pa.uint64():
            array = array.cast(pa.int64())
    elif held.bit_width == 32:
        array = array.view(pa.int32()).cast(pa.int64())
    else:
        array = array.view(pa.int64())
    return array.fill_null(0).to_numpy(zero_copy_only=False).view(np.int64)


def _feature(held: pa.DataType) -> dict[str, Any]:
    if pa.types.is_struct(held):
        return {held.field(i).name: _feature(held.field(i).type) for i in range(held.num_fields)}
    return {"dtype": _NAMES.get(str(held), str(held)), "_type": "Value"}
