from __future__ import annotations

import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

from ganaug import GANAugmenter
from ganaug.data.rows import Rows, RowWriter
from ganaug.errors import DataError, ModelError
from ganaug.modalities.image.pool import Pool, write_pool
from ganaug.modalities.image.schema import image_schema
from ganaug.plugins.live import LiveImages, LivePool, open_pool


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A hardly trained model of 8x8 images (gray, without a channel axis) of the classes 3, 5 and 7."""
    images = np.random.default_rng(0).integers(0, 256, (12, 8, 8), dtype=np.uint8)
    folder = tmp_path_factory.mktemp("model")
    GANAugmenter(steps=2, width=4, device="cpu", random_state=0).fit(images, np.arange(12) % 3 * 2 + 3).save(folder)
    return folder


def test_an_index_is_one_image_whoever_makes_it(model: Path) -> None:
    pool = LiveImages(model)
    assert (pool.classes, pool.shape) == ((3, 5, 7), (8, 8, 1))
    chosen = [pool.of_class(label)[i] for label in (3, 7) for i in (0, 9, -1)]
    images = [pool.image(i) for i in chosen]
    assert len({image.tobytes() for image in images}) == 6
    again = pickle.loads(pickle.dumps(pool))
    for i, image in reversed(list(zip(chosen, images, strict=True))):
        np.testing.assert_array_equal(again.image(i), image)


def test_images_are_of_the_class(model: Path) -> None:
    pool = LiveImages(model)
    expected, _ = GANAugmenter.load(model, device="cpu").sample(y=[5], random_state=4)
    np.testing.assert_array_equal(pool.image(pool.of_class(5)[4])[..., 0], expected[0])


def test_an_unknown_class_is_named_beside_the_known_ones(model: Path) -> None:
    for label in ("3", 4, [3]):
        with pytest.raises(DataError, match=r"has no class .*; its classes are 3, 5, 7"):
            LiveImages(model).of_class(label)


def test_a_fitted_model_is_a_pool_too(model: Path) -> None:
    fitted = GANAugmenter.load(model, device="cpu")
    pool = LiveImages(fitted)
    i = pool.of_class(5)[4]
    np.testing.assert_array_equal(pool.image(i), LiveImages(model).image(i))
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(pool)).image(i), pool.image(i))
    with pytest.raises(DataError, match="the model has no class 4; its classes are 3, 5, 7"):
        pool.of_class(4)
    with pytest.raises(NotFittedError):
        LiveImages(GANAugmenter())


def test_a_path_says_which_kind_of_pool_it_is(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    rows = Rows.build(image_schema(8, 8, 1, ("a",)), np.zeros((3, 8, 8, 1), np.uint8), [0, 0, 0], synthetic=True)
    with RowWriter(tmp_path / "pool.parquet", rows.schema) as writer:
        writer.write(rows)
    write_pool(tmp_path / "pool.parquet", tmp_path / "pool")
    assert type(open_pool(model)) is LivePool
    for path in (str(tmp_path / "pool.parquet"), tmp_path / "pool"):
        assert isinstance(open_pool(path), Pool)


def test_what_is_neither_is_explained(model: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no file"):
        open_pool(tmp_path / "none")
    with pytest.raises(ModelError, match="not a readable model"):
        open_pool(tmp_path)
    damaged = shutil.copytree(model, tmp_path / "damaged")
    (damaged / "model.safetensors").write_bytes(b"no")
    with pytest.raises(ModelError, match="damaged"):
        open_pool(damaged)
