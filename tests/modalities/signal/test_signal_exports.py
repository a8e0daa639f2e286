from __future__ import annotations

from pathlib import Path

import datasets
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from waves import cut, waves

from ganaug.data.rows import Rows, RowWriter, Schema, read_rows
from ganaug.errors import DataError
from ganaug.modalities.exports import export, forms
from ganaug.modalities.signal.modality import SignalModality

SIGNAL = SignalModality()
PARTS = {"train": slice(0, 8), "validation": slice(8, 10), "test": slice(10, 12)}


def splits(folder: Path, ragged: bool, classes=("slow", "quick: yes, 100%")) -> Rows:
    signals, labels = waves(12, 2, 20)
    held, spec = SIGNAL.infer(cut(signals) if ragged else signals)
    rows = Rows.build(Schema(SIGNAL, spec, classes), held, (labels == "quick").astype(int), groups=["g"] * 12)
    rows.synthetic[:3] = True
    for part, at in PARTS.items():
        with RowWriter(folder / f"{part}.parquet", rows.schema) as writer:
            writer.write(rows.take(np.arange(12)[at]))
    return rows


@pytest.mark.parametrize("ragged", [False, True])
def test_rows_come_back_from_the_pipelines_files(ragged, tmp_path):
    rows = splits(tmp_path, ragged)
    found = read_rows(tmp_path / "train.parquet")
    assert found.schema.spec == rows.schema.spec
    assert all(np.array_equal(a, b) for a, b in zip(found.samples, rows.samples[:8], strict=True))
    assert found.ids.tolist() == rows.ids[:8].tolist() == SIGNAL.ids(found.samples).tolist()
    before = (tmp_path / "train.parquet").read_bytes()
    splits(tmp_path, ragged)
    assert (tmp_path / "train.parquet").read_bytes() == before
    read = datasets.Dataset.from_parquet(str(tmp_path / "train.parquet"), cache_dir=str(tmp_path / "cache"))
    assert read.features["label"].names == list(rows.schema.classes)
    np.testing.assert_array_equal(np.array(read[4]["signal"], np.float32), rows.samples[4])


def test_the_pipelines_files_are_sources_too(tmp_path):
    rows = splits(tmp_path, ragged=True)
    found = SIGNAL.load(tmp_path / "train.parquet", {"max_unreadable": 0.5})
    assert {reason for _, reason in found.rejected} == {"synthetic, not real"}
    assert all(np.array_equal(a, b) for a, b in zip(found.samples, rows.samples[3:8], strict=True))
    assert [found.classes[code] for code in found.labels] == [rows.schema.classes[code] for code in rows.labels[3:8]]
    assert found.groups.tolist() == ["g"] * 5


@pytest.mark.parametrize("ragged", [False, True])
@pytest.mark.parametrize("kind", forms(SIGNAL))
def test_exports_read_back_as_they_were(kind, ragged, tmp_path):
    rows = splits(tmp_path, ragged)
    export(SIGNAL, kind, tmp_path, tmp_path / "out")
    for part, at in PARTS.items():
        path = tmp_path / "out" / f"{part}.{kind}"
        found = SIGNAL.load(path, {"max_unreadable": 1})
        for ours, theirs in zip(found.samples, rows.samples[at], strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-6)
        names = [rows.schema.classes[code] for code in rows.labels[at]]
        if kind == "ts":
            names = [name.replace("quick: yes, 100%", "quick%3A%20yes%2C%20100%25") for name in names]
        assert [found.classes[code] for code in found.labels] == names
    provenance = pd.read_csv(tmp_path / "out" / "provenance.csv")
    assert list(provenance.columns) == ["path", "row", "label", "split", "synthetic", "id", "group", "model"]
    assert provenance["id"].tolist() == rows.ids.tolist()
    assert provenance["synthetic"].tolist() == rows.synthetic.astype(int).tolist()
    before = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    export(SIGNAL, kind, tmp_path, tmp_path / "out")
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == before
    if kind == "parquet":
        assert pq.read_schema(tmp_path / "out" / "train.parquet").names == ["signal", "label"]
    with pytest.raises(DataError, match="no export of signals; known are npz, parquet, ts"):
        export(SIGNAL, "tar", tmp_path, tmp_path / "out")
