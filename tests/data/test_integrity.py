from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganaug.data import integrity
from ganaug.data.integrity import assert_disjoint, conflicts, join_clusters, near_copies, near_duplicates
from ganaug.data.load import load
from ganaug.data.rows import Rows, Schema
from ganaug.data.sources import open_source
from ganaug.errors import DataError


@pytest.fixture(scope="module")
def clothes() -> Rows:
    return load(open_source("fashion_mnist_mini")).rows


def clusters_of(images: np.ndarray) -> list[list[int]]:
    """The clusters of more than one image."""
    clusters = near_duplicates(images)
    return [np.flatnonzero(clusters == k).tolist() for k in np.flatnonzero(np.bincount(clusters) > 1)]


def jpeg(image: np.ndarray) -> np.ndarray:
    buffer = io.BytesIO()
    Image.fromarray(image[:, :, 0]).save(buffer, "JPEG", quality=92)
    return np.asarray(Image.open(buffer))[:, :, None]


def test_different_pictures_are_no_duplicates(clothes: Rows, digits: Rows) -> None:
    assert clusters_of(clothes.images) == []
    assert clusters_of(digits.images) == []


def test_copies_are_found_however_they_were_saved(clothes: Rows) -> None:
    images = clothes.images[:40]
    noise = np.random.default_rng(0).integers(-3, 4, images[0].shape)
    copies = [images[3], jpeg(images[7]), np.clip(images[9] + noise, 0, 255), images[11] // 2 + 60]
    together = np.concatenate([images, np.stack(copies).astype(np.uint8)])
    assert clusters_of(together) == [[3, 40], [7, 41], [9, 42], [11, 43]]


def test_chains_are_one_cluster(clothes: Rows) -> None:
    image = clothes.images[0].astype(float)
    steps = [np.clip(image + k * 0.04 * clothes.images[1], 0, 255).astype(np.uint8) for k in range(8)]
    x = np.stack(steps).reshape(8, -1)
    assert np.corrcoef(x)[0, 7] < 0.997
    assert clusters_of(np.stack(steps)) == [list(range(8))]


def test_flat_images_match_only_exactly() -> None:
    flat = np.full((5, 28, 28, 1), 1, np.uint8) * np.array([0, 40, 40, 90, 0], np.uint8)[:, None, None, None]
    flat[4, 0, 0] = 1
    assert clusters_of(flat) == [[1, 2]]


@pytest.mark.parametrize("shape", [(8, 8, 1), (17, 40, 3), (30, 9, 4)])
def test_every_shape_is_compared(shape: tuple[int, int, int]) -> None:
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (50, *shape)).astype(np.uint8)
    images[30] = np.clip(images[4] * 0.9 + 10, 0, 255)
    assert clusters_of(images) == [[4, 30]]


def test_stripes_that_thumbnails_cannot_see_are_compared() -> None:
    images = np.zeros((3, 32, 32, 1), np.uint8)
    images[0, :, ::2] = images[1, ::2] = 200
    images[2] = images[0] // 2
    assert clusters_of(images) == [[0, 2]]


def test_pairs_far_apart_in_the_file_are_compared(clothes: Rows) -> None:
    images = clothes.images.copy()
    images[5400] = jpeg(images[10])
    images[4000] = jpeg(images[2500])
    assert clusters_of(images) == [[10, 5400], [2500, 4000]]


def test_a_source_of_nothing_but_copies(clothes: Rows) -> None:
    images = np.repeat(clothes.images[:2], 2000, axis=0)
    images = np.clip(images + np.random.default_rng(0).integers(0, 3, images.shape), 0, 255).astype(np.uint8)
    assert [len(cluster) for cluster in clusters_of(images)] == [2000, 2000]


def test_copies_of_held_out_rows_are_found_block_by_block(clothes: Rows, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(integrity, "_ROWS", 16)
    held_out, images = clothes.images[:50].copy(), clothes.images[50:150].copy()
    images[7], images[40], images[99] = jpeg(held_out[3]), held_out[49], held_out[20] // 2 + 60
    images[60], held_out[5] = 80, 80  # flat ones match only exactly
    images[61] = 81
    assert np.flatnonzero(near_copies(images, held_out)).tolist() == [7, 40, 60, 99]
    assert near_copies(images[:0], held_out).tolist() == []
    assert not near_copies(images, held_out[:0]).any()


def test_clusters_and_groups_are_joined() -> None:
    copies = np.array([0, 1, 1, 2, 3, 4])
    groups = np.array([-1, 7, -1, 7, 8, -1])
    assert join_clusters(copies, groups).tolist() == [0, 1, 1, 1, 2, 3]


def test_copies_with_other_labels_are_contested() -> None:
    images = np.stack([np.full((8, 8, 1), value, np.uint8) for value in (1, 2, 1, 2, 3)])
    rows = Rows.build(Schema(8, 8, 1, ("a", "b")), images, [0, 0, 1, 0, 1])
    assert conflicts(rows).tolist() == [True, False, True, False, False]


def test_a_leak_is_found_by_pixels(digits: Rows, write: Callable[..., Path]) -> None:
    train, test = digits.take(np.arange(50)), digits.take(np.arange(50, 90))
    files = write("train.parquet", train), write("test.parquet", test)
    assert_disjoint([files[0]], [files[1], digits.take([1000])])
    leak = digits.take([60])
    leak.ids[:] = "something else"
    with pytest.raises(DataError, match=r"the rows given and .*test\.parquet share the image [0-9a-f]{32}"):
        assert_disjoint([files[0], leak], [files[1]])
