from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from ganaug.data.prepare import rows_of
from ganaug.data.rows import Rows, RowWriter
from ganaug.errors import DataError
from ganaug.modalities import modality_named
from ganaug.modalities.image.load import common_size, load
from ganaug.modalities.image.schema import image_schema
from ganaug.modalities.image.sources import open_source


def folder(root: Path, bad: int = 0) -> Path:
    """Ten readable images a class: 17 x 40, one of them RGBA and one of another size; and ``bad`` damaged files."""
    for label in "ab":
        (root / label).mkdir(parents=True)
        for i in range(10):
            mode, size = ("RGBA" if i == 3 else "L"), ((20, 20) if i == 4 else (40, 17))
            Image.new(mode, size, i).save(root / label / f"{i}.png")
    for i in range(bad):
        (root / "a" / f"bad{i}.png").write_bytes(b"no image")
    return root


def test_size_and_channels_are_found(tmp_path: Path) -> None:
    loaded = load(open_source(folder(tmp_path)))
    assert loaded.spec.shape == (17, 40, 4)
    assert loaded.facts["resized"] == 2
    assert loaded.labels.tolist() == [0] * 10 + [1] * 10
    assert loaded.samples[1, 0, 0].tolist() == [1, 1, 1, 255]


def test_size_and_channels_may_be_given(tmp_path: Path) -> None:
    loaded = load(open_source(folder(tmp_path)), size=(9, 12), channels=1)
    assert loaded.samples.shape == (20, 9, 12, 1)


@pytest.mark.slow
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    shape=st.tuples(st.integers(8, 128), st.integers(8, 128), st.sampled_from([1, 3, 4])),
    names=st.lists(
        st.text(st.characters(codec="utf-8"), min_size=1),
        min_size=1,
        max_size=4,
        unique_by=lambda name: unicodedata.normalize("NFC", name).casefold(),
    ),
    seed=st.integers(0, 99),
)
def test_the_file_form_is_a_source_of_the_same_rows(
    tmp_path: Path, shape: tuple[int, int, int], names: list[str], seed: int
) -> None:
    """Whatever the shape, and whatever the classes are called."""
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 256, (4, *shape)).astype(np.uint8)
    rows = Rows.build(
        image_schema(*shape, tuple(names)), images, rng.integers(0, len(names), 4), groups=[None, " ", "x", "x"]
    )
    with RowWriter(tmp_path / "rows.parquet", rows.schema) as writer:
        writer.write(rows)
    found = rows_of(modality_named("image"), load(open_source(tmp_path / "rows.parquet")))
    assert found.schema == rows.schema
    for name in ("samples", "labels", "ids", "groups"):
        np.testing.assert_array_equal(getattr(found, name), getattr(rows, name))


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ([(28, 28), (28, 28), (30, 30)], (28, 28)),
        ([(3000, 4000)], (96, 128)),
        ([(4, 4)], (8, 8)),
        ([(4, 12)], (8, 24)),
        ([(10, 1000)], (8, 128)),
        ([(10, 10), (20, 20), (90, 90)], (20, 20)),
    ],
)
def test_the_size_rule(sizes: list[tuple[int, int]], expected: tuple[int, int]) -> None:
    assert common_size(sizes) == expected


def test_unreadable_rows_are_set_aside_by_name(tmp_path: Path) -> None:
    loaded = load(open_source(folder(tmp_path, bad=1)))
    assert len(loaded.samples) == 20
    assert [bad.name for bad in loaded.rejected] == ["a/bad0.png"]
    assert "not an image" in loaded.rejected[0].reason


def test_too_many_unreadable_rows_stop(tmp_path: Path) -> None:
    source = open_source(folder(tmp_path, bad=3))
    with pytest.raises(DataError, match=r"3 of 23 rows cannot be used \('a/bad0\.png': not an image"):
        load(source)
    with pytest.raises(DataError, match="mend them, or raise max_unreadable"):  # as it is called in Python
        load(source)
    assert len(load(source, max_unreadable=0.2).samples) == 20


def test_nothing_readable_stops_even_if_allowed(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "1.png").write_bytes(b"no image")
    with pytest.raises(DataError, match=r"1 of 1 rows .*; mend them\."):
        load(open_source(tmp_path), max_unreadable=1.0)


def test_truncated_files_count_although_their_header_is_fine(tmp_path: Path) -> None:
    folder(tmp_path)
    noise = np.random.default_rng(0).integers(0, 256, (17, 40)).astype(np.uint8)
    Image.fromarray(noise).save(tmp_path / "a" / "cut.png")
    (tmp_path / "a" / "cut.png").write_bytes((tmp_path / "a" / "cut.png").read_bytes()[:300])
    loaded = load(open_source(tmp_path))
    assert [bad.name for bad in loaded.rejected] == ["a/cut.png"]
    assert "a/cut.png" not in loaded.names


@pytest.mark.parametrize(("shape", "says"), [
    ({"size": (7, 8)}, r"^size is \(7, 8\): sides must be 8 to 512"),
    ({"size": (8, 513)}, r"^size is \(8, 513\): sides must be 8 to 512"),
    ({"channels": 2}, r"^channels is 2: images have 1, 3 or 4 channels"),
])  # fmt: skip
def test_impossible_shapes_are_refused(shape: dict[str, Any], says: str) -> None:
    with pytest.raises(DataError, match=says):
        load(open_source("digits"), **shape)
