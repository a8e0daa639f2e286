from __future__ import annotations

import io
import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from every_column import CANNOT_MISS, KINDS
from hypothesis import given, settings
from hypothesis import strategies as st

from ganaug.errors import DataError
from ganaug.modalities.table.forms import arrow_type, form_of, from_arrow, from_bytes, to_arrow, to_bytes

EVERY = {name: kind.column for name, kind in KINDS.items()}
EVERY |= {f"{name}, gaps": kind.with_gaps for name, kind in KINDS.items() if name not in CANNOT_MISS}


def through_parquet(column: pd.Series) -> pd.Series:
    form = json.loads(json.dumps(form_of(column)))
    array = to_arrow(column, form)
    assert array.type == arrow_type(form)
    file = io.BytesIO()
    pq.write_table(pa.table({"a": array}), file)
    file.seek(0)
    return from_arrow(pq.read_table(file)["a"].combine_chunks(), form)


@pytest.mark.parametrize("name", EVERY)
def test_every_type_of_column_comes_back_from_parquet_to_the_last_bit(name):
    column = EVERY[name]
    pd.testing.assert_series_equal(through_parquet(column), column, check_exact=True, check_freq=False)
    form = form_of(column)
    again = from_arrow(from_bytes(to_bytes(to_arrow(column, form))), form)
    pd.testing.assert_series_equal(again, column, check_exact=True, check_freq=False)
    assert len(through_parquet(column.iloc[:0])) == 0


@settings(max_examples=80, deadline=None)
@given(
    st.sampled_from(["float64", "float32", "int64", "uint64", "Int64", "Float64", "bool", "datetime64[ns]", "str"]),
    st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=20),
)
def test_any_bits_come_back(dtype, bits):
    raw = np.array(bits, np.uint64)
    if dtype in ("float64", "Float64"):
        column = pd.Series(np.nan_to_num(raw.view(np.float64), nan=-0.0)).astype(dtype)
    elif dtype == "float32":
        column = pd.Series(raw.astype(np.uint32).view(np.float32))
    elif dtype in ("bool", "str"):
        column = pd.Series(bits).astype(str).astype("str") if dtype == "str" else pd.Series(raw % 2 == 0)
    else:
        column = pd.Series(raw if dtype == "uint64" else raw.view(np.int64)).astype(dtype)
    found = through_parquet(column)
    assert found.dtype == column.dtype
    assert found.equals(column)
    if column.dtype.kind == "f" and isinstance(column.dtype, np.dtype):
        given = ~column.isna()
        assert (np.signbit(found[given]) == np.signbit(column[given])).all()


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(st.none(), st.text(st.characters(exclude_categories=["Cs"]))), min_size=1, max_size=20))
def test_any_text_comes_back(texts):
    for dtype in ("str", "string", object):
        column = pd.Series(texts, dtype=dtype)
        pd.testing.assert_series_equal(through_parquet(column), column)


def test_what_cannot_be_stored_is_refused_by_name():
    column = pd.Series([pd.DataFrame(), 1], dtype=object, name="odd")
    with pytest.raises(DataError, match="'odd' holds DataFrame and int objects"):
        form_of(column)


def test_damaged_bytes_are_a_value_error():
    data = to_bytes(pa.array(["a", "b"]))
    for damaged in (b"", data[:40], data[: len(data) // 2]):
        with pytest.raises(ValueError, match="damaged"):
            from_bytes(damaged)


def test_a_value_of_no_category_is_damage():
    form = form_of(pd.Series(["a", "b"], dtype="category"))
    with pytest.raises(DataError, match="no level"):
        from_arrow(pa.array(["a", "c"]), form)
