from __future__ import annotations

import io
import json
import re

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from every_column import KINDS, PAIRED, REFUSED

from ganaug.errors import DataError
from ganaug.modalities.table.codec import TableCodec
from ganaug.modalities.table.spec import RESERVED, TableSpec, conform, infer, spec_of
from ganaug.modalities.table.storage import features, from_columns, schema, to_columns

N = 40


def through_files(frame: pd.DataFrame, spec: TableSpec) -> pd.DataFrame:
    table = pa.Table.from_arrays(to_columns(frame, spec), schema=schema(spec))
    file = io.BytesIO()
    pq.write_table(table, file)
    file.seek(0)
    return from_columns(pq.read_table(file).combine_chunks().to_batches()[0], spec)


def role_of(values) -> str:
    frame = pd.DataFrame({"a": values, "anchor": np.arange(len(values)) % 5})
    return infer(frame).columns[0].role


@pytest.mark.slow
def test_a_table_of_every_type_comes_back_from_its_file():
    frame = pd.DataFrame({name: KINDS[name].column for name in KINDS})
    spec = infer(frame)
    assert spec_of(json.loads(json.dumps(spec.to_json()))) == spec
    pd.testing.assert_frame_equal(conform(frame, spec), frame, check_exact=True)
    pd.testing.assert_frame_equal(through_files(frame, spec), frame, check_exact=True, check_freq=False)
    assert set(features(spec)) == set(schema(spec).names)


def test_the_datasets_library_knows_every_type():
    datasets = pytest.importorskip("datasets")
    frame = pd.DataFrame({name: KINDS[name].column for name in KINDS})
    spec = infer(frame)
    assert datasets.Features.from_dict(features(spec)).arrow_schema.remove_metadata() == schema(spec)


@pytest.mark.parametrize(
    "names",
    [
        pd.RangeIndex(3),
        pd.Index([4, 1, 7], name="which"),
        pd.Index(["a", "b", "c"], dtype=object),
        pd.Index(["", "label", "kept"]),
        pd.Index(["label", "label_", "x"]),
        pd.Index([0, "0", 1.5], dtype=object),
        pd.MultiIndex.from_tuples([("a", 1), ("a", 2), ("b", 1)], names=["x", None]),
    ],
    ids=str,
)
def test_columns_come_back_under_their_own_names_whatever_these_are(names):
    frame = pd.DataFrame([[1.5, 2.5, 3.5], [4.5, 0.5, 6.0], [7.0, 8.0, 9.0]], columns=names)
    spec = spec_of(json.loads(json.dumps(infer(frame).to_json())))
    pd.testing.assert_frame_equal(through_files(frame, spec), frame)
    stored = schema(spec).names
    assert len(set(stored)) == len(stored)
    assert all(isinstance(name, str) and name for name in stored)
    assert not RESERVED & set(stored)


def test_the_order_of_rows_does_not_change_the_spec():
    random = np.random.default_rng(0)
    frame = pd.DataFrame({"a": random.normal(size=N), "id": np.arange(N), "c": random.choice(["x", "y", None], N)})
    one, other = infer(frame), infer(frame.iloc[::-1])
    assert [column.role for column in one.columns] == [column.role for column in other.columns]
    assert one.columns[0] == other.columns[0]


def test_ids_and_texts_are_recognised():
    assert role_of(np.arange(N) + 1000) == "id"
    assert role_of([f"C-{i:04}" for i in range(N)]) == "id"
    assert role_of([f"the {i} th of several words" for i in range(N)]) == "text"
    assert role_of(np.arange(N) * 1.5) == "number"
    assert role_of(np.arange(N) ** 2) == "number"
    assert role_of(pd.date_range("2024", periods=N)) == "number"
    assert role_of(["red", "green"] * (N // 2)) == "category"
    assert role_of([7] * N) == "category"
    assert role_of([None] * N) == "category"
    spec = infer(pd.DataFrame({"customer_id": np.arange(N) ** 2, "account": np.arange(N) ** 2}))
    assert [column.role for column in spec.columns] == ["id", "number"]
    assert "customer_id" in spec.not_learnt


def test_a_table_of_nothing_to_learn_is_refused():
    with pytest.raises(DataError, match="no column to learn from \\('note' is free text\\)"):
        infer(pd.DataFrame({"note": [f"the {i} th of several words" for i in range(N)]}))


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_learnt_is_refused_by_name(name):
    column, message = REFUSED[name]
    with pytest.raises(DataError, match=f"The column 'b' .*{message}") as error:
        infer(pd.DataFrame({"a": range(len(column)), "b": column}))
    assert "\n" not in str(error.value)


def test_columns_of_one_name_and_odd_names_are_refused():
    with pytest.raises(DataError, match="several columns named 'a'"):
        infer(pd.DataFrame([[1, 2], [3, 4]], columns=["a", "a"]))
    with pytest.raises(DataError, match="give it a name of text"):
        infer(pd.DataFrame([[1, 2], [3, 4]], columns=["a", pd.Timestamp("2024")]))


BASE = pd.DataFrame(
    {"x": [1.5, 2.5, 3.5], "k": [1, 2, 3], "c": pd.Series(["a", "b", "a"]), "d": pd.Categorical(["u", "v", "u"])}
)


def test_rows_conform_in_any_order_of_columns_and_of_any_dtype_that_holds_the_same():
    spec = infer(BASE)
    given = BASE[["d", "c", "k", "x"]].astype({"k": "float64", "c": object, "d": "str"}).set_axis([9, 4, 7])
    pd.testing.assert_frame_equal(conform(given, spec), BASE)
    assert len(conform(BASE.iloc[:0], spec)) == 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f.drop(columns="k"), "no column 'k'"),
        (lambda f: f.assign(z=1), "a column 'z' that is not known"),
        (lambda f: f.assign(k=[1.5, 2, 3]), "'k' is of type float64, not int64"),
        (lambda f: f.assign(x=["a", "b", "c"]), "'x' is of type str, not float64"),
        (lambda f: f.assign(c=["a", "b", "new"]), "'c' has the value 'new', which is none of those known: a, b"),
        (lambda f: f.assign(d=["u", "v", "w"]), "'d' has the value 'w', which is none of those known: u, v"),
        (lambda f: f.to_numpy(), "X is ndarray: give a DataFrame"),
    ],
)
def test_what_does_not_conform_is_one_clear_sentence(change, message):
    with pytest.raises(DataError, match=re.escape(message)) as error:
        conform(change(BASE), infer(BASE))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("names", [[0, 1, 2, 3], pd.RangeIndex(4)])
def test_whole_numbers_as_names_are_shown_as_such(names):
    base = BASE.set_axis(names, axis=1)
    for change, message in (
        (lambda f: f.drop(columns=1), "no column 1: give 0, 1, 2, 3"),
        (lambda f: f.assign(k=1).rename(columns={"k": 4}), "a column 4 that is not known"),
        (lambda f: f.replace({1: {2: 2.5}}), "The column 1 is of type float64"),
        (lambda f: f.assign(c="new").drop(columns=2).rename(columns={"c": 2}), "The column 2 has the value 'new'"),
    ):
        with pytest.raises(DataError, match=re.escape(message)):
            conform(change(base), infer(base))
    with pytest.raises(DataError, match="several columns named 1: "):
        infer(base.set_axis([0, 1, 1, 3], axis=1))
    with pytest.raises(DataError, match=r"The column 3 holds complex"):
        infer(base.assign(z=1j).drop(columns=3).rename(columns={"z": 3}))


def test_a_new_level_among_many_is_taken_and_is_none_of_those_known():
    frame = pd.DataFrame({"postcode": [f"{i % 70:05}" for i in range(140)]})
    spec = infer(frame)
    new = conform(pd.DataFrame({"postcode": ["00001", "99999"]}), spec)
    assert new["postcode"].tolist() == ["00001", "99999"]
    known, unknown = TableCodec.fit(frame, spec).to_arrays(new)[1][:, 0]
    assert known >= 0 > unknown


@pytest.mark.parametrize("name", PAIRED)
def test_rows_of_part_of_the_values_conform(name):
    column = KINDS[name].column
    spec = infer(pd.DataFrame({"a": column}))
    part = pd.DataFrame({"a": column.iloc[:3]})
    pd.testing.assert_frame_equal(conform(part, spec), part)


def test_a_description_of_something_else_is_no_spec():
    for about in ({}, {"columns": [], "axis": {}}, {**infer(BASE).to_json(), "more": 1}):
        with pytest.raises((KeyError, TypeError, ValueError)):
            spec_of(about)
