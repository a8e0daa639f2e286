from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from every_column import KINDS
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_breast_cancer

from ganaug.modalities.table.ids import content_ids
from ganaug.modalities.table.likeness import TableOriginals, copies_leak, duplicates, embed
from ganaug.modalities.table.spec import infer

EVERY = pd.DataFrame({name: kind.column for name, kind in KINDS.items()})


def rms(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.sqrt(((a - b) ** 2).mean()))


def test_an_id_depends_on_the_values_of_a_row_alone():
    ids = content_ids(EVERY)
    assert len(set(ids)) == len(EVERY)
    assert all(len(found) == 32 and set(found) <= set("0123456789abcdef") for found in ids)
    part = EVERY.iloc[[7, 2, 7]].set_axis(["x", "y", "z"])
    assert content_ids(part).tolist() == ids[[7, 2, 7]].tolist()


def test_equal_values_of_other_dtypes_have_one_id():
    texts, numbers = ["a", None, "b"], [1.0, np.nan, 2.0]
    found = {
        tuple(content_ids(pd.DataFrame({"t": pd.Series(texts, dtype=dtype), "n": pd.Series(numbers, dtype=kind)})))
        for dtype in (object, "str", "string", "category")
        for kind in ("float64", "Float64", "float32")
    }
    assert len(found) == 1


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(st.data())
def test_two_rows_have_one_id_only_if_they_are_equal(data):
    value = st.one_of(st.integers(-3, 3), st.none())
    rows = data.draw(st.lists(st.tuples(value, value, st.sampled_from(["", "a", "b", None])), min_size=2, max_size=12))
    frame = pd.DataFrame(rows, columns=["x", "y", "z"]).astype({"x": "Int64", "y": "float64", "z": "str"})
    ids = content_ids(frame)
    for i, one in enumerate(rows):
        for j, other in enumerate(rows):
            assert (ids[i] == ids[j]) == (one == other)


def test_the_names_of_columns_count():
    assert content_ids(pd.DataFrame({"a": [1]}))[0] != content_ids(pd.DataFrame({"b": [1]}))[0]


def test_distances_count_every_column_alike():
    frame = pd.DataFrame({
        "x": np.arange(101.0) * 1000, "y": np.arange(101.0)[::-1] / 7, "c": ["a", "b", "c", "d"] * 25 + ["a"],
        "many": [f"level {i % 90}" for i in range(101)],
    })  # fmt: skip
    found = embed(frame, infer(frame))
    assert found.dtype == np.float32
    assert abs(rms(found[0], found[100]) - np.sqrt((1 + 1 + 0 + 1) / 4)) < 0.1  # many: about 1 between any two
    assert rms(found[0], found[4]) < rms(found[0], found[5]) - 0.05
    one = frame.assign(x=frame["x"].iloc[::-1].to_numpy())
    assert abs(rms(embed(one, infer(frame))[0], found[0]) - 0.5) < 1e-4


@pytest.mark.slow
def test_a_distance_does_not_depend_on_the_other_rows_or_on_units():
    spec = infer(EVERY)
    assert np.array_equal(embed(EVERY.iloc[[7, 2]], spec), embed(EVERY, spec)[[7, 2]])
    frame = load_breast_cancer(as_frame=True).data
    scaled = frame * 1000 + 5
    assert np.allclose(embed(frame, infer(frame)), embed(scaled, infer(scaled)), atol=1e-6)


def test_missing_values_are_unlike_given_ones():
    frame = pd.DataFrame({"x": [1.0, 2, 3, 4, np.nan, np.nan], "c": ["a", "b", None, "a", "b", None]})
    found = embed(frame, infer(frame))
    assert rms(found[4], found[2]) > 0.7
    assert rms(found[2], found[5]) > 0.5
    assert np.isfinite(found).all()


def test_ids_do_not_hide_copies():
    random = np.random.default_rng(0)
    frame = pd.DataFrame(random.normal(size=(40, 3)), columns=["a", "b", "c"])
    frame.loc[7] = frame.loc[3]
    frame["id"] = np.arange(40)
    spec = infer(frame)
    assert copies_leak(spec)
    clusters = duplicates(frame, spec)
    assert clusters[7] == clusters[3]
    assert len(set(clusters)) == 39
    originals = TableOriginals(frame.iloc[:5], spec)
    assert originals.copies(frame).tolist() == [True] * 5 + [False] * 2 + [True] + [False] * 32
    assert originals.ids.tolist() == content_ids(frame)[:5].tolist()


def test_rows_of_few_categories_are_equal_by_chance():
    random = np.random.default_rng(0)
    frame = pd.DataFrame(random.choice(["x", "y", "z"], (200, 4)), columns=list("abcd"))
    spec = infer(frame)
    assert not copies_leak(spec)
    assert len(set(duplicates(frame, spec))) == 200
    assert copies_leak(infer(load_breast_cancer(as_frame=True).data))
