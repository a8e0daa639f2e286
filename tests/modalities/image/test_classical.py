from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_digits

from ganaug.errors import ConfigError
from ganaug.modalities.image.classical import INVARIANCES, ClassicalAugment


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    return (load_digits().images[:64, :, :, None] * 15.9).astype(np.uint8).repeat(2, 1).repeat(2, 2)


def altered(images: np.ndarray, seed: int = 0, invariances: tuple[str, ...] = ()) -> np.ndarray:
    return ClassicalAugment(invariances)(images, np.random.default_rng(seed))


def quadrants(images: np.ndarray) -> np.ndarray:
    """Count images by their brightest quadrant: top left, top right, bottom left, bottom right."""
    half = images.shape[1] // 2
    light = images.astype(int).reshape(-1, 2, half, 2, half).sum((2, 4)).reshape(-1, 4)
    return np.bincount(light.argmax(1), minlength=4)


def test_keeps_shape_and_dtype_and_changes_most_images(images):
    found = altered(images)
    assert found.shape == images.shape
    assert found.dtype == np.uint8
    assert np.mean([not np.array_equal(a, b) for a, b in zip(found, images, strict=True)]) > 0.5
    assert not np.shares_memory(found, images)


def test_the_generator_decides(images):
    assert np.array_equal(altered(images, 1), altered(images, 1))
    assert not np.array_equal(altered(images, 1), altered(images, 2))
    augment, generator = ClassicalAugment(), np.random.default_rng(1)
    assert not np.array_equal(augment(images, generator), augment(images, generator))


def test_what_was_augmented_before_does_not_matter(images):
    used = ClassicalAugment()
    used(images, np.random.default_rng(5))
    assert np.array_equal(used(images, np.random.default_rng(1)), altered(images, 1))


def test_flips_are_declared_and_independent_of_each_other():
    corner = np.zeros((400, 16, 16, 1), np.uint8)
    corner[:, 2:7, 2:7] = 200
    assert quadrants(altered(corner))[0] == 400
    assert quadrants(altered(corner, invariances=("flip_horizontal", "flip_vertical"))).min() > 50


@pytest.mark.parametrize("shape", [(8, 8, 1), (9, 13, 3), (20, 12, 4)])
def test_any_shape_with_every_invariance(shape):
    batch = np.random.default_rng(0).integers(0, 256, (5, *shape), dtype=np.uint8)
    assert altered(batch, invariances=INVARIANCES).shape == batch.shape


def test_transparency_has_no_tone():
    opaque = np.full((50, 16, 16, 4), 255, np.uint8)
    opaque[..., :3] = 100
    found = altered(opaque)
    assert np.unique(found[..., 3]).tolist() == [255]
    assert len(np.unique(found[..., :3])) > 3


def test_an_unknown_invariance():
    with pytest.raises(ConfigError, match="no invariance 'flop'"):
        ClassicalAugment(["flop"])


def test_shifts_are_whole_pixels_that_repeat_the_edge():
    wide = np.arange(0, 100, 2, dtype=np.uint8).reshape(50, 1, 1).repeat(50, 1)[None].repeat(200, 0)
    found = ClassicalAugment(strength=1.0)._shift(wide, np.random.default_rng(0))
    moves = {tuple(image[:, 0, 0]) for image in found}
    assert moves == {tuple((np.arange(50) + step).clip(0, 49) * 2) for step in range(-2, 3)}


def test_half_of_the_images_change_their_tone_and_black_keeps_its_contrast():
    gray = np.full((400, 8, 8, 1), 100, np.uint8)
    found = ClassicalAugment(strength=1.0)(gray, np.random.default_rng(0))
    assert 0.4 < (found != 100).any((1, 2, 3)).mean() < 0.6
    assert found.min() < 50
    assert found.max() > 150


def test_turns_keep_within_reach():
    bar = np.zeros((200, 33, 33, 1), np.uint8)
    bar[:, 16] = 255
    found = ClassicalAugment(("rotate",), 0.5)._turn(bar, np.random.default_rng(0))
    highest = [np.flatnonzero(image[:, 0, 0] > 60).min() for image in found]
    assert min(highest) == round(16 - 16 * np.tan(np.pi / 24))
    assert 0.4 < (found == bar).all((1, 2, 3)).mean() < 0.6
