"""A modality of another package reads its files, numbers in ``.vec``, as images are read."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from points import Points, PointsSpec

from ganaug.data.prepare import prepare
from ganaug.data.rows import read_rows
from ganaug.errors import DataError
from ganaug.modalities.choose import MODALITIES, modality_named
from ganaug.modalities.files.kind import FileKind
from ganaug.modalities.files.load import loaded, read_files
from ganaug.modalities.files.opening import holds_files, open_files
from ganaug.modalities.files.source import UnreadableError

KIND = FileKind("vector", "vec", frozenset({".vec"}), frozenset({".vecz"}), "unpack them")
LABELS = ("flat", "steep")


def read(item: Path | bytes) -> np.ndarray:
    try:
        return np.array((item if isinstance(item, bytes) else item.read_bytes()).split(), np.float32)
    except ValueError:
        raise UnreadableError("holds more than numbers") from None


class Vectors(Points):
    name = "vec"
    unit = "vectors"

    def claims(self, source, columns):
        return holds_files(source, KIND, columns)

    def load(self, source, options):
        opened = open_files(source, KIND, options.get("columns"))
        good, samples, rejected = read_files(opened, KIND, read, options.get("max_unreadable", 0.05))
        facts = {"read_as": "numbers in text", "findings": []}
        spec = PointsSpec(len(samples[0]))
        return loaded(opened, good, np.stack(samples), spec, rejected=rejected, facts=facts)


@pytest.fixture(autouse=True)
def installed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setitem(MODALITIES._known, "vec", Vectors)
    yield
    modality_named.cache_clear()


def content(i: int) -> bytes:
    return " ".join(map(str, [i, i % 2, i / 2])).encode()


def as_folder(root: Path) -> Path:
    for i in range(20):
        path = root / "data" / LABELS[i % 2] / f"{i:02}.vec"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content(i))
    return root / "data"


def as_csv(root: Path) -> Path:
    folder = as_folder(root)
    lines = [f"{path.relative_to(root)},{path.parent.name}" for path in sorted(folder.rglob("*.vec"))]
    (root / "rows.csv").write_text("\n".join(["path,label", *lines]))
    return root / "rows.csv"


def as_jsonl(root: Path) -> Path:
    folder = as_folder(root)
    rows = [{"label": path.parent.name, "path": str(path)} for path in sorted(folder.rglob("*.vec"))]
    (root / "rows.jsonl").write_text("\n\n".join(map(json.dumps, rows)))
    return root / "rows.jsonl"


def as_parquet(root: Path) -> Path:
    files = [{"bytes": content(i), "path": None} for i in range(20)]
    pq.write_table(pa.table({"vec": files, "label": [LABELS[i % 2] for i in range(20)]}), root / "rows.parquet")
    return root / "rows.parquet"


@pytest.mark.parametrize(
    ("write", "why"),
    [
        (as_folder, "a folder of vectors"),
        (as_csv, "a table whose column 'path' names vectors"),
        (as_jsonl, "a table whose column 'path' names vectors"),
        (as_parquet, "a table of encoded vectors"),
    ],
)
def test_folders_manifests_and_parquet_become_splits(tmp_path: Path, write: Callable[[Path], Path], why: str) -> None:
    source = write(tmp_path)
    assert modality_named("vec").claims(source, {}) == why
    report = prepare(source, modality="vec", out=tmp_path / "splits", report=tmp_path / "report.json")
    assert report["classes"] == list(LABELS)
    splits = [read_rows(tmp_path / f"splits/0/{part}.parquet") for part in ("train", "validation", "test")]
    pairs = [pair for rows in splits for pair in zip(rows.samples.tolist(), rows.labels, strict=True)]
    assert sorted((*sample, label) for sample, label in pairs) == [(i, i % 2, i / 2, i % 2) for i in range(20)]
    assert {rows.schema.modality.name for rows in splits} == {"vec"}


def test_lengths_may_differ_and_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    folder = as_folder(tmp_path)
    (folder / "flat" / "00.vec").write_text("1 2 3 4 5")
    (folder / "flat" / "bad.vec").write_text("1 two")
    (folder / "flat" / "empty.vec").write_text("")
    (folder / "flat" / "packed.vecz").write_text("1")
    (folder / "flat" / "photo.png").write_text("1")
    (folder / "flat" / "README").write_text("1")
    source = open_files(folder, KIND)
    good, samples, rejected = read_files(source, KIND, read, max_unreadable=0.2)
    assert [len(sample) for sample in samples] == [5] + [3] * 19
    assert [source.names[i] for i in good][:2] == ["flat/00.vec", "flat/02.vec"]
    assert [tuple(bad) for bad in rejected] == [
        ("flat/packed.vecz", ".vecz files cannot be read: unpack them"),
        ("flat/bad.vec", "holds more than numbers"),
        ("flat/empty.vec", "the file is empty"),
    ]
    assert [tuple(skip) for skip in source.skipped] == [
        ("flat/README", "without a suffix"),
        ("flat/photo.png", ".png is no vector format"),
    ]
    with pytest.raises(DataError, match="3 of 23 rows cannot be used"):
        read_files(source, KIND, read)


def test_a_file_that_a_manifest_names_may_be_missing(tmp_path: Path) -> None:
    path = as_csv(tmp_path)
    (tmp_path / "data" / "flat" / "00.vec").unlink()
    rejected = read_files(open_files(path, KIND), KIND, read)[2]
    assert [tuple(bad) for bad in rejected] == [("data/flat/00.vec", "there is no such file")]


def test_values_of_a_jsonl_manifest_keep_their_types(tmp_path: Path) -> None:
    rows = [
        {"path": "a.vec", "label": 10, "group": "p", "split": "train"},
        {"path": "b.vec", "label": "nan", "split": "val", "more": [1]},
        {"path": "c.vec", "label": None},
        {"label": 9},
    ]
    (tmp_path / "rows.jsonl").write_text("\ufeff" + "\n".join(map(json.dumps, rows)), encoding="utf-8")
    source = open_files(tmp_path / "rows.jsonl", KIND)
    assert (source.labels, source.classes) == (["10", "nan"], ("10", "nan"))
    assert (source.groups, source.splits) == (["p", None], ["train", "validation"])
    assert [tuple(bad) for bad in source.rejected] == [("c.vec", "no label"), ("row 3", "no path")]


DAMAGED = {
    "empty": "",
    "no line": "\n",
    "a list": "[1]",
    "cut": '{"path": ',
    "deep": "[" * 100_000,
    "half a character": '{"path": "\\ud800", "label": "a"}',
    "no UTF-8": "\xff",
}


@pytest.mark.parametrize("text", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_jsonl_manifest_is_explained(tmp_path: Path, text: str) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(text.encode("latin-1"))
    assert holds_files(path, KIND, {}) == ""
    with pytest.raises(DataError, match="is no readable file of JSON objects, one a line"):
        open_files(path, KIND)


def test_what_is_of_another_kind_is_not_claimed(tmp_path: Path) -> None:
    (tmp_path / "photos" / "cat").mkdir(parents=True)
    (tmp_path / "photos" / "cat" / "1.png").write_text("1")
    (tmp_path / "photos.csv").write_text("path,label\nphotos/cat/1.png,cat\n")
    pq.write_table(pa.table({"image": [{"bytes": b"1"}], "label": ["cat"]}), tmp_path / "photos.parquet")
    for name in ("photos", "photos.csv", "photos.parquet", "nowhere"):
        assert holds_files(tmp_path / name, KIND, {}) == ""


def test_mistakes_are_told_in_words_of_the_kind(tmp_path: Path) -> None:
    (tmp_path / "none" / "flat").mkdir(parents=True)
    (tmp_path / "a.zip").write_text("")
    (tmp_path / "empty.csv").write_text("path,label\n")
    pq.write_table(pa.table({"vec": [{"path": "a.vec"}], "label": ["flat"]}), tmp_path / "a.parquet")
    for name, words in {
        "none": "class folder .* has no vectors; add some",
        "none/flat": "put the vectors of each class into a folder",
        "a.zip": r"give a folder, \.csv, \.jsonl or \.parquet\.",
        "empty.csv": "has no labelled vector at all",
        "a.parquet": "column 'vec' has no 'bytes'; put the encoded vectors there",
        "nowhere": "neither a file nor a folder here; check the path",
    }.items():
        with pytest.raises(DataError, match=words):
            open_files(tmp_path / name, KIND)
