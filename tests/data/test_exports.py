from __future__ import annotations

import csv
import os
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ganaug.data.rows import Rows, RowWriter
from ganaug.errors import DataError
from ganaug.modalities import modality_named
from ganaug.modalities.exports import export
from ganaug.modalities.image import exports
from ganaug.modalities.image.arrays import content_ids
from ganaug.modalities.image.exports import escape, folder_names, unescape
from ganaug.modalities.image.load import load
from ganaug.modalities.image.png import decode_png
from ganaug.modalities.image.schema import image_schema
from ganaug.modalities.image.sources import open_source
from ganaug.utils.files import write_json

PARTS = ("train", "validation", "test")
Load = Callable[..., Any]


@pytest.fixture
def augmented(tmp_path: Path, digits: Rows) -> dict[str, Rows]:
    """Digits of every class in each split; training rows partly synthetic, with a model. At ``augmented/``."""
    per_class = [np.flatnonzero(digits.labels == k) for k in range(10)]
    parts = {part: digits.take(np.sort([rows[3 * i : 3 * i + 3] for rows in per_class], axis=None))
             for i, part in enumerate(PARTS)}  # fmt: skip
    parts["train"].synthetic[20:] = True
    for part, rows in parts.items():
        extra = {"model": np.where(rows.synthetic, "f00d", "").astype(object)} if part == "train" else None
        columns = pa.schema([("model", pa.string())]) if extra else None
        with RowWriter(tmp_path / "augmented" / f"{part}.parquet", rows.schema, columns) as writer:
            writer.write(rows, extra)
    return parts


def provenance(folder: Path) -> list[dict[str, str]]:
    with (folder / "provenance.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.slow
@given(st.text(min_size=1, max_size=30))
@example("T-shirt/top")
@example("../..")
@example("con.png")
@example("test 1_train")
@example("%2F")
@example("\n\0")
def test_class_names_are_escaped_reversibly(name: str) -> None:
    safe = escape(name)
    assert unescape(safe) == name
    assert not set(safe) & set('/\\:*?"<>|[]\0\n')
    assert safe[0] not in "._ "
    assert safe[-1] not in ". "
    assert not set(safe.lower().replace("_", "-").replace(" ", "-").replace(".", "-").split("-")) & {
        "train",
        "test",
        "val",
    }


def test_ordinary_class_names_stay_as_they_are() -> None:
    for name in ("Ankle boot", "7", "Ünïcode 9", "contest", "valley", "constrained"):
        assert escape(name) == name


NAMES = st.lists(st.text(min_size=1, max_size=4) | st.text("aAßsS%t", min_size=1, max_size=4), max_size=9)


@pytest.mark.slow
@given(NAMES.map(lambda names: list({unicodedata.normalize("NFC", name): name for name in names}.values())))
@example(["a", "A", "TEST", "Test", "test", "ß", "ss", "\u00e9", "E\u0301", "%41"])
def test_no_two_folders_are_one_where_case_does_not_count(names: list[str]) -> None:
    folders = folder_names(names)
    assert [unescape(folder) for folder in folders.values()] == names
    assert len({unicodedata.normalize("NFC", folder.casefold()) for folder in folders.values()}) == len(names)


def test_letters_in_both_cases_are_exported_and_read_again(tmp_path: Path, digits: Rows) -> None:
    schema = image_schema(8, 8, 1, ("A", "a", "B"))
    rows = Rows.build(schema, digits.samples[:30], np.arange(30) % 3)
    for part in PARTS:
        with RowWriter(tmp_path / "augmented" / f"{part}.parquet", schema) as writer:
            writer.write(rows)
    export(modality_named("image"), "image_folder", tmp_path / "augmented", tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out" / "train").iterdir()) == ["%41", "B", "a"]
    assert {row["label"] for row in provenance(tmp_path / "out")} == {"A", "a", "B"}


def test_hugging_face_reads_the_image_folder(tmp_path: Path, augmented: dict[str, Rows], load_dataset: Load) -> None:
    export(modality_named("image"), "image_folder", tmp_path / "augmented", tmp_path / "out")
    data = load_dataset("imagefolder", data_dir=str(tmp_path / "out"))
    assert sorted(data) == sorted(PARTS)
    for part, rows in augmented.items():
        found = data[part].features["label"].names
        assert sorted(map(unescape, found)) == sorted(rows.schema.classes)
        pictures = {
            (unescape(found[row["label"]]), np.asarray(row["image"].convert("L")).tobytes()) for row in data[part]
        }
        assert pictures == {
            (rows.schema.classes[k], image.tobytes()) for k, image in zip(rows.labels, rows.samples, strict=True)
        }
        assert len(data[part]) == len(rows)


def folder_samples(root: Path, suffixes: tuple[str, ...]) -> tuple[list[str], list[tuple[str, int]]]:
    """Class names and (path, class number) by the rule that torchvision and Keras document.

    Sorted names of the folders are the classes; all files below one, in sorted order, that end in a known suffix belong
    to it, and none is refused. torchvision: `find_classes` and `make_dataset` of torchvision/datasets/folder.py 0.29;
    Keras: `index_directory` of keras/src/utils/dataset_utils.py 3.15, which leaves hidden folders out.
    """
    classes = sorted(entry.name for entry in os.scandir(root) if entry.is_dir())
    samples = [
        (os.path.join(folder, name), number)  # noqa: PTH118
        for number, kind in enumerate(classes)
        for folder, _, names in sorted(os.walk(root / kind, followlinks=True))
        for name in sorted(names)
        if name.lower().endswith(suffixes)
    ]
    assert {number for _, number in samples} == set(range(len(classes))), "torchvision refuses an empty class"
    return classes, samples


KERAS = (".bmp", ".gif", ".jpeg", ".jpg", ".png")
TORCHVISION = (".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp")


@pytest.mark.parametrize("suffixes", [KERAS, TORCHVISION])
def test_the_image_folder_is_what_torchvision_and_keras_expect(
    tmp_path: Path, augmented: dict[str, Rows], suffixes: tuple[str, ...]
) -> None:
    """By a replica of their rule: neither library is a dependency of the tests."""
    export(modality_named("image"), "image_folder", tmp_path / "augmented", tmp_path / "out")
    for part, rows in augmented.items():
        classes, samples = folder_samples(tmp_path / "out" / part, suffixes)
        assert not any(name.startswith(".") for name in classes)
        found = [(unescape(classes[k]), decode_png(Path(path).read_bytes(), (8, 8, 1))) for path, k in samples]
        assert_same_pictures(found, rows)


def test_torchvision_reads_the_image_folder(tmp_path: Path, augmented: dict[str, Rows]) -> None:
    try:  # beside a torch of another build its import is a RuntimeError, which importorskip lets through
        from torchvision.datasets import ImageFolder
    except (ImportError, RuntimeError) as error:
        pytest.skip(f"no torchvision that works: {error}")
    export(modality_named("image"), "image_folder", tmp_path / "augmented", tmp_path / "out")
    for part, rows in augmented.items():
        data = ImageFolder(str(tmp_path / "out" / part))
        assert (data.classes, data.samples) == folder_samples(tmp_path / "out" / part, TORCHVISION)
        assert_same_pictures([(unescape(data.classes[k]), np.asarray(x.convert("L"))) for x, k in data], rows)


def assert_same_pictures(found: list[tuple[str, Any]], rows: Rows) -> None:
    expected = [(rows.schema.classes[k], image) for k, image in zip(rows.labels, rows.samples, strict=True)]
    assert sorted((name, image.tobytes()) for name, image in found) == sorted((n, x.tobytes()) for n, x in expected)


def test_our_own_source_reads_the_image_folder(tmp_path: Path, augmented: dict[str, Rows]) -> None:
    export(modality_named("image"), "image_folder", tmp_path / "augmented", tmp_path / "out")
    loaded = load(open_source(tmp_path / "out"))
    assert sorted(content_ids(loaded.samples[loaded.splits == "test"])) == sorted(augmented["test"].ids)
    assert {path.name for path in (tmp_path / "out").iterdir()} == {*PARTS, "provenance.csv"}
    assert {path.suffix for part in PARTS for path in (tmp_path / "out" / part).rglob("*.*")} == {".png"}


def test_hugging_face_reads_the_shards(
    tmp_path: Path, augmented: dict[str, Rows], load_dataset: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "SHARD", 12)
    export(modality_named("image"), "webdataset", tmp_path / "augmented", tmp_path / "out")
    assert len(list((tmp_path / "out").glob("train-*.tar"))) == 3
    data = load_dataset(str(tmp_path / "out"))  # which reads the card
    assert sorted(data) == sorted(PARTS)
    for part, rows in augmented.items():
        assert data[part].features["cls"].names == list(rows.schema.classes)
        assert data[part]["cls"][:] == rows.labels.tolist()
        for i, row in enumerate(data[part]):
            np.testing.assert_array_equal(np.asarray(row["png"].convert("L")), rows.samples[i, :, :, 0])
            assert row["json"]["synthetic"] == rows.synthetic[i]
            assert row["json"]["class"] == rows.schema.classes[rows.labels[i]]


def test_shards_loaded_by_kind_have_names_where_they_are_given(
    tmp_path: Path, augmented: dict[str, Rows], load_dataset: Load
) -> None:
    """`datasets` reads no card then: labels are numbers, unless the caller names the features."""
    export(modality_named("image"), "webdataset", tmp_path / "augmented", tmp_path / "out")
    plain = load_dataset("webdataset", data_dir=str(tmp_path / "out"))["test"]
    assert plain.features["cls"].dtype == "int64"
    assert not hasattr(plain.features["cls"], "names")
    named = load_dataset(str(tmp_path / "out"), split="test").features
    again = load_dataset("webdataset", data_dir=str(tmp_path / "out"), features=named)["test"]
    assert again.features["cls"].names == list(augmented["test"].schema.classes)
    assert again["cls"][:] == plain["cls"][:] == augmented["test"].labels.tolist()


@pytest.mark.parametrize("groups", [None, "ward 7"])
def test_the_card_holds_any_class_name_and_any_group(
    tmp_path: Path, digits: Rows, load_dataset: Load, groups: str | None
) -> None:
    """Groups that only late rows have, which `datasets` does not see when it guesses; and no validation rows."""
    names = ("no", "1e3", "null", "- a: b", 'say "hi" \\', "Ünïcode 😀", "\x7f\u2028\n", "---", " ", "\ufeff#")
    rows = digits.take(np.arange(20))
    rows.schema = image_schema(8, 8, 1, names)
    rows.groups[10:] = groups
    for part in PARTS:
        with RowWriter(tmp_path / "augmented" / f"{part}.parquet", rows.schema) as writer:
            writer.write(rows.take(np.arange(0 if part == "validation" else 20)))
    export(modality_named("image"), "webdataset", tmp_path / "augmented", tmp_path / "out")
    data = load_dataset(str(tmp_path / "out"))
    assert sorted(data) == ["test", "train"]
    assert data["train"].features["cls"].names == list(names)
    assert [row["json"]["class"] for row in data["train"]] == [names[k] for k in rows.labels]
    assert [row["json"]["group"] for row in data["train"]] == rows.groups.tolist()


def test_hugging_face_reads_the_augmented_folder(
    tmp_path: Path, augmented: dict[str, Rows], load_dataset: Load
) -> None:
    """As `merge` leaves it: with its provenance beside it, and a column that only the training split has."""
    write_json(tmp_path / "augmented" / "provenance.json", {"policy": "ratio"})
    data = load_dataset(str(tmp_path / "augmented"))
    assert sorted(data) == sorted(PARTS)
    for part, rows in augmented.items():
        assert data[part].features["label"].names == list(rows.schema.classes)
        assert data[part]["label"][:] == rows.labels.tolist()
        assert data[part]["synthetic"][:] == rows.synthetic.tolist()
        for picture, image in zip(data[part]["image"], rows.samples, strict=True):
            np.testing.assert_array_equal(np.asarray(picture), image[:, :, 0])
    assert set(data["train"]["model"]) == {"", "f00d"}


def test_the_table_of_labels_is_a_manifest(tmp_path: Path, augmented: dict[str, Rows]) -> None:
    export(modality_named("image"), "csv", tmp_path / "augmented", tmp_path / "out")
    loaded = load(open_source(tmp_path / "out" / "provenance.csv"))
    classes = np.array(loaded.classes)
    for part, rows in augmented.items():
        at = loaded.splits == part
        assert content_ids(loaded.samples[at]).tolist() == rows.ids.tolist()
        assert classes[loaded.labels[at]].tolist() == [rows.schema.classes[k] for k in rows.labels]


@pytest.mark.parametrize("kind", ["image_folder", "webdataset", "csv"])
def test_provenance_names_every_row(tmp_path: Path, augmented: dict[str, Rows], kind: str) -> None:
    export(modality_named("image"), kind, tmp_path / "augmented", tmp_path / "out")
    table = provenance(tmp_path / "out")
    assert [row["id"] for row in table] == [i for rows in augmented.values() for i in rows.ids]
    assert [row["model"] for row in table if row["synthetic"] == "1"] == ["f00d"] * 10
    assert all(row["model"] == "" for row in table if row["synthetic"] == "0")
    assert {row["split"] for row in table} == set(PARTS)
    if kind != "webdataset":
        assert all((tmp_path / "out" / row["path"]).is_file() for row in table)


@pytest.mark.parametrize("kind", ["image_folder", "webdataset", "csv"])
def test_exports_are_the_same_bytes_again_and_leave_nothing_stale(
    tmp_path: Path, augmented: dict[str, Rows], kind: str
) -> None:
    def contents() -> dict[str, bytes]:
        return {str(path): path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()}

    export(modality_named("image"), kind, tmp_path / "augmented", tmp_path / "out")
    before = contents()
    (tmp_path / "out" / "old.png").write_text("stale")
    export(modality_named("image"), kind, tmp_path / "augmented", tmp_path / "out")
    assert contents() == before


def test_mistakes_are_explained(tmp_path: Path, augmented: dict[str, Rows]) -> None:
    with pytest.raises(DataError, match="'zip' is no export of images; known are csv, image_folder, webdataset"):
        export(modality_named("image"), "zip", tmp_path / "augmented", tmp_path / "out")
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "holiday.png").write_text("mine")
    with pytest.raises(DataError, match="not written by ganaug"):
        export(modality_named("image"), "csv", tmp_path / "augmented", tmp_path / "photos")
