"""`GANVary` makes versions of images, without a label."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
from pools import IMAGES, OPTIONS

from ganaug import GANAugmenter
from ganaug.errors import ConfigError, DataError
from ganaug.plugins.albumentations import A, GANVary, SyntheticSwap


def test_a_version_is_that_of_the_model_and_a_seed_repeats_it(model: Path) -> None:
    loaded = GANAugmenter.load(model, device="cpu")
    again = [A.Compose([GANVary(model, p=1)], seed=7)(image=IMAGES[0])["image"] for _ in range(2)]
    np.testing.assert_array_equal(*again)
    assert again[0].shape == (8, 8, 3)
    assert again[0].dtype == np.uint8
    pipeline = A.Compose([GANVary(model, p=1)], seed=7, save_applied_params=True)
    found = pipeline(image=IMAGES[0])
    seed = dict(found["applied_transforms"])["GANVary"]["seed"]
    expected, _ = loaded.vary(IMAGES[:1], ["a class that it never saw"], random_state=seed)
    np.testing.assert_array_equal(found["image"], expected[0])


def test_every_call_and_every_image_has_a_draw_of_its_own(model: Path) -> None:
    transform = A.Compose([GANVary(model, p=1)], seed=0)
    seeds = {transform.transforms[0].get_params()["seed"] for _ in range(20)}
    assert len(seeds) == 20
    versions = transform(images=np.repeat(IMAGES[:1], 6, axis=0))["images"]
    assert versions.shape == (6, 8, 8, 3)
    assert len({version.tobytes() for version in versions}) > 1


def test_float_images_stay_floats_in_their_range(model: Path) -> None:
    transform, whole = (A.Compose([GANVary(model, p=1)], seed=3) for _ in range(2))
    found = transform(image=IMAGES[0].astype(np.float32) / 255)["image"]
    np.testing.assert_allclose(found, whole(image=IMAGES[0])["image"] / np.float32(255))
    assert found.dtype == np.float32


def test_other_targets_stay_and_a_pickle_makes_the_same(model: Path) -> None:
    mask = np.arange(64, dtype=np.uint8).reshape(8, 8)
    first, second = A.Compose([GANVary(model, p=1)], seed=5), A.Compose([GANVary(model, p=1)], seed=5)
    second = pickle.loads(pickle.dumps(second))
    found = first(image=IMAGES[1], mask=mask)
    np.testing.assert_array_equal(found["mask"], mask)
    np.testing.assert_array_equal(found["image"], second(image=IMAGES[1])["image"])
    assert A.from_dict(A.to_dict(first)).transforms[0].model == str(model)


def test_what_cannot_work_is_said(model: Path, tmp_path: Path) -> None:
    GANAugmenter(generator="latent", **OPTIONS).fit(IMAGES, np.arange(12) % 3).save(tmp_path / "latent")
    with pytest.raises(ConfigError, match="fit one with generator='translation'"):
        GANVary(tmp_path / "latent")
    GANAugmenter(generator="translation", keep_rows=False, **OPTIONS).fit(IMAGES, np.arange(12) % 3).save(
        tmp_path / "m"
    )
    with pytest.raises(ConfigError, match="saved without its training rows"):
        GANVary(tmp_path / "m")
    with pytest.raises(DataError, match=r"shape \(9, 8, 3\).*resize before GANVary"):
        A.Compose([GANVary(model, p=1)])(image=np.zeros((9, 8, 3), np.uint8))


def test_transforms_of_one_pipeline_choose_independently(model: Path, tmp_path: Path) -> None:
    pair = A.Compose([GANVary(model, p=1), GANVary(model, truncation=0.9, p=1)], seed=1)
    first, second = (each.get_params()["seed"] for each in pair.transforms)
    assert first != second
    assert issubclass(SyntheticSwap, type(pair.transforms[0]).__base__)
