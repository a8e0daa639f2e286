from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from sklearn.datasets import load_wine
from sklearn.ensemble import RandomForestClassifier

from ganaug import GANAugmenter
from ganaug.data.rows import Rows, RowWriter, Schema, read_rows
from ganaug.errors import DataError, ModelError
from ganaug.modalities.exports import export, forms
from ganaug.modalities.table.fidelity import violations
from ganaug.modalities.table.modality import TableModality
from ganaug.modalities.table.spec import infer
from ganaug.utils.samples import concat, take

TABLE = TableModality()
QUICK = {"modality": "table", "steps": 150, "batch_size": 32, "device": "cpu", "random_state": 0}


def wine() -> tuple[pd.DataFrame, np.ndarray]:
    """Real wines with a category, gaps, dates, whole numbers, an id and a text."""
    frame, y = load_wine(return_X_y=True, as_frame=True)
    n = len(frame)
    frame["colour"] = pd.Categorical(pd.cut(frame["color_intensity"], 3, labels=["pale", "mid", "deep"]))
    frame.loc[::9, "hue"] = np.nan
    frame["bottled"] = pd.Timestamp("2020-01-01") + pd.to_timedelta(np.arange(n) * 37 % 900, "D")
    frame["magnesium"] = frame["magnesium"].astype("int16")
    frame["label"] = np.arange(n)
    frame["note"] = [f"bottle {i} of the red cellar" for i in range(n)]
    return frame, np.array(["a", "b", "c"], object)[y]


@pytest.fixture(scope="module")
def fitted() -> GANAugmenter:
    return GANAugmenter(**QUICK).fit(*wine())


@pytest.fixture(scope="module")
def first(fitted) -> tuple[pd.DataFrame, np.ndarray]:
    """The first rows that it makes."""
    return fitted.sample(per_class=60)


@pytest.mark.slow
def test_rows_are_of_their_class_and_of_the_table(first):
    frame, y = wine()
    made, labels = first
    assert made.dtypes.equals(frame.dtypes)
    assert list(made.columns) == list(frame.columns)
    numbers = list(frame.columns[:13])
    judge = RandomForestClassifier(50, random_state=0).fit(frame[numbers], y)
    assert (judge.predict(made[numbers]) == labels).mean() > 0.9
    assert not any(violations(frame, made, infer(frame)).values())
    assert not made["label"].isin(frame["label"]).any()
    assert made["note"].isna().all()
    assert not made[numbers].duplicated().any()


@pytest.mark.slow
def test_a_saved_model_makes_the_same_rows(fitted, first, tmp_path):
    folder = tmp_path / "model"
    fitted.save(folder)
    again = GANAugmenter.load(folder, device="cpu")
    pd.testing.assert_frame_equal(again.sample(per_class=60)[0], first[0])
    frame, _ = wine()
    assert np.array_equal(again.score_real(frame), fitted.score_real(frame))
    assert not list(folder.rglob("*.pkl"))
    config = (folder / "config.json").read_text()
    (folder / "config.json").write_text(config.replace('"width": 64', '"width": 64000'))
    with pytest.raises(ModelError):
        GANAugmenter.load(folder, device="cpu")


@pytest.mark.slow
def test_augmented_tables_begin_with_the_rows_given(fitted):
    frame, y = wine()
    both, labels = fitted.augment(frame.set_axis(frame.index + 7), y, ratio=1.5)
    pd.testing.assert_frame_equal(both.iloc[: len(frame)], frame)
    assert (labels[: len(y)] == y).all()


def test_other_tables_are_refused(fitted):
    frame, _ = wine()
    with pytest.raises(DataError, match="no column 'hue'"):
        fitted.score_real(frame.drop(columns="hue"))


def splits(folder: Path) -> Rows:
    frame, y = wine()
    samples, spec = TABLE.infer(frame)
    classes, codes = np.unique(y, return_inverse=True)
    rows = Rows.build(Schema(TABLE, spec, tuple(classes)), samples, codes, groups=[f"g{i % 5}" for i in range(len(y))])
    for part, at in (("train", slice(0, None, 2)), ("validation", slice(1, None, 4)), ("test", slice(3, None, 4))):
        with RowWriter(folder / f"{part}.parquet", rows.schema) as writer:
            writer.write(rows.take(np.arange(len(y))[at]))
    return rows


def test_rows_come_back_from_the_pipelines_files(tmp_path):
    rows = splits(tmp_path)
    found = read_rows(tmp_path / "train.parquet")
    assert found.schema.spec == rows.schema.spec
    pd.testing.assert_frame_equal(found.samples, take(rows.samples, slice(0, None, 2)))
    assert found.ids.tolist() == rows.ids[::2].tolist()
    assert TABLE.ids(found.samples).tolist() == found.ids.tolist()
    before = (tmp_path / "train.parquet").read_bytes()
    splits(tmp_path)
    assert (tmp_path / "train.parquet").read_bytes() == before


def test_the_pipelines_files_are_sources_too(tmp_path):
    rows = splits(tmp_path)
    found = TABLE.load(tmp_path / "train.parquet", {})
    pd.testing.assert_frame_equal(found.samples, take(rows.samples, slice(0, None, 2)))
    assert found.classes == ("a", "b", "c")
    assert found.labels.tolist() == rows.labels[::2].tolist()
    assert found.groups.tolist() == rows.groups[::2].tolist()
    assert TABLE.claims(tmp_path / "train.parquet", {})
    mixed = rows.take(np.arange(40))
    mixed.synthetic[::2] = True
    with RowWriter(tmp_path / "mixed.parquet", rows.schema) as writer:
        writer.write(mixed)
    some = TABLE.load(tmp_path / "mixed.parquet", {"max_unreadable": 0.6})
    assert some.names.tolist() == [f"row {i}" for i in range(1, 40, 2)]
    assert {reason for _, reason in some.rejected} == {"synthetic, not real"}


@pytest.mark.parametrize("kind", forms(TABLE))
def test_exports_are_tables_that_others_read(tmp_path, kind):
    rows = splits(tmp_path)
    export(TABLE, kind, tmp_path, tmp_path / "out")
    read = pd.read_csv if kind == "csv" else pd.read_parquet
    found = read(tmp_path / "out" / f"train.{kind}")
    assert list(found.columns) == [*rows.samples.columns, "label_"]  # its own column is called label
    assert np.allclose(found["alcohol"], rows.samples["alcohol"][::2])
    provenance = pd.read_csv(tmp_path / "out" / "provenance.csv")
    assert list(provenance.columns) == ["path", "row", "label", "split", "synthetic", "id", "group", "model"]
    assert provenance["id"].tolist() == [*rows.ids[::2], *rows.ids[1::4], *rows.ids[3::4]]
    assert (provenance["label"][: len(found)] == found["label_"]).all()
    if kind == "parquet":
        assert (
            pq.read_schema(tmp_path / "out" / "train.parquet").metadata is None or found["colour"].dtype == "category"
        )
    with pytest.raises(DataError, match="no export of rows; known are csv, parquet"):
        export(TABLE, "tar", tmp_path, tmp_path / "out")


def test_values_are_shown_as_text(tmp_path):
    frame = pd.DataFrame({"<b>": ["<script>", None], "x": [1.23456789, np.nan], **{f"c{i}": [1, 2] for i in range(20)}})
    samples, spec = TABLE.infer(frame)
    html = TABLE.preview(samples, spec, "rows & more", 4, 1000)
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
    assert "<i>missing</i>" in html
    assert "1.235" in html
    assert "and 10 more" in html
    path = TABLE.save_grid(samples, spec, tmp_path / "grid", 4)
    assert path.suffix == ".csv"
    shown = TABLE.show_grid(path, "rows")
    assert "&lt;script&gt;" in shown
    assert "<script>" not in shown
    with pytest.raises(DataError, match="cannot be read as a table"):
        TABLE.show_grid(tmp_path / "none.csv", "rows")
    assert TABLE.preview_bytes(spec) > 0


def test_tables_are_described_in_words():
    spec = infer(wine()[0])
    assert TABLE.describe(spec) == "rows of 17 columns, of which label, note are not learnt"
    assert TABLE.facts(spec) == {"columns": 17, "numbers": 14, "categories": 1, "not learnt": "label, note"}
    assert TABLE.recognises(wine()[0])
    assert not TABLE.recognises(np.zeros((3, 4)))


def test_samples_are_taken_and_joined_with_their_types():
    frame, _ = wine()
    samples, _ = TABLE.infer(frame)
    parts = [take(samples, [5, 2]), take(samples, slice(0, 0)), take(samples, np.arange(len(samples)) < 3)]
    joined = concat(parts)
    assert joined.dtypes.equals(samples.dtypes)
    assert joined["alcohol"].tolist() == samples["alcohol"].iloc[[5, 2, 0, 1, 2]].tolist()
