"""``ganaug augment``: the whole job in one process, whatever interrupts it."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from typing_commands import Type

from ganaug import GANAugmenter
from ganaug.cli import augment as module
from ganaug.data.rows import read_rows
from ganaug.gan.trainer import Trainer

QUICK = ("--steps", 20, "--width", 8, "--device", "cpu", "--filters", "copy")


@pytest.fixture(autouse=True)
def a_quick_teacher(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ganaug.augmenter.TEACHER_STEPS", 5)


def counts(path: Path) -> dict[tuple[str, bool], int]:
    rows = read_rows(path)
    names = np.array(rows.schema.classes)[rows.labels]
    return {
        (name, made): int(((names == name) & (rows.synthetic == made)).sum())
        for name in rows.schema.classes
        for made in (False, True)
    }


def left(here: Path) -> set[str]:
    return {path.name for path in here.iterdir()}


@pytest.mark.slow
def test_parquet_by_the_suffix(here: Path, ganaug: Type) -> None:
    code, out, err = ganaug("augment", "photos", "out.parquet", "--ratio", 2, *QUICK)
    assert (code, err) == (0, "")
    assert "30 real and 60 synthetic" in out
    assert out.endswith("  ganaug init --data photos && dvc repro\n")
    assert counts(here / "out.parquet") == {
        (name, made): 20 if made else 10 for name in ("one", "two", "zero") for made in (False, True)
    }
    assert left(here) == {"photos", "out.parquet"}
    first = (here / "out.parquet").read_bytes()
    assert ganaug("augment", "photos", "out.parquet", "--ratio", 2, *QUICK).code == 0
    assert (here / "out.parquet").read_bytes() == first


@pytest.mark.slow
def test_an_image_folder_with_what_the_source_holds_out(here: Path, ganaug: Type) -> None:
    rows = [
        f"photos/{name}/{i}.png,{name},{'test' if i == 9 else 'validation' if i == 8 else 'train'}"
        for name in ("zero", "one")
        for i in range(10)
        if name == "zero" or i > 3
    ]
    Path("rows.csv").write_text("\n".join(["path,label,split", *rows]))
    code, out, _ = ganaug("augment", "rows.csv", "more", "--balance", "--json", "--model", "gan", *QUICK)
    assert code == 0
    found = json.loads(out)
    assert found["classes"] == [
        {"class": "one", "real": 4, "wanted": 4, "got": 4},
        {"class": "zero", "real": 8, "wanted": 0, "got": 0},
    ]
    images = list((here / "more").rglob("*.png"))
    assert sum("synthetic" in path.name for path in images) == 4
    assert {path.parts[-3] for path in images if "synthetic" in path.name} == {"train"}
    assert len(list((here / "more/test").rglob("*.png"))) == len(list((here / "more/validation").rglob("*.png"))) == 2
    assert GANAugmenter.load(here / "gan").model_id_ == found["models"][0]


@pytest.mark.slow
def test_the_other_forms(here: Path, ganaug: Type) -> None:
    form = ("--format", "parquet", "--at-least", 12)
    assert ganaug("augment", "photos", "splits", *form, *QUICK).code == 0
    assert {path.name for path in (here / "splits").iterdir()} == {
        "train.parquet", "validation.parquet", "test.parquet", "provenance.json",
    }  # fmt: skip
    assert pq.read_table(here / "splits/train.parquet").num_rows == 36


@pytest.mark.slow
def test_ctrl_c_and_the_same_command_again_give_the_same_bytes(
    here: Path, ganaug: Type, monkeypatch: pytest.MonkeyPatch
) -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job starts with it ignored
    assert ganaug("augment", "photos", "whole.parquet", *QUICK).code == 0
    train_step, steps = Trainer.train_step, []

    def step(self: Trainer):
        steps.append(self.step)
        if len(steps) == 13:
            os.kill(os.getpid(), signal.SIGINT)
        return train_step(self)

    monkeypatch.setattr(Trainer, "train_step", step)
    code, out, err = ganaug("augment", "photos", "out.parquet", *QUICK)
    assert (code, out) == (130, "")
    assert "run the same command again to go on" in err
    assert not (here / "out.parquet").exists()
    assert ganaug("augment", "photos", "out.parquet", *QUICK).code == 0
    assert steps.count(0) == 1  # the second time training went on
    assert (here / "out.parquet").read_bytes() == (here / "whole.parquet").read_bytes()
    assert left(here) == {"photos", "out.parquet", "whole.parquet"}


@pytest.mark.slow
def test_an_interruption_after_training_keeps_the_model(
    here: Path, ganaug: Type, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(module, "merge", interrupt)
        assert ganaug("augment", "photos", "out", *QUICK).code == 130
    assert not (here / "out").exists()
    with monkeypatch.context() as patch:
        patch.setattr(GANAugmenter, "fit", interrupt)
        assert ganaug("augment", "photos", "out", *QUICK).code == 0
        assert ganaug("augment", "photos", "out", *QUICK, "--seed", 1).code == 130  # other parameters, another model
    assert len(list((here / "out").rglob("*synthetic.png"))) == 30


@pytest.mark.slow
def test_rows_that_teach_wrongly_are_left_out_and_counted(here: Path, ganaug: Type) -> None:
    images = np.random.default_rng(0).integers(0, 255, (24, 8, 8), np.uint8)
    labels, splits = np.arange(24) % 2, np.array(["train"] * 20 + ["test"] * 4)
    images[20] = images[0]  # a test row among the training rows
    images[2], labels[2], labels[4] = images[4], 0, 1  # one image, two labels
    np.savez("rows.npz", X=images, y=labels, split=splits)
    code, out, _ = ganaug("augment", "rows.npz", "out", "--format", "parquet", "--json", *QUICK)
    assert code == 0
    assert json.loads(out)["left_out"] == 3
    assert json.loads(out)["rows"]["real"] == 17


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("nowhere", "out"), "nowhere"),
        (("photos", "photos/out"), "lie in one another"),
        (("photos/zero", "photos"), "lie in one another"),
        (("photos", "out.parquet", "--format", "csv"), "--format csv makes a folder"),
        (("photos", "mine"), "mine was not written by ganaug"),
        (("photos", "mine.parquet"), "mine.parquet was not written by ganaug"),
        (("photos", "out", "--model", "mine"), "mine was not written by ganaug"),
        (("photos", "out", "--criterion", "kid"), "validation"),
        (("photos", "file/out"), "file"),
    ],
)
def test_what_cannot_work_is_refused_and_nothing_written(
    words: tuple[str, ...], message: str, here: Path, ganaug: Type
) -> None:
    (here / "mine").mkdir()
    (here / "mine" / "thesis.txt").touch()
    (here / "mine.parquet").write_bytes(b"mine")
    (here / "file").touch()
    before = {path: path.stat().st_mtime_ns for path in here.rglob("*")}
    code, out, err = ganaug("augment", *words, *QUICK)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert message in err
    after = {path: path.stat().st_mtime_ns for path in here.rglob("*") if ".ganaug" not in str(path)}
    assert {path for path in after if path.is_file()} == {path for path in before if path.is_file()}


def sites(rows: int) -> None:
    """Write images of two classes from two sites, of which the second lacks a class."""
    images = np.random.default_rng(0).integers(0, 255, (3 * rows, 8, 8), np.uint8)
    labels, groups = np.array(["a", "b", "a"]).repeat(rows), np.array(["north", "north", "south"]).repeat(rows)
    np.savez("sites.npz", X=images, y=labels, group=groups)


@pytest.mark.slow
def test_cells_are_filled(here: Path, ganaug: Type) -> None:
    sites(6)
    code, _, _ = ganaug("augment", "sites.npz", "out.parquet", "--cells", 8, *QUICK)
    assert code == 0
    table = pq.read_table(here / "out.parquet", columns=["label", "group", "synthetic"]).to_pandas()
    names = np.array(["a", "b"])[table["label"]]
    found = table[table["synthetic"]].groupby([names[table["synthetic"]], "group"]).size().to_dict()
    assert found == {("a", "north"): 2, ("a", "south"): 2, ("b", "north"): 2, ("b", "south"): 8}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["photos", "out", "--cells", 8], "photos names no groups: give it a column of them (--columns), or use --at-"),
        (["sites.npz", "out", "--cells", 8, "--generator", "latent"], "--generator is latent: use --at-least"),
        (["texts.csv", "out", "--cells", 8], "--cells takes the style of a group, and texts have none here: use --at-"),
    ],
)
def test_cells_that_cannot_be_filled_are_refused_before_training(here: Path, ganaug: Type, options, message) -> None:
    sites(3)
    Path("texts.csv").write_text("text,label,group\n" + "hello there,a,x\nbye now,b,x\n" * 3)
    code, _, err = ganaug("augment", *options)
    assert code == 2
    assert message in err
    assert left(here) == {"photos", "sites.npz", "texts.csv"}


def test_cells_that_are_full_are_refused(here: Path, ganaug: Type) -> None:
    images = np.random.default_rng(0).integers(0, 255, (4, 8, 8), np.uint8)
    np.savez("full.npz", X=images, y=["a", "b", "a", "b"], group=["x", "x", "y", "y"])
    err = ganaug("augment", "full.npz", "out", "--cells", 1).err
    assert "--cells is 1, and each class has as many in each group already: ask for more" in err
