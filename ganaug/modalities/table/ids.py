"""What the content of a row is called: a hash of its values, whatever its position, and whatever their dtypes."""

from __future__ import annotations

import hashlib

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from ganaug.modalities.loaded import Ids
from ganaug.modalities.table.forms import form_of, to_arrow

CELL = 16  # bytes of a value's digest
FEW = 0.1  # pairs of equal rows that may be expected where none should be


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
    return np.asarray(array.fill_null(0).to_numpy(zero_copy_only=False).view(np.int64))


def equal_by_chance(frame: pd.DataFrame) -> bool:
    """Tell whether rows of such a table are equal by chance now and then, as those of a few categories are.

    Pairs of rows that differ in a single column say so: of as many as there are, and as often as two values of that
    column are equal, pairs that differ in none are to be expected. They are chance if that explains half of them.
    """
    codes = [frame.iloc[:, i].factorize(use_na_sentinel=False)[0] for i in range(frame.shape[1])]
    random = np.random.default_rng(0)
    marks = [random.integers(2**63, size=len(frame), dtype=np.uint64)[code] for code in codes]
    total = np.asarray(np.sum(marks, axis=0, dtype=np.uint64))  # wraps around, as hashes may
    equal, pairs = _pairs(total), len(frame) * (len(frame) - 1) / 2
    expected = 0.0
    for mark, code in zip(marks, codes, strict=True):
        alike = _pairs(code) / max(pairs, 1)
        if alike < 1:
            expected = max(expected, (_pairs(total - mark) - equal) * alike / (1 - alike))
    return expected > max(FEW, equal / 2)


def _pairs(values: NDArray[np.generic]) -> float:
    """Count the pairs of equal values."""
    counts = np.unique(values, return_counts=True)[1].astype(np.float64)
    return float((counts * (counts - 1) / 2).sum())
