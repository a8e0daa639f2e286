from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from ganaug.data.rows import Rows
from ganaug.errors import DataError
from ganaug.modalities.image.pool import Pool, write_pool

Write = Callable[..., Path]
KEPT = pa.schema([("kept", pa.bool_())])


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's cache, empty."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def synthetic(digits: Rows) -> Rows:
    return replace(digits, synthetic=np.ones(len(digits), bool)).take(np.arange(400))


def of_class(pool: Pool, label: str | int) -> np.ndarray:
    return np.stack([pool.image(i) for i in pool.of_class(label)])


def test_every_class_keeps_its_images_in_the_order_of_the_file(synthetic: Rows, write: Write) -> None:
    pool = Pool.open(write("pool.parquet", synthetic))
    assert (pool.classes, pool.shape, len(pool)) == (synthetic.schema.classes, synthetic.schema.spec.shape, 400)
    for code, name in enumerate(pool.classes):
        expected = synthetic.samples[synthetic.labels == code]
        np.testing.assert_array_equal(of_class(pool, name), expected)
        np.testing.assert_array_equal(of_class(pool, np.int64(code)), expected)
        np.testing.assert_array_equal(pool.samples[pool.labels == code], expected)


def test_only_kept_synthetic_rows_count(synthetic: Rows, write: Write) -> None:
    synthetic.synthetic[100:] = False
    kept = np.arange(400) % 2 == 0
    pool = Pool.open(write("pool.parquet", synthetic, KEPT, {"kept": kept}))
    ours = synthetic.take(np.arange(0, 100, 2))
    assert len(pool) == 50
    np.testing.assert_array_equal(pool.samples, ours.samples[ours.labels.argsort(kind="stable")])
    synthetic.synthetic[:] = False
    with pytest.raises(DataError, match=r"real\.parquet holds no row that is synthetic: generate"):
        Pool.open(write("real.parquet", synthetic))


def test_a_class_without_images_has_none(synthetic: Rows, write: Write) -> None:
    pool = Pool.open(write("pool.parquet", synthetic.take(synthetic.labels != 7)))
    assert len(pool.of_class("test")) == 0
    assert len(pool.of_class(8)) == (synthetic.labels == 8).sum()


def test_pixels_are_mapped_once_and_copied_by_nobody(synthetic: Rows, write: Write, cache: Path) -> None:
    path = write("pool.parquet", synthetic)
    pool = Pool.open(path)
    written = next(cache.rglob("images.npy")).stat()
    sent = pickle.dumps(pool)
    assert len(sent) < 500
    np.testing.assert_array_equal(pickle.loads(sent).samples, pool.samples)
    assert isinstance(pool.samples.base, np.memmap)
    assert [p.stat() for p in cache.rglob("images.npy")] == [written]
    with pytest.raises(ValueError, match="read-only"):
        pool.samples[0] = 0
    pool.image(0)[:] = 1  # a copy
    np.testing.assert_array_equal(pool.image(0), Pool.open(path).image(0))


def test_a_file_that_changed_is_read_anew_and_its_earlier_pool_is_dropped(
    synthetic: Rows, write: Write, cache: Path
) -> None:
    assert len(Pool.open(write("pool.parquet", synthetic))) == 400
    assert len(Pool.open(write("pool.parquet", synthetic.take(np.arange(10))))) == 10
    assert len(list(cache.rglob("images.npy"))) == 1


def test_a_folder_of_ones_own_is_a_pool(synthetic: Rows, write: Write, tmp_path: Path, cache: Path) -> None:
    path = write("pool.parquet", synthetic)
    write_pool(path, tmp_path / "pool")
    path.unlink()
    np.testing.assert_array_equal(of_class(Pool.open(tmp_path / "pool"), 3), synthetic.samples[synthetic.labels == 3])
    assert not cache.exists()


def test_an_unknown_class_is_named_beside_the_known_ones(synthetic: Rows, write: Write) -> None:
    pool = Pool.open(write("pool.parquet", synthetic))
    with pytest.raises(DataError, match=r"pool\.parquet has no class 'tset' \(did you mean 'test'\?\).*'0', '1'"):
        pool.of_class("tset")
    for label in (10, -1, [0]):
        with pytest.raises(DataError, match="has no class"):
            pool.of_class(label)


def test_a_number_that_could_be_a_name_or_another_position_is_refused(synthetic: Rows, write: Write) -> None:
    shifted = replace(synthetic, schema=replace(synthetic.schema, classes=tuple("1234567890")))
    pool = Pool.open(write("pool.parquet", shifted))
    np.testing.assert_array_equal(of_class(pool, "1"), synthetic.samples[synthetic.labels == 0])
    for label in (0, 1):
        with pytest.raises(DataError, match=rf"no class {label} \(did you mean '{label}'\?\)"):
            pool.of_class(label)


def test_what_is_no_pool_is_explained(synthetic: Rows, write: Write, tmp_path: Path, cache: Path) -> None:
    with pytest.raises(DataError, match="there is no file"):
        Pool.open(tmp_path / "none.parquet")
    (tmp_path / "text.parquet").write_text("no")
    with pytest.raises(DataError, match="not a readable Parquet"):
        Pool.open(tmp_path / "text.parquet")
    with pytest.raises(DataError, match="is no readable pool"):
        Pool.open(tmp_path)
    write_pool(write("pool.parquet", synthetic), tmp_path / "pool")
    content = (tmp_path / "pool" / "images.npy").read_bytes()
    for damaged in (content[:-1], b"", content.replace(b"(400", b"(399")):
        (tmp_path / "pool" / "images.npy").write_bytes(damaged)
        with pytest.raises(DataError, match="is no readable pool"):
            Pool.open(tmp_path / "pool")
    assert not cache.exists()


def test_a_cache_that_cannot_be_written_is_explained(synthetic: Rows, write: Write, cache: Path) -> None:
    cache.write_text("a file where a folder should be")
    with pytest.raises(DataError, match="set XDG_CACHE_HOME"):
        Pool.open(write("pool.parquet", synthetic))
