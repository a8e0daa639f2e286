from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ganaug.data.rows import (
    Rows,
    RowWriter,
    digest,
    iter_encoded,
    iter_rows,
    read_rows,
    read_schema,
    read_table,
)
from ganaug.errors import DataError
from ganaug.modalities.image.arrays import content_ids
from ganaug.modalities.image.schema import image_schema

Write = Callable[..., Path]
SCORES = pa.schema([("realism", pa.float32()), ("kept", pa.bool_()), ("reason", pa.string())])


def assert_same(a: Rows, b: Rows) -> None:
    assert a.schema == b.schema
    for name in ("samples", "labels", "synthetic", "ids", "groups"):
        left, right = getattr(a, name), getattr(b, name)
        assert left.dtype == right.dtype
        np.testing.assert_array_equal(left, right)


@pytest.mark.slow
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    height=st.integers(1, 128),
    width=st.integers(1, 128),
    channels=st.sampled_from([1, 3, 4]),
    n=st.integers(0, 5),
    names=st.lists(st.text(min_size=1), min_size=1, max_size=4, unique=True),
    seed=st.integers(0, 99),
)
def test_rows_come_back_as_they_were(
    tmp_path: Path, height: int, width: int, channels: int, n: int, names: list[str], seed: int
) -> None:
    rng = np.random.default_rng(seed)
    names = [name.encode("utf-8", "replace").decode() for name in names]
    images = rng.integers(0, 256, (n, height, width, channels)).astype(np.uint8)
    groups = [None if rng.random() < 0.5 else f"group {i}" for i in range(n)]
    schema = image_schema(height, width, channels, tuple(names))
    rows = Rows.build(schema, images, rng.integers(0, len(names), n), synthetic=seed % 2 == 0, groups=groups)
    with RowWriter(tmp_path / "rows.parquet", schema) as writer:
        writer.write(rows)
    assert read_schema(tmp_path / "rows.parquet") == schema
    assert_same(read_rows(tmp_path / "rows.parquet"), rows)


def test_bytes_do_not_depend_on_how_rows_are_dealt_out(tmp_path: Path, digits: Rows) -> None:
    rows = digits.take(np.arange(300))
    for k, step in enumerate((7, 100, 300)):
        with RowWriter(tmp_path / str(k), rows.schema, row_group=64) as writer:
            for i in range(0, 300, step):
                writer.write(rows.take(np.arange(i, min(i + step, 300))))
    assert len({(tmp_path / str(k)).read_bytes() for k in range(3)}) == 1
    assert [pq.ParquetFile(tmp_path / "0").metadata.row_group(g).num_rows for g in range(5)] == [64, 64, 64, 64, 44]


def test_streaming_gives_the_rows_in_order(digits: Rows, write: Write) -> None:
    path = write("rows.parquet", digits)
    batches = list(iter_rows(path, batch=500))
    assert [len(batch) for batch in batches] == [500, 500, 500, 297]
    np.testing.assert_array_equal(np.concatenate([batch.ids for batch in batches]), digits.ids)


def test_what_has_been_read_is_let_go(tmp_path: Path, digits: Rows) -> None:
    path = tmp_path / "rows.parquet"
    with RowWriter(path, digits.schema, row_group=20) as writer:
        writer.write(digits)
    del writer
    before = pa.total_allocated_bytes()
    held = [pa.total_allocated_bytes() - before for _ in iter_encoded(path, batch=20)]
    assert len(held) > 80
    assert 0 < max(held) < path.stat().st_size / 4


def test_scores_are_read_without_images(digits: Rows, write: Write) -> None:
    rows = digits.take([3, 1])
    extra = {"realism": np.array([0.5, 1], np.float32), "kept": np.array([True, False]), "reason": ["", "copy"]}
    frame = read_table(write("scores.parquet", rows, SCORES, extra), ["reason", "label", "realism"])
    assert list(frame.columns) == ["reason", "label", "realism"]
    assert frame["reason"].to_list() == ["", "copy"]
    assert frame["realism"].dtype == np.float32
    assert frame["label"].to_list() == rows.labels.tolist()


def test_hugging_face_decodes_images_and_names_classes(
    digits: Rows, write: Write, load_dataset: Callable[..., Any]
) -> None:
    path = write("train.parquet", digits.take(np.arange(20)))
    data = load_dataset("parquet", data_files=str(path), split="train")
    assert data.features["label"].names == list(digits.schema.classes)
    for i in range(20):
        np.testing.assert_array_equal(np.asarray(data[i]["image"]), digits.samples[i, :, :, 0])
        assert data[i]["label"] == digits.labels[i]


def test_content_ids_see_pixels_and_shape() -> None:
    image = np.zeros((1, 2, 8, 1), np.uint8)
    other = image.copy()
    other[0, 0, 0, 0] = 1
    assert content_ids(image)[0] == content_ids(image.copy())[0]
    assert len({content_ids(x)[0] for x in (image, other, image.reshape(1, 4, 4, 1))}) == 3


def test_a_failure_leaves_no_file(tmp_path: Path, digits: Rows) -> None:
    with pytest.raises(RuntimeError), RowWriter(tmp_path / "rows.parquet", digits.schema) as writer:  # noqa: PT012
        writer.write(digits)
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_files_that_cannot_be_read_are_explained(tmp_path: Path, digits: Rows, write: Write) -> None:
    with pytest.raises(DataError, match="there is no file"):
        read_rows(tmp_path / "none.parquet")
    (tmp_path / "text.parquet").write_text("no")
    with pytest.raises(DataError, match="not a readable Parquet"):
        read_schema(tmp_path / "text.parquet")
    pq.write_table(pa.table({"a": [1]}), tmp_path / "other.parquet")
    with pytest.raises(DataError, match="not written by ganaug"):
        read_rows(tmp_path / "other.parquet")
    with pytest.raises(DataError, match="no column nope; it has image, label"):
        read_table(write("rows.parquet", digits), ["label", "nope"])


def test_damaged_images_are_found(tmp_path: Path, digits: Rows, write: Write) -> None:
    path = write("rows.parquet", digits.take([0]))
    table = pq.read_table(path)
    broken = pa.array([{"bytes": b"\x89PNG no", "path": None}], table.schema.field("image").type)
    pq.write_table(table.set_column(0, table.schema.field("image"), broken), path)
    with pytest.raises(DataError, match=r"rows\.parquet is damaged"):
        read_rows(path)


@pytest.mark.parametrize(
    ("images", "labels"),
    [
        (np.zeros((2, 8, 8, 1)), [0, 0]),
        (np.zeros((2, 8, 8), np.uint8), [0, 0]),
        (np.zeros((2, 8, 8, 1), np.uint8), [0]),
        (np.zeros((2, 8, 8, 1), np.uint8), [0, 10]),
        (np.zeros((2, 8, 8, 1), np.uint8), [0, -1]),
    ],
)
def test_rows_that_do_not_fit_are_refused(digits: Rows, images: Any, labels: list[int]) -> None:
    with pytest.raises(DataError, match="must be"):
        Rows.build(digits.schema, images, labels)


def test_a_writer_takes_only_what_it_announced(tmp_path: Path, digits: Rows) -> None:
    rows = digits.take([0, 1])
    with RowWriter(tmp_path / "a.parquet", rows.schema, SCORES) as writer, pytest.raises(DataError, match="columns"):
        writer.write(rows)
    with (
        RowWriter(tmp_path / "b.parquet", image_schema(9, 8, 1, ("a",))) as writer,
        pytest.raises(DataError, match="fit"),
    ):
        writer.write(rows)


def test_a_digest_stands_for_the_rows_in_any_order(digits: Rows) -> None:
    whole = digest(digits.ids)
    assert digest(digits.ids[::-1]) == whole
    assert len({whole, digest(digits.ids[1:]), digest([*digits.ids, digits.ids[0]]), digest([])}) == 4
