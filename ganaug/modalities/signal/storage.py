"""Signals in Arrow: a list of channels, each a list of floats."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from ganaug.modalities.signal.spec import Signals, SignalSpec, conform

COLUMN = "signal"


def schema(spec: SignalSpec) -> pa.Schema:
    """Return the one column that holds signals."""
    return pa.schema([(COLUMN, pa.list_(pa.list_(_value(spec))))])


def features(spec: SignalSpec) -> dict[str, Any]:
    """Return what the `datasets` library has to know of it."""
    value = {"dtype": spec.dtype, "_type": "Value"}
    return {COLUMN: {"feature": {"feature": value, "_type": "List"}, "_type": "List"}}


def to_column(signals: Signals, spec: SignalSpec) -> pa.Array:
    """Return the column that holds signals."""
    sizes = np.array([signal.shape[1] for signal in signals for _ in range(spec.channels)], np.int32)
    flat = np.concatenate([np.zeros(0, spec.dtype), *(np.ravel(signal) for signal in signals)])
    offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32)
    channels = pa.ListArray.from_arrays(pa.array(offsets), pa.array(flat, _value(spec)))
    return pa.ListArray.from_arrays(pa.array(np.arange(len(signals) + 1, dtype=np.int32) * spec.channels), channels)


def from_column(column: pa.Array, spec: SignalSpec) -> Signals:
    """Return the signals that a column holds; `DataError` or `ValueError` where they are damaged."""
    column = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    channels = column.flatten()
    if column.null_count or channels.null_count or channels.flatten().null_count:
        raise ValueError("signals with gaps")
    values = channels.flatten().to_numpy(zero_copy_only=False)
    sizes = channels.value_lengths().to_numpy(zero_copy_only=False)
    ends = np.cumsum(sizes)
    pieces = [values[end - size : end] for size, end in zip(sizes.tolist(), ends.tolist(), strict=True)]
    counts = column.value_lengths().to_numpy(zero_copy_only=False)
    if (counts != spec.channels).any():
        raise ValueError(f"signals that are not all of {spec.channels} channels")
    found = [np.stack(pieces[at : at + spec.channels]) for at in range(0, len(pieces), spec.channels)]
    return conform(found, spec)


def _value(spec: SignalSpec) -> pa.DataType:
    return pa.float32() if spec.dtype == "float32" else pa.float64()
