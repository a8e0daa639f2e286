from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ganaug.errors import DataError
from ganaug.modalities.table.load import BUILTIN, claims, load

HEAD = ["größe", "farbe", "label"]
ROWS = [["1.5", "rot", "ja"], ["2.5", "grün", "nein"], ["3.25", "blau", "ja"], ["9", "rot", "nein"]]


def written(folder: Path, sign: str = ",", encoding: str = "utf-8", name: str = "data.csv", rows=ROWS) -> Path:
    path = folder / name
    path.write_bytes("".join(sign.join(line) + "\n" for line in [HEAD, *rows]).encode(encoding))
    return path


@pytest.mark.parametrize(("sign", "called"), [(",", "commas"), (";", "semicolons"), ("\t", "tabs"), ("|", "bars")])
@pytest.mark.parametrize(
    ("encoding", "named"),
    [
        ("utf-8", "UTF-8"),
        ("utf-8-sig", "UTF-8"),
        ("utf-16", "UTF-16"),
        ("utf-32", "UTF-32"),
        ("cp1252", "Windows-1252"),
    ],
)
def test_any_separator_and_encoding_is_told_and_said(tmp_path, sign, called, encoding, named):
    found = load(written(tmp_path, sign, encoding), {})
    assert found.facts["read_as"] == f"CSV in {named}, columns apart by {called}"
    assert list(found.samples.columns) == HEAD[:2]
    assert found.samples["farbe"].tolist() == ["rot", "grün", "blau", "rot"]
    assert found.samples["größe"].tolist() == [1.5, 2.5, 3.25, 9]
    assert found.classes == ("ja", "nein")
    assert found.labels.tolist() == [0, 1, 0, 1]
    assert found.names.tolist() == [f"row {i}" for i in range(4)]
    assert set(found.splits) == {"train"}
    json.dumps(found.facts)


def test_decimals_after_a_comma_are_numbers(tmp_path):
    rows = [[line[0].replace(".", ","), *line[1:]] for line in ROWS]
    found = load(written(tmp_path, ";", rows=rows), {})
    assert found.samples["größe"].tolist() == [1.5, 2.5, 3.25, 9]
    assert found.facts["read_as"].endswith("decimals after a comma")


def test_dates_are_times_where_they_can_mean_but_one_day(tmp_path):
    text = "day,at,odd,other,label\n"
    text += "".join(
        f"2024-02-{i:02},2024-02-{i:02} 10:{i:02},2024-02-{i + 1},0{i % 9}/02/2024,a\n" for i in range(10, 29)
    )
    (tmp_path / "data.csv").write_text(text + "2024-03-01,,2024-02-31,01/02/2024,b\n")
    found = load(tmp_path / "data.csv", {})
    assert found.samples["day"].max() == pd.Timestamp("2024-03-01")
    assert found.samples["at"].isna().sum() == 1
    assert found.samples["at"].min() == pd.Timestamp("2024-02-10 10:10")
    assert not {"odd", "other"} & set(found.samples.select_dtypes("datetime").columns)  # no 31 February; 2 January?
    assert found.facts["read_as"].endswith("dates in day, at")


def test_numbers_are_read_to_the_last_bit(tmp_path):
    numbers = np.random.default_rng(0).normal(size=200) * 10.0 ** np.arange(-100, 100)
    frame = pd.DataFrame({"x": numbers, "label": ["a", "b"] * 100})
    frame.to_csv(tmp_path / "data.csv", index=False)
    assert load(tmp_path / "data.csv", {}).samples["x"].tolist() == numbers.tolist()


@pytest.mark.slow
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=8), st.integers()),
        min_size=3,
    )
)
def test_quoted_text_comes_as_it_is(tmp_path, rows):
    words = [f"x{word}" for word, _ in rows]
    frame = pd.DataFrame(
        {
            "word": words,
            "n": [n % 7 for _, n in rows],
            "label": ["NA", "b", "None"][: len(rows)] * 1 + ["b"] * (len(rows) - 3),
        }
    )
    frame.to_csv(tmp_path / "data.csv", index=False)
    found = load(tmp_path / "data.csv", {})
    assert found.samples["word"].tolist() == words
    assert found.classes == ("NA", "None", "b")  # names of classes, not missing labels


def test_rows_that_cannot_be_used_are_named(tmp_path):
    rows = [*ROWS * 10, ["7", "rot", ""], ["8", "rot"], ["inf", "rot", "ja"], ["1", "rot", "ja", "more"]]
    found = load(written(tmp_path, rows=rows), {"max_unreadable": 0.2})
    assert sorted(found.rejected) == [
        ("row 40", "no label"),
        ("row 41", "2 values for 3 columns"),
        ("row 42", "an infinite value in column 'größe'"),
        ("row 43", "4 values for 3 columns"),
    ]
    assert len(found.samples) == len(found.labels) == 40
    with pytest.raises(DataError, match=r"4 of 44 rows cannot be used .*raise max_unreadable"):
        load(tmp_path / "data.csv", {})


def test_labels_groups_and_splits_may_be_called_anything(tmp_path):
    frame = pd.DataFrame({
        "x": [1.5, 2, 3, 4], "y": [1, 2, 10, 1], "patient": ["p1", None, "p2", "p2"],
        "fold": ["Training", "val", "test", "dev"],
        "label": ["kept as it is"] * 4,
    })  # fmt: skip
    for path in (tmp_path / "data.csv", tmp_path / "data.parquet"):
        frame.to_csv(path, index=False) if path.suffix == ".csv" else frame.to_parquet(path)
        found = load(path, {"columns": {"label": "y", "group": "patient", "split": "fold"}})
        assert found.classes == ("1", "2", "10")
        assert found.groups.tolist() == ["p1", None, "p2", "p2"]
        assert found.splits.tolist() == ["train", "validation", "test", "validation"]
        assert list(found.samples.columns) == ["x", "label"]
        assert found.facts["label_column"] == "y"
        assert found.facts["group_column"] == "patient"


def test_parquet_keeps_dtypes(tmp_path):
    frame = pd.DataFrame({
        "small": pd.array([1, None, 3], "Int8"), "when": pd.date_range("2024", periods=3, tz="Europe/Rome", unit="ms"),
        "kind": pd.Categorical(["a", "b", "a"], ["b", "a"], ordered=True), "x": np.float32([1.5, 2.5, 3]),
        "label": [True, False, True],
    }, index=[5, 6, 9])  # fmt: skip
    frame.to_parquet(tmp_path / "data.parquet")
    found = load(tmp_path / "data.parquet", {})
    pd.testing.assert_frame_equal(found.samples, frame.drop(columns="label").reset_index(drop=True), check_freq=False)
    assert found.classes == ("False", "True")
    assert found.facts["read_as"] == "Parquet"


def test_names_behind_the_numbers_of_labels_are_read(tmp_path):
    features = {"x": {"dtype": "float64", "_type": "Value"}, "label": {"names": ["cat", "dog"], "_type": "ClassLabel"}}
    table = pa.table({"x": [1.5, 2.5, 3.5], "label": [0, 1, 7]})
    table = table.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})})
    pq.write_table(table, tmp_path / "data.parquet")
    found = load(tmp_path / "data.parquet", {"max_unreadable": 0.5})
    assert found.classes == ("cat", "dog")
    assert found.rejected == [("row 2", "no label")]


@pytest.mark.parametrize("name", BUILTIN)
def test_built_in_tables_need_no_file(name):
    found = load(name, {})
    assert len(found.samples) == len(found.labels) == found.spec.rows
    assert claims(name, {})
    assert np.bincount(found.labels).min() > 40


def test_constraints_are_offered_and_declared(tmp_path):
    random = np.random.default_rng(0)
    low = random.random(100)
    frame = pd.DataFrame({"low": low, "high": low + random.random(100) / 5, "label": ["a", "b"] * 50})
    frame.to_csv(tmp_path / "data.csv", index=False)
    found = load(tmp_path / "data.csv", {})
    assert found.facts["constraints_found"] == ["low <= high"]
    assert any("low <= high" in finding for finding in found.facts["findings"])
    assert found.spec.constraints == ()
    found = load(tmp_path / "data.csv", {"constraints": ["low <= high"]})
    assert found.facts["constraints_found"] == []
    assert found.spec.constraints == ("low <= high",)
    with pytest.raises(DataError, match="'high <= low', which 100 of 100 rows break"):
        load(tmp_path / "data.csv", {"constraints": ["high <= low"]})


def test_what_is_not_learnt_is_said(tmp_path):
    n = 30
    frame = pd.DataFrame({"Unnamed: 0": range(n), "x": np.arange(n) ** 2, "label": ["a", "b"] * 15})
    frame.to_csv(tmp_path / "data.csv", index=False)
    facts = load(tmp_path / "data.csv", {}).facts
    assert "another value" in facts["not_learnt"]["Unnamed: 0"]
    assert "'Unnamed: 0' is not learnt" in facts["findings"][0]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "has no rows below the names of its columns"),
        (b"a,label\n", "has no rows below the names of its columns"),
        (
            b"a,target\n1,x\n2,y\n",
            "no column 'label' for the labels; it has a, target: name the right one, perhaps 'target'",
        ),
        (b"a,a,label\n1,2,x\n", "several columns named 'a'"),
        (b"label\nx\ny\n", "0 columns"),
        (b'a,label\n"1,x\n2,y\n', "cannot be used|no rows"),
        (b"a,label\n1,\n2,\n", "2 of 2 rows cannot be used \\(row 0: no label"),
        (b"a,split,label\n1,holdout,x\n2,train,y\n", "row 0: 'holdout' is no split"),
        (b"a,label\n\0\0,\xff\n", "is no text, or text in an encoding"),
    ],
)
def test_bad_files_are_one_clear_sentence(tmp_path, content, message):
    (tmp_path / "data.csv").write_bytes(content)
    with pytest.raises(DataError, match=message) as error:
        load(tmp_path / "data.csv", {})
    assert "\n" not in str(error.value)
    assert "data.csv" in str(error.value) or "rows cannot be used" in str(error.value)


def test_a_damaged_parquet_file_and_none_at_all(tmp_path):
    (tmp_path / "data.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(DataError, match="no readable Parquet file"):
        load(tmp_path / "data.parquet", {})
    with pytest.raises(DataError, match="no file here; did you mean 'wine'"):
        load("wines", {})


def test_tables_are_claimed_and_lists_of_images_are_not(tmp_path):
    assert "no column 'path' lists images" in claims(written(tmp_path), {})
    assert claims(written(tmp_path, "\t", "utf-16", "data.tsv"), {})
    pictures = tmp_path / "pictures.csv"
    pictures.write_text("path,label\na/0.png,x\na/1.PNG,y\n")
    assert claims(pictures, {}) == ""
    assert claims(pictures, {"path": "other"})
    (tmp_path / "roads.csv").write_text("path,label\nnorth,x\nsouth,y\n")
    assert claims(tmp_path / "roads.csv", {})
    table = pa.table({"image": [{"bytes": b"", "path": None}], "label": [0]})
    pq.write_table(table, tmp_path / "images.parquet")
    pq.write_table(pa.table({"path": ["a.jpg"], "label": [0]}), tmp_path / "paths.parquet")
    pq.write_table(pa.table({"x": [1.5], "label": [0]}), tmp_path / "x.parquet")
    assert claims(tmp_path / "images.parquet", {}) == ""
    assert claims(tmp_path / "paths.parquet", {}) == ""
    assert claims(tmp_path / "x.parquet", {})
    assert claims(tmp_path, {}) == claims(tmp_path / "none.csv", {}) == claims("digits", {}) == ""
