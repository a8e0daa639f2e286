"""Texts in Arrow: a column of strings."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from ganaug.modalities.text.spec import Texts, TextSpec, conform

COLUMN = "text"
SCHEMA = pa.schema([(COLUMN, pa.string())])
FEATURES: dict[str, Any] = {COLUMN: {"dtype": "string", "_type": "Value"}}


def from_column(column: pa.Array, spec: TextSpec) -> Texts:
    """Return the texts that a column holds; `DataError` where they are damaged."""
    return conform(column.to_pylist(), spec)
