"""Manifests, archives and idx files whose rows, labels, groups or columns are wrong."""

from __future__ import annotations

import csv
import json
import struct
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pictures import encoded, noise

Build = Callable[[], Any]


def images(n: int = 40) -> list[str]:
    """Write different images and return their paths."""
    Path("images").mkdir(exist_ok=True)
    for i in range(n):
        noise(i).save(Path("images", f"{i}.png"))
    return [f"images/{i}.png" for i in range(n)]


def manifest(
    rows: Sequence[Sequence[Any]], header: Sequence[str] = ("path", "label"), name: str = "m.csv", sep: str = ","
) -> None:
    with Path(name).open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, delimiter=sep).writerows([header, *rows])


def rows(**changes: str) -> list[list[str]]:
    """Forty images in turn cat and dog, but for the labels of rows given by ``r<number>``."""
    labels = {f"r{i}": ("cat", "dog")[i % 2] for i in range(40)} | changes
    return [[path, labels[f"r{i}"]] for i, path in enumerate(images())]


def raw(name: str, content: bytes) -> Build:
    return lambda: Path(name).write_bytes(content)


def csv_of(build: Callable[[], Sequence[Sequence[Any]]], *header: str, sep: str = ",") -> Build:
    return lambda: manifest(build(), header or ("path", "label"), sep=sep)


def parquet(**columns: Any) -> Build:
    return lambda: pq.write_table(pa.table(columns), "m.parquet")


def pictures_in_parquet(label: Any, **struct_fields: Any) -> Build:
    cells = [{"bytes": encoded(noise(i)), "path": None, **struct_fields} for i in range(len(label))]
    return parquet(image=[{k: v for k, v in cell.items() if v != "leave out"} for cell in cells], label=label)


def npz(**arrays: Any) -> Build:
    return lambda: np.savez("m.npz", **arrays)


def idx(change: Callable[[], Any]) -> Build:
    def build() -> None:
        Path("idx").mkdir()
        for part, n in (("train", 30), ("t10k", 10)):
            pixels = np.random.default_rng(n).integers(0, 256, (n, 8, 8), np.uint8)
            Path("idx", f"{part}-images-idx3-ubyte").write_bytes(
                struct.pack(">4B3I", 0, 0, 8, 3, n, 8, 8) + pixels.tobytes()
            )
            labels = np.arange(n, dtype=np.uint8) % 2
            Path("idx", f"{part}-labels-idx1-ubyte").write_bytes(struct.pack(">4BI", 0, 0, 8, 1, n) + labels.tobytes())
        change()

    return build


def change(name: str, by: Callable[[bytes], bytes]) -> Build:
    path = Path("idx", name)
    return lambda: path.write_bytes(by(path.read_bytes()))


PIXELS = np.random.default_rng(0).integers(0, 256, (40, 8, 8), np.uint8)
TRAIN_X, TEST_Y = "train-images-idx3-ubyte", "t10k-labels-idx1-ubyte"

# The source, what builds it, words of the message, and parameters beside the source.
REFUSED: dict[str, tuple[str, Build, tuple[str, ...], dict[str, Any]]] = {
    "all files missing": (
        "m.csv",
        csv_of(lambda: [["no/a.png", "cat"], ["no/b.png", "dog"]]),
        ("2 of 2 rows cannot be used", "'no/a.png': there is no such file"),
        {},
    ),
    "all labels missing": (
        "m.csv",
        csv_of(lambda: [[path, ""] for path in images()]),
        ("40 of 40 rows cannot be used", "'images/0.png': no label"),
        {},
    ),
    "all labels NaN": (
        "m.csv",
        csv_of(lambda: [[path, "nan"] for path in images()]),
        ("40 of 40 rows cannot be used", "no label"),
        {},
    ),
    "all paths climb out": (
        "m.csv",
        csv_of(lambda: [["../a.png", "cat"], ["images/../../../b.png", "dog"]]),
        ("2 of 2 rows cannot be used", "'../a.png'", "leads out of the manifest's folder", "full path"),
        {},
    ),
    "no label column": (
        "m.csv",
        csv_of(rows, "path", "class"),
        ("m.csv has no column 'label'; it has path, class", "prepare.columns"),
        {},
    ),
    "no such column": (
        "m.csv",
        csv_of(rows),
        ("m.csv has no column 'file'", "prepare.columns"),
        {"columns": {"path": "file"}},
    ),
    "semicolons": ("m.csv", csv_of(rows, sep=";"), ("m.csv has no column 'path'; it has path;label",), {}),
    "more values than columns": (
        "m.csv",
        csv_of(lambda: [*rows(), ["a.png", "cat", "extra", "more"]]),
        ("m.csv is no readable CSV", "line 42"),
        {},
    ),
    "more values in every row": (
        "m.csv",
        csv_of(lambda: [[*row, "extra"] for row in rows()]),
        ("m.csv is no readable CSV", "Length of header"),
        {},
    ),
    "no row": ("m.csv", csv_of(list), ("'m.csv' has no labelled image at all",), {}),
    "an empty file": ("m.csv", raw("m.csv", b""), ("m.csv is no readable CSV",), {}),
    "not UTF-8": ("m.csv", raw("m.csv", b"path,label\n\xff,\xfe\n"), ("m.csv is no readable CSV in UTF-8",), {}),
    "bytes": ("m.csv", raw("m.csv", bytes(range(256)) * 9), ("m.csv is no readable CSV",), {}),
    "an open quote": ("m.csv", raw("m.csv", b'path,label\n"a.png,cat\nb.png,dog\n'), ("m.csv is no readable CSV",), {}),
    "an unknown split": (
        "m.csv",
        csv_of(lambda: [[*row, "holdout"] for row in rows()], "path", "label", "split"),
        ("m.csv, images/0.png: 'holdout' is no split; use one of dev,",),
        {},
    ),
    "every row its own label": (
        "m.csv",
        csv_of(lambda: [[path, path] for path in images()]),
        ("m.csv: class 'images/0.png' has 1 usable rows", "so do 39 more of 40: are these the classes?"),
        {},
    ),
    "one group": (
        "m.csv",
        csv_of(lambda: [[*row, "same"] for row in rows()], "path", "label", "group"),
        ("has 0 rows for", "in 1 groups", "groups stay whole"),
        {},
    ),
    "more test rows than there are": (
        "digits",
        lambda: None,
        ("digits: class '0'", "ask for smaller splits"),
        {"test": 500},
    ),
    "a truncated Parquet file": (
        "m.parquet",
        raw("m.parquet", b"PAR1 and no more"),
        ("m.parquet is no readable Parquet",),
        {},
    ),
    "labels NaN": (
        "m.parquet",
        lambda: parquet(path=images(), label=[float("nan")] * 40)(),
        ("40 of 40 rows cannot be used", "no label"),
        {},
    ),
    "labels that are lists": (
        "m.parquet",
        lambda: parquet(path=images(), label=[["cat", "dog"]] * 40)(),
        ("m.parquet", "column 'label' holds lists or the like; give one name or number a row"),
        {},
    ),
    "images of another form": (
        "m.parquet",
        pictures_in_parquet(["cat", "dog"] * 20, bytes="leave out", path="a.png"),
        ("m.parquet", "column 'image' has no 'bytes'"),
        {},
    ),
    "images of nothing": (
        "m.parquet",
        pictures_in_parquet(["cat", "dog"] * 20, bytes=b""),
        ("40 of 40 rows cannot be used", "no image bytes"),
        {},
    ),
    "pickled arrays": (
        "m.npz",
        npz(X=PIXELS, y=np.array([{}] * 40, object)),
        ("m.npz is no readable .npz of plain arrays (no objects, no pickle)",),
        {},
    ),
    "a pickle that says npz": ("m.npz", raw("m.npz", b"\x80\x04K\x01."), ("m.npz is no readable .npz",), {}),
    "labels of NaN in an archive": ("m.npz", npz(X=PIXELS, y=np.full(40, np.nan)), ("m.npz: labels", "NaN"), {}),
    "more labels than images": ("m.npz", npz(X=PIXELS, y=np.arange(41)), ("m.npz: 40 images but 41",), {}),
    "channels first": (
        "m.npz",
        npz(X=PIXELS[:, None].repeat(3, 1), y=np.arange(40) % 2),
        ("m.npz: images must be", "move the channels last"),
        {},
    ),
    "other keys": ("m.npz", npz(data=PIXELS, target=np.arange(40)), ("m.npz holds data, target; expected X, y",), {}),
    "pixels out of range": (
        "m.npz",
        npz(X=PIXELS * 9.0, y=np.arange(40) % 2),
        ("m.npz: float pixels run from 0 to", "state them as ", "black, white"),
        {},
    ),
    "one class name for two labels": (
        "m.npz",
        npz(X=PIXELS, y=np.arange(40) % 2, classes=["cat", "cat"]),
        ("class name 'cat' stands for two labels",),
        {},
    ),
    "a missing idx file": (
        "idx",
        idx(lambda: Path("idx", TEST_Y).unlink()),
        ("idx has no t10k-labels", "put all four"),
        {},
    ),
    "a short idx file": ("idx", idx(change(TRAIN_X, lambda b: b[:-1])), (TRAIN_X, "is cut short"), {}),
    "an idx file of floats": ("idx", idx(change(TRAIN_X, lambda b: b[:2] + b"\x0d" + b[3:])), ("no idx file",), {}),
    "an idx file that says too much": (
        "idx",
        idx(change(TRAIN_X, lambda b: b[:4] + b"\xff" * 12 + b[16:])),
        (TRAIN_X, "is cut short"),
        {},
    ),
    "a damaged gzip file": (
        "idx",
        idx(lambda: Path("idx", TEST_Y).rename(Path("idx", TEST_Y + ".gz"))),
        (TEST_Y + ".gz is damaged",),
        {},
    ),
    "a size out of range": ("digits", lambda: None, ("prepare.size[0] is 4", "8 to 512"), {"size": [4, 8]}),
}  # fmt: skip


@pytest.mark.parametrize(("source", "build", "words", "options"), REFUSED.values(), ids=REFUSED)
def test_refused(
    project: Path,
    refused: Callable[..., None],
    source: str,
    build: Build,
    words: tuple[str, ...],
    options: dict[str, Any],
) -> None:
    build()
    modality = "image" if source == "m.csv" else "auto"  # without images in it, a CSV is taken for a table
    refused("prepare", words, {"prepare": {"source": source, "modality": modality, **options}})


def test_rows_without_label_path_or_file_are_set_aside(project: Path, stage: Callable[..., Any]) -> None:
    given = rows(r3="", r4="nan", r5=" ")
    given[6][0], given[7][0], given[8][0], given[9][0] = "", "images/none.png", "../project/images/1.png", "images"
    manifest(given)
    assert stage("prepare", {"prepare": {"source": "m.csv", "max_unreadable": 0.2}}).code == 0
    found = {entry["name"]: entry["reason"] for entry in report()["rejected"]}
    assert {name: reason.split(";")[0] for name, reason in found.items()} == {
        "images/3.png": "no label",
        "images/4.png": "no label",
        "images/5.png": "no label",
        "row 6": "no path",
        "images/none.png": "there is no such file",
        "../project/images/1.png": "leads out of the manifest's folder",
        "images": "there is no such file",
    }
    assert report()["classes"] == ["cat", "dog"]


def test_full_paths_and_paths_that_come_back_are_taken(project: Path, stage: Callable[..., Any]) -> None:
    given = rows()
    given[0][0] = str(project / "images" / "0.png")
    given[1][0] = "images/../images/./1.png"
    manifest(given)
    assert stage("prepare", {"prepare": {"source": "m.csv"}}).code == 0
    assert report()["rejected"] == []


def test_the_same_image_under_two_labels_is_kept_out(project: Path, stage: Callable[..., Any]) -> None:
    given = rows()
    manifest([*given, [given[4][0], "dog"], [given[6][0], "cat"]])
    assert stage("prepare", {"prepare": {"source": "m.csv"}}).code == 0
    assert report()["contested"] == {"rows": 2, "names": ["images/4.png", "images/4.png"]}
    assert report()["copies"]["exact"]["clusters"] == 2


def test_a_group_that_spans_splits_is_left_out_of_training(project: Path, stage: Callable[..., Any]) -> None:
    given = [[*row, ("train", "validation", "test")[i % 3], f"g{i}"] for i, row in enumerate(rows())]
    given[0][3] = given[2][3] = "both"
    manifest(given, ("path", "label", "split", "group"))
    assert stage("prepare", {"prepare": {"source": "m.csv"}}).code == 0
    assert report()["left_out"] == {"rows": 1, "names": ["images/0.png"]}


@pytest.mark.slow
def test_a_thousand_classes(project: Path, stage: Callable[..., Any]) -> None:
    labels = np.arange(4000) % 1000
    pixels = np.random.default_rng(0).integers(0, 256, (4000, 8, 8), np.uint8)
    np.savez("m.npz", X=pixels, y=labels)
    assert stage("prepare", {"prepare": {"source": "m.npz", "per_class": None}, "repeats": [0]}).code == 0
    assert len(report()["classes"]) == 1000
    assert report()["classes"][:3] == ["0", "1", "2"]


def report() -> dict[str, Any]:
    return json.loads(Path("reports/prepare.json").read_text(encoding="utf-8"))
