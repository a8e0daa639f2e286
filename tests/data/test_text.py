"""Labels of every type give the same class names from every kind of file, or one sentence."""

from __future__ import annotations

import datetime
import decimal
import enum
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from ganaug.data.text import plain, plain_array, to_label, to_text
from ganaug.errors import DataError
from ganaug.modalities.image.load import load
from ganaug.modalities.image.sources import ImageSource as Source
from ganaug.modalities.image.sources import open_source

IMAGES = np.zeros((3, 8, 8), np.uint8)


def paths(root: Path, n: int = 3) -> list[str]:
    for i in range(n):
        Image.new("L", (8, 8), 9 * i).save(root / f"{i}.png")
    return [f"{i}.png" for i in range(n)]


def as_npz(labels: Any, root: Path) -> Source:
    np.savez(root / "m.npz", X=IMAGES, y=labels)
    return open_source(root / "m.npz")


def as_parquet(labels: Any, root: Path) -> Source:
    pd.DataFrame({"path": paths(root), "label": labels}).to_parquet(root / "m.parquet")
    return open_source(root / "m.parquet")


def as_csv(labels: Any, root: Path) -> Source:
    pd.DataFrame({"path": paths(root), "label": labels}).to_csv(root / "m.csv", index=False)
    return open_source(root / "m.csv")


WHOLE = [1, 0, 1]
# Labels, their names, and what reads them beside Parquet. In a CSV bytes are text that looks like b'cat'.
KINDS: dict[str, tuple[Any, list[str], tuple[Any, ...]]] = {
    "text": (["cat", "Dog", "ü"], ["cat", "Dog", "ü"], (as_npz, as_csv)),
    "bytes": (np.array([b"cat", b"Dog", "ü".encode()]), ["cat", "Dog", "ü"], (as_npz,)),
    "objects of text": (np.array(["cat", "Dog", "ü"], object), ["cat", "Dog", "ü"], (as_csv,)),
    "objects of bytes": (np.array([b"cat", b"Dog", "ü".encode()], object), ["cat", "Dog", "ü"], ()),
    "bool": (np.array([True, False, True]), ["True", "False", "True"], (as_npz, as_csv)),
    **{
        f"{kind}": (np.array(WHOLE, kind), ["1", "0", "1"], (as_npz, as_csv))
        for kind in ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"]
    },
    **{kind: (np.array(WHOLE, kind), ["1", "0", "1"], (as_npz,)) for kind in ["float16", "float32", "float64"]},
    "large": (np.array([2**53, 2**53 + 1, 2**53]), [str(2**53), str(2**53 + 1), str(2**53)], (as_npz, as_csv)),
    "categories": (pd.Categorical(["cat", "Dog", "cat"]), ["cat", "Dog", "cat"], (as_csv,)),
    "categories of numbers": (pd.Categorical([1.0, 0.0, 1.0]), ["1", "0", "1"], ()),
    "nullable": (pd.array(WHOLE, "Int64"), ["1", "0", "1"], (as_csv,)),
}
REFUSED: dict[str, tuple[Any, str]] = {
    "fractions": (np.array([0.5, 1, 2]), "holds the label 0.5: labels must be names or whole numbers"),
    "infinity": (np.array([np.inf, 1, 2]), "holds the label inf"),
    "times": (pd.to_datetime(["2020-01-01"] * 3), "names or whole numbers"),
    "dates": ([datetime.date(2020, 1, 1)] * 3, "names or whole numbers"),
    "decimals": ([decimal.Decimal("1.00")] * 3, "names or whole numbers"),
    "lists": ([["cat"], ["cat", "dog"], []], "holds lists or the like"),
    "mappings": ([{"name": "cat"}] * 3, "holds lists or the like"),
    "bytes that are no text": (np.array([b"\xff", b"a", b"a"], object), "no text in UTF-8"),
}


@pytest.mark.parametrize(("labels", "names", "doors"), KINDS.values(), ids=KINDS)
def test_labels_of_every_type(tmp_path: Path, labels: Any, names: list[str], doors: tuple[Any, ...]) -> None:
    for door in (as_parquet, *doors):
        if not (door is as_parquet and getattr(labels, "dtype", None) == np.float16):  # which pandas does not write
            assert door(labels, tmp_path).labels == names, door


@pytest.mark.parametrize(("labels", "message"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_label_is_refused(tmp_path: Path, labels: Any, message: str) -> None:
    with pytest.raises(DataError, match=rf"m\.parquet: column 'label' .*{message}"):
        as_parquet(labels, tmp_path)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (np.array([0.5, 1, 2]), "holds the label 0.5"),
        (np.array([0.0, np.nan, 1]), "row 1 has NaN"),
        (np.array(["2020-01-01"] * 3, "M8[D]"), "got datetime64"),
        (np.array([1j, 2, 3]), "got complex128"),
        (np.zeros((3, 14), np.uint8), r"shape \(3, 14\); rows of several labels have no one class"),
        (np.array([b"\xff", b"a", b"a"]), "no text in UTF-8"),
        (np.int64(3), r"got shape \(\)"),
    ],
)
def test_what_is_no_label_in_an_archive_is_refused(tmp_path: Path, labels: Any, message: str) -> None:
    with pytest.raises(DataError, match=rf"m\.npz: labels .*{message}"):
        as_npz(labels, tmp_path)


def test_missing_labels_are_set_aside(tmp_path: Path) -> None:
    large = 2**53 + 1  # which a float, as pandas makes it of a column with gaps, does not hold
    for labels in (["cat", None, "cat"], [large, None, large], [b"cat", None, b"cat"], [1.0, None, 1.0]):
        pq.write_table(pa.table({"path": paths(tmp_path), "label": labels}), tmp_path / "m.parquet")
        source = open_source(tmp_path / "m.parquet")
        assert source.labels == [to_text(labels[0], "")] * 2
        assert [tuple(bad) for bad in source.rejected] == [("1.png", "no label")]


def test_nan_in_a_csv_is_a_missing_label_and_elsewhere_a_class(tmp_path: Path) -> None:
    labels = ["cat", "nan", "NaN"]
    source = as_csv(labels, tmp_path)
    assert [tuple(bad) for bad in source.rejected] == [
        (f"{i}.png", f"no label; for a class {labels[i]!r} give a Parquet manifest") for i in (1, 2)
    ]
    assert as_parquet(labels, tmp_path).labels == as_npz(labels, tmp_path).labels == labels


def test_bytes_are_text_wherever_they_stand(tmp_path: Path) -> None:
    columns = {"path": paths(tmp_path), "label": ["a", "b", "a"], "group": ["ü", "", "x"], "split": ["train"] * 3}
    table = pa.table({name: [value.encode() for value in values] for name, values in columns.items()})
    pq.write_table(table, tmp_path / "m.parquet")
    np.savez(tmp_path / "m.npz", X=IMAGES, y=[0, 1, 0], classes=[b"a", b"b"], group=["ü".encode(), b"", b"x"],
             split=[b"train"] * 3)  # fmt: skip
    for name in ("m.parquet", "m.npz"):
        source = open_source(tmp_path / name)
        assert (source.labels, source.groups, source.splits) == (["a", "b", "a"], ["ü", None, "x"], ["train"] * 3)


def test_a_missing_group_is_none(tmp_path: Path) -> None:
    np.savez(tmp_path / "m.npz", X=IMAGES, y=[0, 1, 0], group=[1.0, np.nan, np.nan])
    assert open_source(tmp_path / "m.npz").groups == ["1", None, None]
    np.savez(tmp_path / "m.npz", X=IMAGES, y=[0, 1, 0], group=np.eye(3))
    with pytest.raises(DataError, match=r"group must be one value a row, got shape \(3, 3\)"):
        open_source(tmp_path / "m.npz")


def medmnist(root: Path, **changes: np.ndarray) -> Path:
    arrays = {}
    for part, n in (("train", 6), ("val", 2), ("test", 4)):
        arrays[f"{part}_images"] = np.arange(n * 64 * 3, dtype=np.uint8).reshape(n, 8, 8, 3)
        arrays[f"{part}_labels"] = np.arange(n, dtype=np.uint8)[:, None] % 2
    np.savez(root / "pathmnist.npz", **arrays | changes)
    return root / "pathmnist.npz"


def test_medmnist(tmp_path: Path) -> None:
    source = open_source(medmnist(tmp_path))
    assert source.splits == ["train"] * 6 + ["validation"] * 2 + ["test"] * 4
    assert source.labels == [*"010101", *"01", *"0101"]
    assert load(source).samples.shape == (12, 8, 8, 3)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {f"{part}_labels": np.zeros((n, 14), np.uint8) for part, n in (("train", 6), ("val", 2), ("test", 4))},
            r"labels must be one name or number an image, got shape \(12, 14\); rows of several labels",
        ),
        ({"val_images": np.zeros((2, 8, 8, 3))}, "images of its splits differ.* uint8 .* in train, float64 .* in val"),
        ({"val_images": np.zeros((2, 9, 8, 3), np.uint8)}, r"differ.*\(n, 9, 8, 3\) in validation"),
        ({"val_labels": np.array(["0", "1"])[:, None]}, "labels of its splits differ.* names of .* in validation"),
        ({"val_labels": np.array([0, 1])}, r"labels of its splits differ.* numbers of shape \(n,\) in validation"),
        ({"train_images": np.int64(3)}, "expected X, y or images, labels or x_train, y_train or train_images"),
    ],
)
def test_medmnist_that_cannot_be_read(tmp_path: Path, changes: dict[str, np.ndarray], message: str) -> None:
    with pytest.raises(DataError, match=message):
        open_source(medmnist(tmp_path, **changes))


class Kind(str, enum.Enum):
    CAT = "cat"


class Level(enum.IntEnum):
    HIGH = 3


class Other(enum.Enum):
    THING = 1


def test_enumerated_labels_are_what_they_stand_for() -> None:
    assert [plain(value, "y") for value in (Kind.CAT, Level.HIGH, Other.THING, b"x", 2)] == [
        "cat", 3, Other.THING, "x", 2,
    ]  # fmt: skip
    assert type(plain(Kind.CAT, "y")) is str


@pytest.mark.slow
@settings(deadline=None)
@given(st.lists(st.text().filter(lambda text: "\0" not in text), min_size=1), st.booleans())
def test_bytes_become_the_text_that_they_were(texts: list[str], objects: bool) -> None:
    values = np.array([text.encode() for text in texts], object if objects else None)
    found = plain_array(values, "y")
    assert found.tolist() == texts
    assert [to_label(value, "y") for value in values.tolist()] == texts
