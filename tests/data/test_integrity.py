from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganaug.data.clusters import join_clusters
from ganaug.data.integrity import assert_disjoint, conflicts
from ganaug.data.prepare import rows_of
from ganaug.data.rows import Rows, read_rows
from ganaug.errors import DataError
from ganaug.modalities import modality_named
from ganaug.modalities.image import duplicates
from ganaug.modalities.image.duplicates import Originals, near_duplicates
from ganaug.modalities.image.load import load
from ganaug.modalities.image.schema import image_schema
from ganaug.utils.progress import Progress


@pytest.fixture(scope="module")
def clothes() -> Rows:
    return rows_of(modality_named("image"), load("fashion_mnist_mini"))


def clusters_of(images: np.ndarray) -> list[list[int]]:
    """The clusters of more than one image."""
    clusters = near_duplicates(images)
    return [np.flatnonzero(clusters == k).tolist() for k in np.flatnonzero(np.bincount(clusters) > 1)]


def jpeg(image: np.ndarray, quality: int = 92) -> np.ndarray:
    """An image as JPEG gives it back, with its alpha as it was."""
    buffer = io.BytesIO()
    colours = image[:, :, :3].squeeze()
    Image.fromarray(colours).save(buffer, "JPEG", quality=quality, subsampling=0)
    found = np.asarray(Image.open(buffer)).reshape(*image.shape[:2], -1)
    return np.concatenate([found, image[:, :, 3:]], axis=2)


def marks(n: int, ground: tuple[int, ...], seed: int = 0, *, strength: int = 120) -> np.ndarray:
    """Distinct small marks, each somewhere on the same ground: gray, RGB or RGBA by its length."""
    rng = np.random.default_rng(seed)
    images = np.empty((n, 32, 32, len(ground)), np.uint8)
    images[:] = ground
    colours = images[..., :3]
    towards = np.where(np.array(ground[:3]) < 128, 1, -1)
    for image in colours:
        y, x = rng.integers(7, 16, 2)
        pattern = np.kron(rng.permutation(16).reshape(4, 4) % 2, np.ones((2, 2), int))[..., None]
        image[y : y + 8, x : x + 8] += (towards * strength * pattern).astype(np.uint8)
    return images


GROUNDS = [
    (90,), (255,),
    (0, 200, 0), (255, 255, 255), (120, 160, 90), (10, 10, 60),
    (0, 200, 0, 255), (255, 255, 255, 255), (0, 0, 0, 255), (200, 30, 30, 128), (60, 60, 60, 0),
]  # fmt: skip


def disc() -> np.ndarray:
    """Alpha of a round icon of 32x32 pixels, soft at the rim."""
    y, x = np.mgrid[:32, :32] - 15.5
    return (255 * np.clip(15 - np.hypot(y, x), 0, 1)).astype(np.uint8)


@pytest.mark.slow
def test_different_pictures_are_no_duplicates(clothes: Rows, digits: Rows) -> None:
    assert clusters_of(clothes.samples) == []
    assert clusters_of(digits.samples) == []


def test_copies_are_found_however_they_were_saved(clothes: Rows) -> None:
    images = clothes.samples[:40]
    noise = np.random.default_rng(0).integers(-3, 4, images[0].shape)
    copies = [images[3], jpeg(images[7]), np.clip(images[9] + noise, 0, 255), images[11] // 2 + 60]
    together = np.concatenate([images, np.stack(copies).astype(np.uint8)])
    assert clusters_of(together) == [[3, 40], [7, 41], [9, 42], [11, 43]]


@pytest.mark.parametrize("strength", [40, 120])
@pytest.mark.parametrize("ground", GROUNDS)
def test_distinct_marks_on_one_ground_stay_apart(ground: tuple[int, ...], strength: int) -> None:
    assert clusters_of(marks(200, ground, strength=strength)) == []


@pytest.mark.parametrize("colour", [(0, 200, 0), (0, 0, 0), (255, 255, 255)])
def test_distinct_marks_on_round_icons_stay_apart(colour: tuple[int, ...]) -> None:
    icons = marks(200, (*colour, 255))
    icons[..., 3] = disc()
    assert clusters_of(icons) == []
    icons[..., :3] *= icons[..., 3:] > 0  # black where nothing is seen
    assert clusters_of(icons) == []


@pytest.mark.parametrize("ink", [0, 255])
def test_glyphs_that_alpha_draws_stay_apart(digits: Rows, ink: int) -> None:
    for alpha in (digits.samples, 255 - digits.samples):
        assert clusters_of(np.concatenate([np.full((len(alpha), 8, 8, 3), ink, np.uint8), alpha], axis=3)) == []


@pytest.mark.parametrize("ground", GROUNDS[2:-1])
def test_copies_of_marks_on_a_ground_are_found(ground: tuple[int, ...]) -> None:
    images = marks(60, ground)
    rng = np.random.default_rng(1)
    saved = np.stack([jpeg(image) for image in images[:20]])
    noisy = np.clip(images[20:40] + rng.integers(-3, 4, images[20:40].shape), 0, 255).astype(np.uint8)
    noisy[..., 3:] = images[20:40, ..., 3:]
    toned = images[40:].copy()
    toned[..., :3] = toned[..., :3] * 0.9 + 10
    together = np.concatenate([images, saved, noisy, toned])
    assert clusters_of(together) == [[i, 60 + i] for i in range(60)]


@pytest.mark.slow
def test_clothes_in_colour_are_told_apart_as_gray_ones_are(clothes: Rows) -> None:
    gray = clothes.samples[:3000].astype(np.float32) / 255
    for ground, ink in (((0, 200, 0), (255, 255, 255)), ((250, 240, 200), (60, 0, 90))):
        images = (gray * ink + (1 - gray) * ground).astype(np.uint8)
        copies = np.stack([jpeg(image) for image in images[:40]])
        assert clusters_of(np.concatenate([images, copies])) == [[i, 3000 + i] for i in range(40)]


def test_opaque_alpha_changes_nothing() -> None:
    images = marks(80, (120, 160, 90))
    images[40:] = [jpeg(image, 60) for image in images[:40]]
    opaque = np.full((80, 32, 32, 1), 255, np.uint8)
    assert np.array_equal(near_duplicates(images), near_duplicates(np.concatenate([images, opaque], axis=3)))


def test_what_is_transparent_does_not_count() -> None:
    icons = marks(20, (0, 200, 0, 255))
    icons[..., 3] = disc()
    others = icons.copy()
    others[others[..., 3] == 0] = [255, 0, 255, 0]
    assert clusters_of(np.concatenate([icons, others])) == [[i, 20 + i] for i in range(20)]


def test_colours_count() -> None:
    mark = marks(1, (0, 0, 0))[0]
    hues = np.stack([mark * np.array(hue, np.uint8) for hue in ((1, 1, 1), (1, 0, 0), (0, 1, 0), (0, 0, 1))])
    grounds = np.stack([mark // 2 + np.array(hue, np.uint8) for hue in ((90, 0, 0), (0, 90, 0), (0, 0, 90))])
    assert clusters_of(np.concatenate([hues, grounds])) == []


def test_chains_are_one_cluster(clothes: Rows) -> None:
    image = clothes.samples[0].astype(float)
    steps = [np.clip(image + k * 0.04 * clothes.samples[1], 0, 255).astype(np.uint8) for k in range(8)]
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


def test_flat_colours_match_only_exactly() -> None:
    images = np.zeros((6, 16, 16, 4), np.uint8) + np.array([0, 200, 0, 255], np.uint8)
    images[1, ..., 1] = 201
    images[2] = images[0]
    images[3:, ..., 3] = 0
    images[4, ..., 0] = 200
    images[5] = images[3]
    assert clusters_of(images[..., :3]) == [[0, 2, 3, 5]]
    assert clusters_of(images) == [[0, 2], [3, 5]]


def test_pairs_far_apart_in_the_file_are_compared(clothes: Rows) -> None:
    images = clothes.samples.copy()
    images[5400] = jpeg(images[10])
    images[4000] = jpeg(images[2500])
    assert clusters_of(images) == [[10, 5400], [2500, 4000]]


@pytest.mark.slow
def test_a_source_of_nothing_but_copies(clothes: Rows) -> None:
    images = np.repeat(clothes.samples[:2], 2000, axis=0)
    images = np.clip(images + np.random.default_rng(0).integers(0, 3, images.shape), 0, 255).astype(np.uint8)
    assert [len(cluster) for cluster in clusters_of(images)] == [2000, 2000]


def test_copies_of_held_out_rows_are_found_block_by_block(clothes: Rows, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duplicates, "_ROWS", 16)
    held_out, images = clothes.samples[:50].copy(), clothes.samples[50:150].copy()
    images[7], images[40], images[99] = jpeg(held_out[3]), held_out[49], held_out[20] // 2 + 60
    images[60], held_out[5] = 80, 80  # flat ones match only exactly
    images[61] = 81
    originals = Originals(held_out)
    assert np.flatnonzero(originals.copies(images)).tolist() == [7, 40, 60, 99]
    assert originals.copies(images[:0]).tolist() == []
    assert not Originals(held_out[:0]).copies(images).any()


def test_clusters_and_groups_are_joined() -> None:
    copies = np.array([0, 1, 1, 2, 3, 4])
    groups = np.array([-1, 7, -1, 7, 8, -1])
    assert join_clusters(copies, groups).tolist() == [0, 1, 1, 1, 2, 3]


def test_copies_with_other_labels_are_contested() -> None:
    images = np.stack([np.full((8, 8, 1), value, np.uint8) for value in (1, 2, 1, 2, 3)])
    rows = Rows.build(image_schema(8, 8, 1, ("a", "b")), images, [0, 0, 1, 0, 1])
    assert conflicts(rows).tolist() == [True, False, True, False, False]


def test_a_leak_is_found_by_pixels(digits: Rows, write: Callable[..., Path]) -> None:
    train, test = digits.take(np.arange(50)), digits.take(np.arange(50, 90))
    leak = digits.take([60])
    leak.ids[:] = "something else"
    names = ("train.parquet", "leak.parquet", "test.parquet")
    files = [write(name, rows) for name, rows in zip(names, (train, leak, test), strict=True)]
    known = {path: read_rows(path).contents() for path in files}
    held_out = {files[2]: known.pop(files[2])}
    assert_disjoint({files[0]: known[files[0]]}, held_out | {Path("other"): digits.take([1000]).contents()})
    with pytest.raises(DataError, match=r"leak\.parquet and .*test\.parquet share the row [0-9a-f]{32}"):
        assert_disjoint(known, held_out)


@pytest.mark.parametrize("found", [2**5, 2**8, 2**19])
def test_close_thumbnails_are_found_however_many_at_a_time(found: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each with the smaller reach of a pair, in a cloud that is dense here and thin there."""
    monkeypatch.setattr(duplicates, "_FOUND", found)
    random = np.random.default_rng(0)
    points = np.concatenate([random.normal(0, spread, (150, 16)) for spread in (0.01, 0.1, 1)]).astype(np.float32)
    reach = random.choice([0.006, 0.007, 0.05, 0.2], len(points)).astype(np.float32)
    lookup = duplicates._Lookup(points, reach)
    pairs = [lookup.close(points, reach, i, j) for i, j in lookup.own_pairs(Progress(None, len(points)))]
    seen = {tuple(sorted(pair)) for i, j in pairs for pair in zip(i.tolist(), j.tolist(), strict=True)}
    apart = ((points[:, None] - points) ** 2).sum(2)
    rows, columns = np.nonzero(np.triu(apart <= np.minimum(reach[:, None], reach), 1))
    assert seen == set(zip(rows.tolist(), columns.tolist(), strict=True))
    assert len(seen) > 5000
