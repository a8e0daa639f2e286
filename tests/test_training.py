from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_digits

from ganaug.augmenter import GANAugmenter
from ganaug.errors import DataError, ModelError

SMALL = {"width": 16, "batch_size": 16, "random_state": 0}
ALIKE = {**SMALL, "prior": "normal"}  # the same latents, whatever the training rows


@pytest.fixture(scope="module")
def digits() -> tuple[np.ndarray, np.ndarray]:
    images, labels = load_digits(return_X_y=True)
    return (images.reshape(-1, 8, 8) * 15.9375).astype(np.uint8), labels


@pytest.fixture(scope="module")
def low_digits(digits, tmp_path_factory):
    images, labels = digits
    folder = tmp_path_factory.mktemp("low")
    GANAugmenter(steps=150, **ALIKE).fit(images[labels < 6], labels[labels < 6]).save(folder)
    return folder


def test_a_warm_start_begins_where_the_model_ended(digits, low_digits):
    images, labels = digits
    few = (labels > 3) & (np.arange(len(labels)) < 100)
    start = GANAugmenter.load(low_digits)
    warm = GANAugmenter(steps=1, learning_rate=1e-8, warm_start=low_digits, **ALIKE).fit(images[few], labels[few])
    assert warm.classes_.tolist() == [4, 5, 6, 7, 8, 9]
    known = [4, 5] * 20
    difference = warm.sample(y=known, random_state=3)[0].astype(int) - start.sample(y=known, random_state=3)[0]
    assert np.abs(difference).max() <= 1  # classes that both know still look the same
    cold = GANAugmenter(steps=1, learning_rate=1e-8, **ALIKE).fit(images[few], labels[few])
    assert (
        np.abs(cold.sample(y=known, random_state=3)[0].astype(int) - start.sample(y=known, random_state=3)[0]).max() > 9
    )


def test_anchors_are_those_of_the_new_rows(digits, low_digits):
    images, labels = digits
    warm = GANAugmenter(steps=1, warm_start=low_digits, **SMALL).fit(images[:50], labels[:50])
    assert len(warm.generator_.prior.anchors) == 50


def test_a_warm_start_from_other_networks_is_refused(digits, low_digits):
    images, labels = digits
    with pytest.raises(ModelError, match="another width"):
        GANAugmenter(steps=1, width=24, warm_start=low_digits, random_state=0).fit(images[:50], labels[:50])
    with pytest.raises(ModelError, match="another depth or conditioning"):
        GANAugmenter(steps=1, conditioning="concat", warm_start=low_digits, **SMALL).fit(images[:50], labels[:50])


@pytest.mark.parametrize("conditioning", ["projection", "acgan", "concat"])
def test_unlabelled_rows_change_what_is_learnt(digits, conditioning):
    images, labels = digits
    plain, helped = (GANAugmenter(steps=20, conditioning=conditioning, **SMALL) for _ in range(2))
    plain.fit(images[:50], labels[:50])
    helped.fit(images[:50], labels[:50], unlabelled=images[50:400])
    assert not np.array_equal(plain.sample(per_class=2)[0], helped.sample(per_class=2)[0])
    assert helped.classes_.tolist() == list(range(10))


def test_unlabelled_rows_of_another_shape_are_refused(digits):
    images, labels = digits
    with pytest.raises(DataError, match="shape"):
        GANAugmenter(steps=1, **SMALL).fit(images[:50], labels[:50], unlabelled=np.zeros((3, 9, 9), np.uint8))
