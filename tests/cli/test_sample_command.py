"""``ganaug sample``."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typing_commands import Type

from ganaug import GANAugmenter
from ganaug.cli import sample as module
from ganaug.data.rows import read_rows


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model") / "gan"
    images = np.random.default_rng(0).integers(0, 255, (12, 8, 9, 3), np.uint8)
    GANAugmenter(steps=2, width=8, random_state=0).fit(images, np.repeat([3, 5], 6)).save(folder)
    return folder


def test_a_file_of_so_many_of_each_class(here: Path, model: Path, ganaug: Type) -> None:
    code, out, err = ganaug("sample", model, "--per-class", 7, "--out", "new.parquet", "--json")
    assert (code, err) == (0, "")
    rows = read_rows(here / "new.parquet")
    assert (rows.schema.classes, rows.schema.spec.shape) == (("3", "5"), (8, 9, 3))
    assert np.bincount(rows.labels).tolist() == [7, 7]
    assert rows.synthetic.all()
    assert json.loads(out)["rows"] == 14
    assert json.loads(out)["models"] == [GANAugmenter.load(model).model_id_]
    assert {path.name for path in here.iterdir()} == {"photos", "new.parquet"}


def test_seeds_hold_and_portions_differ(here: Path, model: Path, ganaug: Type, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CHUNK", 4)
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        ganaug("sample", model, "--per-class", 12, "--out", f"{name}.parquet", "--seed", seed)
    a, b, c = ((here / f"{name}.parquet").read_bytes() for name in "abc")
    assert a == b != c
    assert len(set(read_rows(here / "a.parquet").ids)) == 24


def test_a_folder(here: Path, model: Path, ganaug: Type) -> None:
    for form in ("image_folder", "csv", "webdataset", "parquet"):
        assert ganaug("sample", model, "--per-class", 2, "--out", form, "--format", form).code == 0
    assert len(list((here / "image_folder/train/3").glob("*-synthetic.png"))) == 2
    assert (here / "parquet/train.parquet").is_file()


def test_what_is_no_model_is_refused(here: Path, ganaug: Type) -> None:
    code, out, err = ganaug("sample", "photos", "--per-class", 2, "--out", "new")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "photos is not a readable model" in err
    assert not (here / "new").exists()
