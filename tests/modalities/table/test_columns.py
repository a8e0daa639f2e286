from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import kstest

from ganaug.errors import DataError
from ganaug.modalities.table.columns import encode

MIXED = {
    "whole": pd.Series([3, 1, 4, 1, 5, 9], dtype="int16"),
    "cents": pd.Series([0.1, 0.25, 12.5, 3.75, 0.99, 7.0]),
    "single": pd.Series([0.1, 0.2, 0.3, 0.4, 0.5, 0.7], dtype="float32"),
    "gaps": pd.Series([1.5, np.nan, 2.5, np.nan, 3.5, 4.5]),
    "nullable": pd.Series([1, None, 3, 4, None, 6], dtype="Int64"),
    "truth": pd.Series([True, False, True, True, False, False]),
    "perhaps": pd.Series([True, None, True, None, False, False], dtype="boolean"),
    "text": pd.Series(["a", "b", "a", None, "c", "b"]),
    "objects": pd.Series([4, 1, None, 1, 3, 2.5], dtype=object),
    "ordered": pd.Series(pd.Categorical(list("xyxyxx"), categories=list("zyx"), ordered=True)),
    "sparse": pd.Series(pd.arrays.SparseArray([0.0, 0, 0, 1, 2, 0], fill_value=0)),
    "two": pd.Series([0.0, 1.0, 1.0, 0.0, 1.0, 0.0]),
    "constant": pd.Series([7] * 6),
    "empty": pd.Series([np.nan] * 6),
}


def test_a_mixed_table_comes_back_as_it_was():
    frame = pd.DataFrame(MIXED)
    columns, numbers, codes = encode(frame)
    pd.testing.assert_frame_equal(columns.decode(numbers, codes), frame)


def test_times_are_numbers_too():
    days = pd.Series(pd.date_range("2024-03-01", periods=60, freq="D"))
    frame = pd.DataFrame({"day": days, "zoned": days.dt.tz_localize("Europe/Rome"), "span": days - days[0]})
    frame.loc[7, "zoned"] = pd.NaT
    columns, numbers, codes = encode(frame)
    found = columns.decode(numbers, codes)
    assert found.dtypes.equals(frame.dtypes)
    assert found.isna().equals(frame.isna())
    assert (found - frame).abs().max().max() < pd.Timedelta(minutes=1)  # numbers are of single precision
    assert found["day"].between(days.iloc[0], days.iloc[-1]).all()


def test_columns_of_one_name_or_none_are_told_apart():
    frame = pd.DataFrame([[1, "a", 2], [3, "b", 4], [5, "a", 6]], columns=["x", "x", 3])
    columns, numbers, codes = encode(frame)
    pd.testing.assert_frame_equal(columns.decode(numbers, codes), frame)


@settings(max_examples=50, deadline=None)
@given(
    arrays(np.float64, st.integers(3, 30), elements=st.floats(-1e6, 1e6)),
    st.integers(0, 2**32 - 1),
    st.sampled_from(["float64", "float32", "int32", "Int64"]),
)
def test_whatever_a_network_says_becomes_a_value_of_the_column(values, seed, dtype):
    column = pd.Series(values).round().astype(dtype) if "nt" in dtype else pd.Series(values).astype(dtype)
    columns, numbers, codes = encode(pd.DataFrame({"a": column}))
    random = np.random.default_rng(seed)
    said = random.normal(0, 5, (50, numbers.shape[1])).astype(np.float32)
    chosen = random.integers(0, columns.levels, (50, codes.shape[1]))
    found = columns.decode(said, chosen)["a"]
    assert found.dtype == column.dtype
    assert found.between(column.min(), column.max()).all()


def test_values_keep_to_the_decimals_of_the_column():
    prices = pd.DataFrame({"price": np.random.default_rng(0).gamma(2, 10, 200).round(2)})
    columns, numbers, codes = encode(prices)
    found = columns.decode(numbers + np.float32(0.01), codes)["price"]
    assert not found.equals(prices["price"])
    assert found.equals(found.round(2))


def test_a_skewed_and_a_bimodal_column_become_normal():
    random = np.random.default_rng(0)
    modes = random.normal(np.where(random.random(2000) < 0.3, -50, 80), 1)
    _, numbers, _ = encode(pd.DataFrame({"skewed": random.lognormal(0, 3, 2000), "modes": modes}))
    assert kstest(numbers[:, 0], "norm").pvalue > 0.99
    assert kstest(numbers[:, 1], "norm").pvalue > 0.99


def test_a_value_that_is_frequent_stays_frequent():
    """Half of the rows cost nothing: so do half of what comes of normal scores."""
    column = np.where(np.arange(1000) < 500, 0, np.random.default_rng(0).gamma(2, 10, 1000))
    columns, _, codes = encode(pd.DataFrame({"cost": column}))
    scores = np.random.default_rng(1).normal(size=(1000, 1)).astype(np.float32)
    assert 0.45 < (columns.decode(scores, codes)["cost"] == 0).mean() < 0.55


def test_a_column_of_many_levels_takes_one_code_a_row():
    frame = pd.DataFrame({"id": [f"row {i}" for i in range(5000)]})
    columns, numbers, codes = encode(frame)
    assert numbers.shape == (5000, 0)
    assert codes.shape == (5000, 1)
    assert columns.levels == (5000,)


def test_columns_that_hold_no_values_are_refused_by_name():
    with pytest.raises(DataError, match="'b' holds an infinite value"):
        encode(pd.DataFrame({"a": [1.0, 2, 3], "b": [1.0, np.inf, 3]}))
    with pytest.raises(DataError, match="'b' holds values that are neither numbers nor text"):
        encode(pd.DataFrame({"a": [1.0, 2, 3], "b": [[1], {}, [2]]}))
