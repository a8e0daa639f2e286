from __future__ import annotations

from zoneinfo import available_timezones

import numpy as np
import pandas as pd
import pytest
from every_column import CANNOT_MISS, KINDS, REFUSED, Kind
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
    pd.testing.assert_frame_equal(found, frame)


EVERY = {name: kind.column for name, kind in KINDS.items()}
EVERY |= {f"{name}, gaps": kind.with_gaps for name, kind in KINDS.items() if name not in CANNOT_MISS}


def said_at_random(column: pd.Series, n: int = 60) -> pd.Series:
    """What becomes of a network that says anything."""
    columns, numbers, codes = encode(pd.DataFrame({"a": column}))
    random = np.random.default_rng(0)
    said = random.normal(0, 2, (n, numbers.shape[1])).astype(np.float32)
    return columns.decode(said, random.integers(0, columns.levels, (n, codes.shape[1])))["a"]


def check_values(found: pd.Series, kind: Kind) -> None:
    """New values have the type, the range and the grid of the old ones, or are among them."""
    old, new = (list(column[~column.isna()]) for column in (kind.column, found))
    assert all(isinstance(value, tuple({type(each) for each in old})) for value in new)
    if kind.on_grid is None:
        assert all(value in old for value in new)
    else:
        low, high = min(old), max(old)
        assert all(low <= value <= high and kind.on_grid(value) for value in new)


@pytest.mark.slow
def test_every_type_of_column_comes_back_as_it_was_to_the_last_digit():
    frame = pd.DataFrame(EVERY)
    columns, numbers, codes = encode(frame)
    pd.testing.assert_frame_equal(columns.decode(numbers, codes), frame, check_exact=True)


@pytest.mark.parametrize("name", KINDS)
def test_new_values_keep_type_range_and_grid(name):
    kind = KINDS[name]
    found = said_at_random(kind.column)
    assert found.dtype == kind.column.dtype
    assert not found.isna().any()
    check_values(found, kind)
    if name not in CANNOT_MISS:
        gaps = kind.with_gaps
        found = said_at_random(gaps)
        assert found.dtype == gaps.dtype
        assert 0 < found.isna().sum() < len(found)
        markers = {type(value) for value in gaps[gaps.isna()].astype(object)}
        assert {type(value) for value in found[found.isna()].astype(object)} == markers
        check_values(found, kind)


@pytest.mark.parametrize("marker", [None, np.nan, pd.NA, pd.NaT])
@pytest.mark.parametrize("values", [["a", "b", "c"], [1, 2, 3], [1.5, 2.5, 3.5], [True, False, True]])
def test_objects_keep_the_marker_of_what_is_missing(values, marker):
    found = said_at_random(pd.Series([*values, marker] * 3, dtype=object))
    assert found.dtype == object
    assert found.isna().any()
    assert all(value is marker for value in found[found.isna()])


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_made_is_refused_by_name(name):
    column, message = REFUSED[name]
    with pytest.raises(DataError, match=f"The column 'b' .*{message}") as error:
        encode(pd.DataFrame({"a": range(len(column)), "b": column}))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("frame", [pd.DataFrame(), pd.DataFrame({"a": []}), pd.DataFrame(index=range(3))])
def test_an_empty_table_is_refused(frame):
    with pytest.raises(DataError, match=r"The table has \d rows and \d columns"):
        encode(frame)


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(["int64", "uint64", "datetime64[ns]", "timedelta64[ns]", "Int64"]),
    st.lists(st.integers(0, 2**64 - 1), min_size=3, max_size=20, unique=True),
    st.integers(1, 1000),
)
def test_whole_numbers_are_exact_over_the_whole_range(dtype, bits, step):
    bits = np.array(bits, np.uint64)
    whole = bits if dtype == "uint64" else bits.view(np.int64)
    if "64[" in dtype:
        whole = np.maximum(whole, -(2**63) + 1)  # the lowest stands for a missing time
    whole = whole - np.fmod(whole, step)  # towards zero, as below the lowest number there is none
    column = pd.Series(whole).astype(dtype)
    columns, numbers, codes = encode(pd.DataFrame({"a": column}))
    assert columns.decode(numbers, codes)["a"].equals(column)
    found = [int(value) for value in said_at_random(column).astype(whole.dtype)]
    old = [int(value) for value in whole]
    assert all(min(old) <= value <= max(old) for value in found)
    if column.nunique() > 2:
        assert all((value - old[0]) % step == 0 for value in found)


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(["float64", "float32", "Float32", "float16"]),
    st.lists(st.integers(-99, 99), min_size=3, max_size=20),
    st.integers(0, 9),
    st.sampled_from([1, 5, 25]),
)
def test_floats_keep_their_decimals_whatever_their_precision(dtype, whole, decimals, step):
    column = pd.Series(np.array(whole) * step / 10.0**decimals).astype(dtype)
    columns, numbers, codes = encode(pd.DataFrame({"a": column}))
    assert columns.decode(numbers, codes)["a"].equals(column)
    grid = pd.Series(np.arange(-99 * 25, 99 * 25 + 1) / 10.0**decimals).astype(dtype)
    assert np.isin(said_at_random(column).to_numpy(float), grid.to_numpy(float)).all()


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(sorted(available_timezones())),
    st.integers(-50_000, 20_000),
    st.lists(st.integers(0, 400), min_size=3, max_size=20, unique=True),
    st.sampled_from(["D", "h", "min"]),
)
def test_times_of_any_zone_keep_to_the_clock_and_their_range(zone, start, steps, unit):
    clocks = pd.Series(pd.Timestamp("1970-01-01") + pd.to_timedelta(start, "D") + pd.to_timedelta(steps, unit))
    column = clocks.dt.tz_localize(zone, ambiguous=np.ones(len(clocks), bool), nonexistent="shift_forward")
    columns, numbers, codes = encode(pd.DataFrame({"a": column}))
    assert columns.decode(numbers, codes)["a"].equals(column)
    found = said_at_random(column)
    assert found.dtype == column.dtype
    assert found.between(column.min(), column.max()).all()
    if unit == "D" and (column.dt.tz_localize(None) == clocks).all():
        there = found.dt.tz_localize(None)
        assert (there - there.dt.normalize() < pd.Timedelta("3h")).all()  # after midnights that there were not


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
    assert columns.levels == (2,)
    assert columns.decode(numbers, codes)["id"].isin(frame["id"]).all()


def test_rare_levels_share_a_code_that_says_nothing_of_them():
    states = ["Kansas"] * 40 + ["Ohio"] * 30 + [f"state {i}" for i in range(15) for _ in range(2)]
    frame = pd.DataFrame({"state": states, "size": np.arange(100.0), "seen": ["yes"] * 97 + ["no"] * 3})
    columns, _, codes = encode(frame)
    assert columns.levels == (3, 2)  # one rare level alone has nothing to share
    assert np.bincount(codes[:, 0]).tolist() == [40, 30, 30]
    drawn = np.random.default_rng(0).normal(size=(3000, 1)).astype(np.float32)
    found = columns.decode(drawn, np.tile([2, 0], (3000, 1)))["state"].value_counts()
    assert len(found) == 15
    assert found.min() > 140
    assert found.max() < 260
