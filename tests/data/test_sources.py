from __future__ import annotations

import csv
import gzip
import os
import struct
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from ganaug.data.rows import Rows
from ganaug.errors import DataError
from ganaug.modalities.image.load import load
from ganaug.modalities.image.sources import ImageSource as Source
from ganaug.modalities.image.sources import open_source


def picture(path: Path, value: int = 0, size: tuple[int, int] = (8, 8)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", size, value).save(path, "PNG")
    return path


def values(source: Source) -> list[int]:
    """The first pixel of every image."""
    return [int(source.pixels.read(i)[0, 0, 0]) for i in range(len(source.names))]


def test_built_in_digits() -> None:
    source = open_source("digits")
    assert len(source.names) == 1797
    assert source.classes == tuple("0123456789")
    images = np.stack([source.pixels.read(i) for i in range(1797)])
    assert (images.shape, images.min(), images.max()) == ((1797, 8, 8, 1), 0, 255)


def test_built_in_fashion_mnist() -> None:
    source = open_source("fashion_mnist_mini")
    assert source.classes[0] == "T-shirt/top"
    assert source.pixels.header(0).shape == (28, 28, 1)
    counted = {(label, split) for label, split in zip(source.labels, source.splits or [], strict=True)}
    assert len(counted) == 20
    assert (source.splits or []).count("train") == 3000
    assert (source.splits or []).count("test") == 2500


def test_image_folder_in_an_order_of_its_own(tmp_path: Path) -> None:
    names = ["b/2.png", "b/10.png", "a/z.png", "a/deep/er/y.PNG", "10/ü \n.png", "9/no_suffix", "9/.hidden.png"]
    for i, name in enumerate(names):
        picture(tmp_path / name, i)
    (tmp_path / "a" / "notes.txt").write_text("x")
    (tmp_path / ".git").mkdir()
    source = open_source(tmp_path)
    assert source.names == ["10/ü \n.png", "9/no_suffix", "a/deep/er/y.PNG", "a/z.png", "b/10.png", "b/2.png"]
    assert values(source) == [4, 5, 3, 2, 1, 0]
    assert source.labels == ["10", "9", "a", "a", "b", "b"]
    assert source.classes == ("9", "10", "a", "b")
    assert source.splits is None
    assert [tuple(skip) for skip in source.skipped] == [
        ("a/notes.txt", ".txt is no image format"),
        (".git", "hidden, or left by a system"),
        ("9/.hidden.png", "hidden, or left by a system"),
    ]


def test_pre_split_folders(tmp_path: Path) -> None:
    for name in ("train/a/1.png", "train/b/1.png", "val/a/2.png", "Test/b/3.png"):
        picture(tmp_path / name)
    source = open_source(tmp_path)
    assert dict(zip(source.names, source.splits or [], strict=True)) == {
        "train/a/1.png": "train", "train/b/1.png": "train", "val/a/2.png": "validation", "Test/b/3.png": "test",
    }  # fmt: skip
    assert source.classes == ("a", "b")


def test_classes_may_be_called_train_and_test(tmp_path: Path) -> None:
    picture(tmp_path / "train" / "1.png")
    picture(tmp_path / "bus" / "1.png")
    assert open_source(tmp_path).classes == ("bus", "train")


def test_links_are_followed_and_lead_nowhere_twice(tmp_path: Path) -> None:
    root = tmp_path / "root"
    picture(root / "a" / "1.png")
    picture(tmp_path / "outside" / "2.png")
    (root / "a" / "inside.png").symlink_to(root / "a" / "1.png")
    (root / "a" / "out.png").symlink_to(tmp_path / "outside" / "2.png")
    (root / "a" / "loop").symlink_to(root, target_is_directory=True)
    (root / "a" / "self.png").symlink_to(root / "a" / "self.png")
    (root / "b").symlink_to(tmp_path / "outside", target_is_directory=True)
    os.mkfifo(root / "a" / "pipe.png")
    source = open_source(root)
    assert source.names == ["a/1.png", "a/inside.png", "a/out.png", "b/2.png"]
    assert dict(source.rejected) == {"a/self.png": "a link to itself", "a/pipe.png": "not a regular file"}
    assert dict(source.skipped) == {"a/loop": "a link to a folder that is read already"}


def test_images_beside_the_class_folders_are_reported(tmp_path: Path) -> None:
    picture(tmp_path / "a" / "1.png")
    picture(tmp_path / "stray.png")
    (tmp_path / "README.md").write_text("x")
    source = open_source(tmp_path)
    assert [tuple(bad) for bad in source.rejected] == [("stray.png", "lies outside the class folders")]
    assert [tuple(skip) for skip in source.skipped] == [("README.md", ".md is no image format")]


def test_bytes_that_are_no_text_still_name_a_file(tmp_path: Path) -> None:
    folder = os.fsencode(tmp_path) + b"/a"
    os.mkdir(folder)  # noqa: PTH102 - pathlib takes no bytes
    picture(Path(os.fsdecode(folder + b"/\xff.png")))
    assert open_source(tmp_path).names == ["a/\\xff.png"]


def test_classes_that_only_look_different_are_refused(tmp_path: Path) -> None:
    for name in ("caf\u00e9", "cafe\u0301"):
        picture(tmp_path / name / "1.png")
    with pytest.raises(DataError, match="differ only in Unicode form"):
        open_source(tmp_path)


def test_classes_may_differ_in_case(tmp_path: Path) -> None:
    np.savez(tmp_path / "d.npz", X=np.zeros((3, 8, 8)), y=["a", "A", "a"])
    source = open_source(tmp_path / "d.npz")
    assert (source.classes, source.labels) == (("A", "a"), ["a", "A", "a"])


def test_empty_folders_are_explained(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="has no class folders"):
        open_source(tmp_path)
    (tmp_path / "a").mkdir()
    with pytest.raises(DataError, match=r"class folder .*a has no images"):
        open_source(tmp_path)


def manifest(path: Path, header: Sequence[str], rows: Sequence[Sequence[Any]]) -> Path:
    if path.suffix == ".csv":
        with path.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([header, *rows])
    else:
        pq.write_table(pa.table({name: [row[i] for row in rows] for i, name in enumerate(header)}), path)
    return path


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_manifest_with_groups_splits_and_other_names(tmp_path: Path, suffix: str) -> None:
    for i in range(4):
        picture(tmp_path / "images" / f"{i}.png", i)
    rows = [
        ["images/3.png", " 10", "p1", "Training"],
        ["images/0.png", "9", "", "valid"],
        ["images/1.png", "NA", "p1", "test"],
        ["", "9", "p2", "train"],
        ["images/2.png", "", "p2", "train"],
    ]
    path = manifest(tmp_path / f"m{suffix}", ["file", "kind", "patient", "fold"], rows)
    source = open_source(path, {"path": "file", "label": "kind", "group": "patient", "split": "fold"})
    assert values(source) == [3, 0, 1]
    assert source.labels == ["10", "9", "NA"]
    assert source.classes == ("9", "10", "NA")
    assert source.groups == ["p1", None, "p1"]
    assert source.splits == ["train", "validation", "test"]
    assert [tuple(bad) for bad in source.rejected] == [("row 3", "no path"), ("images/2.png", "no label")]


def test_manifest_and_its_files_may_be_links(tmp_path: Path) -> None:
    """As a cache makes them, which knows files by hashes."""
    picture(tmp_path / "cache" / "0a", 7)
    manifest(tmp_path / "cache" / "rows.csv", ["path", "label"], [["images/1.png", "x"], ["images/2.png", "x"]]).rename(
        tmp_path / "cache" / "1b"
    )
    (tmp_path / "here" / "images").mkdir(parents=True)
    (tmp_path / "here" / "rows.csv").symlink_to("../cache/1b")
    (tmp_path / "here" / "images" / "1.png").symlink_to("../../cache/0a")
    (tmp_path / "here" / "images" / "2.png").symlink_to("../../cache/gone")
    source = open_source(tmp_path / "here" / "rows.csv")
    assert source.names == ["images/1.png", "images/2.png"]
    assert int(source.pixels.read(0)[0, 0, 0]) == 7
    with pytest.raises(DataError, match="a link to nothing"):
        source.pixels.header(1)


def test_manifest_labels_may_be_numbers(tmp_path: Path) -> None:
    path = manifest(tmp_path / "m.parquet", ["path", "label"], [["a.png", 1.0], ["b.png", 2.0], ["c.png", None]])
    source = open_source(path)
    assert source.labels == ["1", "2"]
    assert source.rejected[0].name == "c.png"


def test_manifest_mistakes_are_explained(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no column 'label'; it has path, kind"):
        open_source(manifest(tmp_path / "m.csv", ["path", "kind"], [["a.png", "x"]]))
    with pytest.raises(DataError, match=r"a\.png: 'holdout' is no split"):
        open_source(manifest(tmp_path / "s.csv", ["path", "label", "split"], [["a.png", "x", "holdout"]]))
    (tmp_path / "empty.csv").write_text("")
    (tmp_path / "latin.csv").write_bytes(b"path,label\n\xff,\xfe\n")
    (tmp_path / "broken.parquet").write_bytes(b"PAR1")
    for name in ("empty.csv", "latin.csv", "broken.parquet"):
        with pytest.raises(DataError, match="is no readable"):
            open_source(tmp_path / name)


def test_our_own_parquet_is_a_source(digits: Rows, write: Callable[..., Path]) -> None:
    rows = digits.take(np.arange(40))
    rows.groups[:] = [f"writer {i % 4}" for i in range(40)]
    rows.synthetic[0] = True
    source = open_source(write("own.parquet", rows))
    assert source.classes == digits.schema.classes
    assert source.labels == [digits.schema.classes[k] for k in rows.labels[1:]]
    assert source.groups == rows.groups[1:].tolist()
    np.testing.assert_array_equal(np.stack([source.pixels.read(i) for i in range(39)]), rows.samples[1:])
    assert [tuple(bad) for bad in source.rejected] == [("row 0", "synthetic, not real")]


@pytest.mark.parametrize(("x", "y"), [("X", "y"), ("images", "labels")])
def test_npz(tmp_path: Path, x: str, y: str) -> None:
    images = np.arange(4 * 9 * 11 * 3, dtype=np.uint8).reshape(4, 9, 11, 3)
    arrays = {
        x: images,
        y: np.array(["b", "a", "b", "a"]),
        "group": np.array([1, 1, 2, 2]),
        "split": ["train"] * 3 + ["test"],
    }
    np.savez(tmp_path / "d.npz", **arrays)
    source = open_source(tmp_path / "d.npz")
    assert source.labels == ["b", "a", "b", "a"]
    assert source.groups == ["1", "1", "2", "2"]
    assert source.splits == ["train", "train", "train", "test"]
    np.testing.assert_array_equal(source.pixels.read(2), images[2])


def test_npz_as_keras_writes_it(tmp_path: Path) -> None:
    x = np.arange(5 * 8 * 8, dtype=np.uint8).reshape(5, 8, 8)
    y = np.array([[0], [1], [0], [1], [0]])
    np.savez_compressed(
        tmp_path / "d.npz", x_train=x[:3], y_train=y[:3], x_test=x[3:], y_test=y[3:], classes=["no", "yes"]
    )
    source = open_source(tmp_path / "d.npz")
    assert source.labels == ["no", "yes", "no", "yes", "no"]
    assert source.splits == ["train"] * 3 + ["test"] * 2


@pytest.mark.parametrize(
    ("images", "expected"),
    [
        (np.array([0, 0.5, 1.0]), [0, 128, 255]),
        (np.array([0, 100.4, 255.0]), [0, 100, 255]),
        (np.array([False, True, True]), [0, 255, 255]),
        (np.array([0, 256, 65535], np.uint16), [0, 1, 255]),
        (np.array([0, 1, 1], np.uint8), [0, 255, 255]),
        (np.array([0, 7, 255], np.int64), [0, 7, 255]),
    ],
)
def test_npz_kinds_of_numbers(tmp_path: Path, images: np.ndarray, expected: list[int]) -> None:
    np.savez(tmp_path / "d.npz", X=np.tile(images[:, None, None], (1, 8, 8)), y=[0, 1, 1])
    assert load(open_source(tmp_path / "d.npz")).samples[:, 0, 0, 0].tolist() == expected


@pytest.mark.parametrize(
    ("arrays", "reason"),
    [
        ({"X": np.zeros((2, 8, 8), np.uint8)}, "expected X, y"),
        ({"X": np.zeros((2, 8)), "y": [0, 1]}, "images must be"),
        ({"X": np.zeros((2, 3, 8, 8)), "y": [0, 1]}, "channels last"),
        ({"X": np.full((2, 8, 8), -1.0), "y": [0, 1]}, "pixels run from -1 to -1 .* pixel_range="),
        ({"X": np.full((2, 8, 8), np.nan), "y": [0, 1]}, "2 of 2 rows cannot be used .* NaN"),
        ({"X": np.full((2, 8, 8), "a"), "y": [0, 1]}, "must be numbers"),
        ({"X": np.zeros((2, 8, 8)), "y": [0, 1, 2]}, "2 images but 3"),
        ({"X": np.zeros((2, 8, 8)), "y": [0.5, 1]}, "whole numbers"),
        ({"X": np.zeros((2, 8, 8)), "y": np.eye(2)}, "one name or number"),
        ({"X": np.zeros((2, 8, 8)), "y": np.array([{}, {}], object)}, "no objects"),
        (
            {"x_train": np.zeros((2, 8, 8)), "y_train": [0, 1], "x_test": np.zeros((2, 9, 8)), "y_test": [0, 1]},
            "differ",
        ),
        ({"X": np.zeros((2, 8, 8)), "y": [0, 5], "classes": ["a", "b"]}, "from 0 to 1"),
        ({"X": np.zeros((2, 8, 8)), "y": ["", "b"]}, "empty name"),
    ],
)
def test_npz_mistakes_are_explained(tmp_path: Path, arrays: dict[str, Any], reason: str) -> None:
    np.savez(tmp_path / "d.npz", **arrays)
    with pytest.raises(DataError, match=reason):
        load(open_source(tmp_path / "d.npz"))


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no", b"\x80\x04K\x01.", b"\x93NUMPY\x01\0 no"])
def test_damaged_npz(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "d.npz").write_bytes(content)
    with pytest.raises(DataError, match=r"is no readable \.npz"):
        open_source(tmp_path / "d.npz")


def write_idx(path: Path, array: np.ndarray) -> None:
    head = struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
    content = head + array.astype(np.uint8).tobytes()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)


def idx_folder(folder: Path, suffix: str) -> Path:
    for part, n in (("train", 4), ("t10k", 2)):
        write_idx(folder / f"{part}-images-idx3-ubyte{suffix}", np.arange(n * 72).reshape(n, 8, 9))
        write_idx(folder / f"{part}-labels-idx1-ubyte{suffix}", np.arange(n) % 2)
    return folder


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_idx_files(tmp_path: Path, suffix: str) -> None:
    source = open_source(idx_folder(tmp_path, suffix))
    assert source.labels == ["0", "1", "0", "1", "0", "1"]
    assert source.splits == ["train"] * 4 + ["test"] * 2
    assert source.pixels.read(1)[0, :, 0].tolist() == list(range(72, 81))


def test_idx_mistakes_are_explained(tmp_path: Path) -> None:
    labels = idx_folder(tmp_path, "") / "t10k-labels-idx1-ubyte"
    labels.write_bytes(labels.read_bytes()[:-1])
    with pytest.raises(DataError, match="cut short"):
        open_source(tmp_path)
    labels.unlink()
    with pytest.raises(DataError, match="has no t10k-labels"):
        open_source(tmp_path)


def test_folders_that_may_not_be_read_are_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def scandir(path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "scandir", scandir)
    with pytest.raises(DataError, match=r"cannot be read: .*Permission denied"):
        open_source(tmp_path)


def test_what_is_no_source_is_explained(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="did you mean 'digits'"):
        open_source("digit")
    with pytest.raises(DataError, match="neither a file nor a folder"):
        open_source("nowhere/at/all")
    (tmp_path / "a.zip").write_text("")
    with pytest.raises(DataError, match=r"is a \.zip file"):
        open_source(tmp_path / "a.zip")
