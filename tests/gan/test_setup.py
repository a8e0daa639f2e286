from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from small import noise, tiny

from ganaug.augmenter import GANAugmenter
from ganaug.errors import DataError, ModelError
from ganaug.gan import setup
from ganaug.utils.files import KEPT_DAYS

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


@pytest.mark.slow
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


@pytest.mark.slow
def test_anchors_are_those_of_the_new_rows(digits, low_digits):
    images, labels = digits
    warm = GANAugmenter(steps=1, warm_start=low_digits, **SMALL).fit(images[:50], labels[:50])
    assert len(warm.generator_.prior.anchors) == 50


@pytest.mark.slow
def test_a_warm_start_from_other_networks_is_refused(digits, low_digits):
    images, labels = digits
    with pytest.raises(ModelError, match="another width"):
        GANAugmenter(steps=1, width=24, warm_start=low_digits, random_state=0).fit(images[:50], labels[:50])
    with pytest.raises(ModelError, match="another generator, depth or conditioning"):
        GANAugmenter(steps=1, conditioning="concat", warm_start=low_digits, **SMALL).fit(images[:50], labels[:50])


@pytest.mark.slow
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


# what tells one training from another


OTHER = {  # for each parameter another value than its default
    "steps": 7, "batch_size": 8, "learning_rate": 1e-3, "objective": "hinge", "penalty": "r1", "penalty_weight": 0.2,
    "conditioning": "concat", "augmentation": "none", "invariances": ("rotate",), "prior": "normal", "width": 16,
    "depth": 2, "compile": True, "device": "cpu", "precision": "32-true", "random_state": 5, "criterion": "kid",
    "patience": 3, "warm_start": "low", "checkpoint_dir": "there", "verbose": "aloud",
    "modality": "image", "generator": "translation", "keep_rows": False, "micro_batch": 9,
    "max_hours": 1.5,
}  # fmt: skip
SAME = {"device", "checkpoint_dir", "verbose", "modality", "keep_rows", "max_hours"}  # here auto is the CPU, and images
NEEDS = {"patience": {"criterion": "kid"}, "warm_start": {"width": 16, "prior": "normal"}}


class CaughtError(Exception):
    pass


@pytest.fixture
def identity(digits, low_digits, monkeypatch):
    """The fingerprint of a training with these parameters."""

    def catch(*_, identity, **__):
        raise CaughtError(identity)

    monkeypatch.setattr(setup, "run", catch)
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    monkeypatch.setattr("torch.nn.Module.compile", lambda module: None)
    monkeypatch.setattr("ganaug.synthesis.criteria.STEPS", 1)
    images, labels = digits

    def found(images=images[:50], labels=labels[:50], validation=(images[50:90], labels[50:90]), **parameters):
        if "warm_start" in parameters:
            parameters["warm_start"] = low_digits
        with pytest.raises(CaughtError) as caught:
            GANAugmenter(**{"random_state": 0} | parameters).fit(images, labels, validation=validation)
        return str(caught.value)

    return found


@pytest.mark.parametrize("name", sorted(set(GANAugmenter().get_params()) - {"rate"}))  # which images do not have
def test_a_training_goes_on_from_none_with_another_parameter(identity, name, tmp_path, monkeypatch):
    """Every parameter counts unless it is known to change nothing, a new one as well."""
    monkeypatch.chdir(tmp_path)
    needed = NEEDS.get(name, {})
    assert (identity(**needed, **{name: OTHER[name]}) == identity(**needed)) == (name in SAME)


def test_all_parameters_count_but_a_named_few():
    params = GANAugmenter().get_params() | {"brand_new": 1}
    usual = setup.identity_of(params, 0, {}, [])
    counting = {n for n in params if setup.identity_of(params | {n: "another"}, 0, {}, []) != usual}
    assert set(params) - counting == set(setup.ELSEWHERE) == {"random_state", "warm_start", *SAME}


def test_rows_and_versions_count(identity, digits, monkeypatch):
    images, labels = digits
    one, usual = {"criterion": "kid"}, identity(criterion="kid")
    assert identity(**one, images=images[1:51], labels=labels[:50]) != usual
    assert identity(**one, labels=labels[:50][::-1]) != usual
    assert identity(**one, validation=(images[50:91], labels[50:91])) != usual
    assert identity(**one, invariances=("contrast", "brightness", "scale", "translate")) == usual
    monkeypatch.setattr(setup, "__version__", "another")
    assert identity(**one) != usual


# what is left of trainings that nobody takes up


def aged(path: Path, days: float) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.touch()
    os.utime(path, times=(time.time() - days * 86_400,) * 2)
    return path


def test_checkpoints_that_nobody_takes_up_are_gone_after_a_week(digits, tmp_path):
    images, labels = digits[0][:20], digits[1][:20]
    folder = tmp_path / "checkpoints"
    in_use = aged(folder / f"checkpoint-{'a' * 32}.safetensors", 0.1)  # of another process, or to be taken up
    mine = aged(folder / "model.safetensors", 99)
    for name in (f"checkpoint-{'b' * 32}.safetensors", f".checkpoint-{'b' * 32}.safetensors.0a1b2c3d.tmp"):
        aged(folder / name, KEPT_DAYS + 0.1)
    found = tiny(checkpoint_dir=folder).fit(images, labels)
    assert set(folder.iterdir()) >= {in_use, mine}
    (own,) = set(folder.iterdir()) - {in_use, mine}
    aged(own, 99)
    tiny(checkpoint_dir=folder, steps=6).fit(images, labels)  # takes it up, however old
    assert own.stat().st_mtime > time.time() - 3600
    found.save(tmp_path / "model")
    assert set(folder.iterdir()) == {in_use, mine}


@pytest.mark.slow
def test_a_checkpoint_of_other_settings_or_data_is_left_for_a_week_only(digits, tmp_path):
    images, labels = digits[0][:20], digits[1][:20]
    for settings in ({}, {"learning_rate": 1e-3}, {"random_state": 1}):
        tiny(checkpoint_dir=tmp_path / "c", **settings).fit(images, labels)
    tiny(checkpoint_dir=tmp_path / "c").fit(images[:10], labels[:10])
    assert len(list((tmp_path / "c").iterdir())) == 4
    for path in (tmp_path / "c").iterdir():
        aged(path, KEPT_DAYS + 1)
    tiny(checkpoint_dir=tmp_path / "c", steps=2).fit(images, labels).save(tmp_path / "model")
    assert not list((tmp_path / "c").iterdir())


# from small images to large ones


@pytest.mark.parametrize("generator", ["latent", "translation"])
def test_a_model_of_small_images_starts_one_of_larger_ones(generator, tmp_path, capsys):
    """The stages that work on the same grids are taken, however they are numbered; the pixels are made anew."""
    alike = {"width": 16, "generator": generator, "batch_size": 4, "learning_rate": 1e-9}
    small = tiny(steps=2, **alike).fit(noise(6, 32, 32), [0, 1] * 3)
    small.save(tmp_path)
    large = tiny(steps=1, **alike, warm_start=tmp_path, verbose="aloud").fit(noise(4, 64, 64), [0, 1] * 2)
    said = capsys.readouterr().err
    assert f"ganaug: aloud: {tmp_path} was trained on images of 32 x 32 pixels, 1 channel: " in said
    assert "tensors of the networks fit and are taken, the others start anew" in said

    def first_weights(stage):
        return next(p for p in stage.parameters() if p.ndim == 4)

    pairs = list(zip(small.generator_.stages, large.generator_.stages, strict=False))
    encoders = [(found.discriminator_.stages, found.discriminator_.changes) for found in (small, large)]
    for mine, theirs in zip(*encoders, strict=True):
        pairs += zip(reversed(mine), reversed(theirs), strict=False)
    assert len(pairs) == 5
    for mine, theirs in pairs:
        torch.testing.assert_close(first_weights(mine), first_weights(theirs), atol=1e-6, rtol=0)
    assert large.sample(per_class=1)[0].shape == (2, 64, 64)


def test_a_model_of_small_images_of_another_width_is_refused(low_digits):
    with pytest.raises(ModelError, match="another size or with another width"):
        tiny(width=24, warm_start=low_digits).fit(noise(4, 16, 16), [0, 1] * 2)
