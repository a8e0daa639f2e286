"""Rows of a table in Arrow."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pyarrow as pa

from ganaug.modalities.table.forms import arrow_type, from_arrow, to_arrow
from ganaug.modalities.table.spec import TableSpec

_NAMES = {  # as `datasets` calls Arrow's types
    "double": "float64", "float": "float32", "halffloat": "float16", "date32[day]": "date32", "date64[ms]": "date64",
}  # fmt: skip


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


def _feature(held: pa.DataType) -> dict[str, Any]:
    if pa.types.is_struct(held):
        return {held.field(i).name: _feature(held.field(i).type) for i in range(held.num_fields)}
    return {"dtype": _NAMES.get(str(held), str(held)), "_type": "Value"}
