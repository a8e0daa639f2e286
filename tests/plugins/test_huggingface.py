from __future__ import annotations

import datetime
import io
import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow
from sklearn.datasets import load_digits

os.environ.setdefault("HF_HUB_OFFLINE", "1")

from datasets import ClassLabel, Dataset, DatasetDict, Image, List, Value, disable_progress_bars, load_dataset

from ganaug import GANAugmenter
from ganaug.errors import ConfigError, DataError
from ganaug.plugins.huggingface import augment_dataset
from ganaug.synthesis.select import Selection

disable_progress_bars()

DIGITS = load_digits()
PIXELS = (DIGITS.images * 15.9).astype(np.uint8)
NAMES = [f"digit {k}" for k in range(10)]
QUICK: dict[str, Any] = {"steps": 20, "width": 16, "device": "cpu", "random_state": 0}
EVERYTHING = Selection(filters=())  # 20 steps make nothing that a teacher would recognise


@pytest.fixture(autouse=True)
def quick_teacher(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ganaug.augmenter.TEACHER_STEPS", 5)


def png(pixels: np.ndarray) -> dict[str, Any]:
    buffer = io.BytesIO()
    Pillow.fromarray(pixels).save(buffer, "PNG")
    return {"bytes": buffer.getvalue(), "path": None}


def rows(at: slice, labels: Any = None, images: Any = None) -> Dataset:
    found = [png(image) for image in PIXELS[at]] if images is None else images
    ds = Dataset.from_dict({"image": found, "label": DIGITS.target[at] if labels is None else labels})
    return ds.cast_column("image", Image())


def contents(ds: Dataset, columns: list[str]) -> dict[str, list[Any]]:
    """Every value as it is stored."""
    stored: dict[str, list[Any]] = ds.with_format(None).cast_column("image", Image(decode=False)).to_dict()
    return {name: stored[name] for name in columns}


@pytest.fixture(scope="module")
def splits() -> DatasetDict:
    """Digits with class names and two more columns. Of the validation split, one image cannot be decoded."""
    parts = DatasetDict(train=rows(slice(0, 60)), validation=rows(slice(60, 70)), test=rows(slice(70, 80)))
    broken = contents(parts["validation"], ["image", "label"])
    broken["image"][0]["bytes"] = b"no image"
    parts["validation"] = Dataset.from_dict(broken).cast_column("image", Image())
    for name, part in parts.items():
        ids = part.add_column("id", [f"{name} {i}" for i in range(len(part))])
        parts[name] = ids.add_column("boxes", [[1, 2]] * len(part)).cast_column("label", ClassLabel(names=NAMES))
    return parts


@pytest.fixture(scope="module")
def augmented(splits: DatasetDict) -> DatasetDict:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ganaug.augmenter.TEACHER_STEPS", 5)
        return augment_dataset(splits, ratio=2.0, selection=EVERYTHING, **QUICK)


@pytest.mark.slow
def test_only_the_training_split_gains_rows(splits: DatasetDict, augmented: DatasetDict) -> None:
    assert isinstance(augmented, DatasetDict)
    assert {name: len(part) for name, part in augmented.items()} == {"train": 180, "validation": 10, "test": 10}
    for name, part in augmented.items():
        n = len(splits[name])
        columns = splits[name].column_names
        assert contents(part.select(range(n)), columns) == contents(splits[name], columns)
        assert part["synthetic"][:] == [False] * n + [True] * (len(part) - n)


@pytest.mark.slow
def test_features_are_kept(splits: DatasetDict, augmented: DatasetDict) -> None:
    for name, part in augmented.items():
        assert dict(part.features) == {**splits[name].features, "synthetic": Value("bool")}
    assert augmented["train"].features["label"].names == NAMES
    assert augmented["train"].features["boxes"] == List(Value("int64"))
    assert splits["train"].column_names == ["image", "label", "id", "boxes"]  # what was given stays as it was


def test_synthetic_rows_are_labelled_images_like_the_real_ones(splits: DatasetDict, augmented: DatasetDict) -> None:
    new = augmented["train"].select(range(60, 180))
    real = np.bincount(splits["train"]["label"][:], minlength=10)
    np.testing.assert_array_equal(np.bincount(new["label"][:], minlength=10), 2 * real)
    assert {(image.mode, image.size) for image in new["image"]} == {("L", (8, 8))}
    assert len({image.tobytes() for image in new["image"]}) > 100
    assert new["id"][:] == new["boxes"][:] == [None] * 120


@pytest.mark.slow
def test_a_dataset_gives_a_dataset_and_a_seed_the_same_one(splits: DatasetDict, augmented: DatasetDict) -> None:
    random.seed(0)
    np.random.seed(0)  # noqa: NPY002
    before = random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002
    again = augment_dataset(splits["train"], ratio=2.0, selection=EVERYTHING, **QUICK)
    assert (random.getstate(), np.random.get_state()[1].tolist()) == before  # noqa: NPY002
    assert isinstance(again, Dataset)
    assert contents(again, again.column_names) == contents(augmented["train"], again.column_names)


@pytest.mark.slow
def test_formats_are_kept(splits: DatasetDict) -> None:
    ds = splits["train"].select(range(20)).with_format("numpy", columns=["image", "label"])
    more = augment_dataset(ds, selection=EVERYTHING, **QUICK)
    assert more.format["type"] == "numpy"
    assert more[39]["image"].shape == (8, 8)
    seen = augment_dataset(ds.with_transform(lambda batch: {"n": [len(batch["id"])]}), selection=EVERYTHING, **QUICK)
    assert seen[0:4] == {"n": [4]}


@pytest.mark.slow
def test_colours_names_and_other_columns_than_the_usual_ones(tmp_path: Path) -> None:
    """RGB images, labels that are words, another name for the split; and the result is a Parquet file like others."""
    ds = rows(slice(0, 20), labels=[("cat", "dog")[k % 2] for k in DIGITS.target[:20]])
    ds = ds.cast_column("image", Image(mode="RGB")).rename_columns({"image": "photo", "label": "animal"})
    given = DatasetDict(learn=ds, check=ds.remove_columns("animal"))  # no label there, as in many test splits
    options = QUICK | {"image_column": "photo", "label_column": "animal", "split": "learn"}
    more = augment_dataset(given, ratio=0.5, selection=EVERYTHING, **options)
    assert more["check"].column_names == ["photo", "synthetic"]
    more["learn"].to_parquet(tmp_path / "learn.parquet")
    read = load_dataset("parquet", data_files=str(tmp_path / "*.parquet"), cache_dir=str(tmp_path / "c"), split="train")
    assert read.features == more["learn"].features
    assert sorted(read["animal"][20:]) == ["cat"] * 5 + ["dog"] * 5
    assert {(image.mode, image.size) for image in read["photo"]} == {("RGB", (8, 8))}


@pytest.mark.slow
def test_a_strict_selection_and_a_ratio_of_zero_add_nothing() -> None:
    ds = rows(slice(0, 20))
    for options in ({"selection": Selection([{"confidence": {"threshold": 1.0}}])}, {"ratio": 0}):
        assert augment_dataset(ds, **options, **QUICK)["synthetic"][:] == [False] * 20


def with_image(image: Any) -> Callable[[Dataset], Dataset]:
    """Make row 3 hold another image."""
    return lambda ds: rows(slice(0, 20), images=[*contents(ds, ["image"])["image"][:3], image, *[png(PIXELS[0])] * 16])


def palette() -> dict[str, Any]:
    buffer = io.BytesIO()
    Pillow.fromarray(PIXELS[0]).convert("P").save(buffer, "PNG")
    return {"bytes": buffer.getvalue(), "path": None}


def numbers(pixels: np.ndarray) -> list[dict[str, Any]]:
    """TIFF files of floats."""
    files = []
    for image in pixels.astype(np.float32):
        buffer = io.BytesIO()
        Pillow.fromarray(image).save(buffer, "TIFF")
        files.append({"bytes": buffer.getvalue(), "path": None})
    return files


def training_images(monkeypatch: pytest.MonkeyPatch) -> list[np.ndarray]:
    """What the GAN is given."""
    seen: list[np.ndarray] = []
    fit = GANAugmenter.fit
    monkeypatch.setattr(GANAugmenter, "fit", lambda self, X, y: (seen.append(X), fit(self, X, y))[1])  # noqa: N803
    return seen


LEVELS = PIXELS[:20]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("images", "stated", "mode", "white"),
    [
        ([png(image.astype(np.uint16) * 257) for image in LEVELS], None, "I;16", 65535),
        ([png(np.rint(image / 255 * 4095).astype(np.uint16)) for image in LEVELS], None, "I;16", 4095),
        (numbers(LEVELS / 255), None, "F", 1),
        (numbers(LEVELS / 255 * 1000), (0, 1000), "F", 1000),
        ([png((image > 127).astype(np.uint8)) for image in LEVELS], None, "L", 1),
        ([png(image > 127) for image in LEVELS], None, "1", 1),
    ],
)
def test_pixels_of_any_type_are_seen_in_full_and_made_alike(
    monkeypatch: pytest.MonkeyPatch, images: list[Any], stated: Any, mode: str, white: float
) -> None:
    seen = training_images(monkeypatch)
    ds = rows(slice(0, 20), images=images)
    more = augment_dataset(ds, pixel_range=stated, selection=EVERYTHING, **QUICK)
    expected = (LEVELS > 127) * 255 if white == 1 and mode != "F" else LEVELS
    np.testing.assert_array_equal(seen[0], expected)
    new = more[20:]["image"]
    assert {picture.mode for picture in new} == {mode}
    pixels = np.array([np.asarray(picture) for picture in new], np.float64)
    assert pixels.min() >= 0
    assert white / 4 < pixels.max() <= white


@pytest.mark.slow
def test_labels_that_are_bytes_stay_bytes() -> None:
    names = [b"cat", "h\u00fcndin".encode()]
    more = augment_dataset(rows(slice(0, 20), labels=[names[k % 2] for k in LABELS]), selection=EVERYTHING, **QUICK)
    assert more.features["label"] == Value("binary")
    assert sorted(more[20:]["label"]) == sorted(more[:20]["label"])


def a_table(n: int = 60) -> Dataset:
    """A data set with numbers, gaps, text, class names, times, ids and a label."""
    random = np.random.default_rng(0)
    days = [datetime.datetime(2024, 1, 1) + datetime.timedelta(days=int(day)) for day in random.integers(0, 300, n)]
    ds = Dataset.from_dict({
        "count": [None if i % 7 == 0 else int(x) for i, x in enumerate(random.integers(0, 90, n))],
        "share": random.random(n).astype("float32"), "town": [["Graz", "Turin", None][i % 3] for i in range(n)],
        "kind": [i % 3 for i in range(n)], "seen": days, "key": [f"k{i}" for i in range(n)],
        "sold": ["no", "no", "yes"] * (n // 3),
    })  # fmt: skip
    return ds.cast_column("kind", ClassLabel(names=["u", "v", "w"]))


@pytest.mark.slow
def test_a_table_gains_rows_of_its_types() -> None:
    ds = a_table()
    options = QUICK | {"image_column": None, "label_column": "sold", "selection": EVERYTHING}
    more = augment_dataset(DatasetDict(train=ds.with_format("numpy"), test=ds.select([0, 1])), **options)
    assert more["test"]["synthetic"] == [False, False]
    assert more["train"].format["type"] == "numpy"
    found = more["train"].with_format(None)
    assert found.features == ds.features | {"synthetic": Value("bool")}
    assert found[: len(ds)] == ds[:] | {"synthetic": [False] * len(ds)}
    new = found[len(ds) :]
    assert sorted(new["sold"]) == sorted(ds["sold"])
    assert new["synthetic"] == [True] * len(ds)
    for name in ("count", "share", "seen"):
        old = [value for value in ds[name] if value is not None]
        assert all(value is None or min(old) <= value <= max(old) for value in new[name])
    assert all(time.hour == 0 for time in new["seen"])
    assert set(new["kind"]) <= {0, 1, 2}
    assert set(new["town"]) <= {"Graz", "Turin", None}
    assert not set(new["key"]) & set(ds["key"])


def test_what_is_no_table_is_refused() -> None:
    options = QUICK | {"image_column": None, "label_column": "sold"}
    with pytest.raises(DataError, match=r"column 'boxes' of split 'train' holds List\(.*drop it"):
        augment_dataset(a_table().add_column("boxes", [[1, 2]] * 60), **options)
    with pytest.raises(DataError, match=r"column 'photo' .* holds Image\(.*image_column="):
        augment_dataset(rows(slice(0, 20)).rename_columns({"image": "photo", "label": "sold"}), **options)
    with pytest.raises(DataError, match="split 'train' has no column but the label 'sold'"):
        augment_dataset(a_table().select_columns("sold"), **options)
    with pytest.raises(ConfigError, match="a table has no pixels"):
        augment_dataset(a_table(), pixel_range=(0, 1), **options)


LABELS = DIGITS.target[:20].tolist()


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (
            with_image(png(np.zeros((9, 8), np.uint8))),
            r"row 3 of split 'train' .* shape \(9, 8\) where row 0 has \(8, 8",
        ),
        (with_image(png(np.zeros((8, 8, 3), np.uint8))), r"row 3 .* shape \(8, 8, 3\) .* one size .* and one mode"),
        (with_image(palette()), "row 3 .* mode P: .* L, RGB, RGBA, as ds.cast_column"),
        (with_image(png(np.zeros((8, 8), np.uint16))), "row 3 .* of uint16 .* of uint8: .* one mode"),
        (with_image(None), "row 3 of split 'train' has no image"),
        (with_image({"bytes": b"no", "path": None}), r"row 3 .* cannot be read \(.*\): drop or mend it"),
        (with_image({"bytes": None, "path": "/nowhere/x.png"}), r"row 3 .* cannot be read \(.*nowhere"),
        (lambda ds: rows(slice(0, 20), labels=[None, *LABELS[1:]]), "row 0 of split 'train' has no label in column"),
        (
            lambda ds: rows(slice(0, 20), labels=[-1, *LABELS[1:]]).cast_column("label", ClassLabel(names=NAMES)),
            "row 0 of split 'train' has no label",
        ),
        (
            lambda ds: rows(slice(0, 20), labels=[[0], [1, 2], *[[3]] * 18]),
            "row 0 .* has several labels .*: give one a row",
        ),
        (lambda ds: rows(slice(0, 20), labels=[{"a": 1}] * 20), "row 0 .* has several labels"),
        (lambda ds: rows(slice(0, 20), labels=[datetime.date(2020, 1, 1)] * 20), "give strings or numbers"),
        (lambda ds: rows(slice(0, 20), labels=[float("nan"), *[1.0] * 19]), "missing label at row 0"),
        (lambda ds: rows(slice(0, 20), images=numbers(PIXELS[:20] * -4.0)), "float pixels run from -.* pixel_range="),
        (lambda ds: rows(slice(0, 20), images=numbers(PIXELS[:20] * np.nan)), "row 0 .* NaN or infinite"),
        (lambda ds: ds.rename_column("label", "y"), "has no column 'label'; it has image, y"),
        (lambda ds: ds.rename_column("image", "x"), "has no column 'image'; it has x, label"),
        (lambda ds: ds.add_column("synthetic", [True] * 20), "has a column 'synthetic' already"),
        (lambda ds: ds.remove_columns("image").add_column("image", [[0]] * 20), "holds List.*cast_column"),
        (lambda ds: DatasetDict(training=ds), "no rows in a split 'train'; it has training: name .* split="),
        (lambda ds: ds.to_iterable_dataset(), "ds is a IterableDataset: give .* without streaming"),
        (lambda ds: ds.select([]), "no rows in a split 'train'"),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_place(spoil: Callable[[Dataset], Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        augment_dataset(spoil(rows(slice(0, 20))), **QUICK)


@pytest.mark.slow
def test_options_out_of_range_are_refused() -> None:
    with pytest.raises(ConfigError, match="ratio is -1"):
        augment_dataset(rows(slice(0, 20)), ratio=-1, **QUICK)
    with pytest.raises(ConfigError, match="steps is 0"):
        augment_dataset(rows(slice(0, 20)), **QUICK | {"steps": 0})
    with pytest.raises(TypeError, match="stpes"):
        augment_dataset(rows(slice(0, 20)), stpes=3)
