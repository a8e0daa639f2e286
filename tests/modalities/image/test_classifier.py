from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

from ganaug.errors import DataError
from ganaug.modalities.image.classifier import SmallCNN, predict_proba, train_classifier
from ganaug.utils.progress import Progress

PLAN = np.random.default_rng(0).permuted(np.tile(np.arange(40), (5, 1)), axis=1)[:, :16]


@pytest.fixture(scope="module")
def digits() -> tuple[np.ndarray, np.ndarray]:
    pixels, labels = load_digits(return_X_y=True)
    return (pixels.reshape(-1, 8, 8, 1) * 15.9).astype(np.uint8), labels.astype(np.int64)


def weights(model: SmallCNN) -> list[torch.Tensor]:
    return list(model.state_dict().values())


def same(first: SmallCNN, second: SmallCNN) -> bool:
    return all(torch.equal(a, b) for a, b in zip(weights(first), weights(second), strict=True))


@pytest.mark.slow
def test_learns_digits_from_about_thirty_a_class(digits):
    images, labels = digits
    order = np.random.default_rng(0).permutation(len(labels))
    train, test = order[:300], order[300:1300]
    probabilities = predict_proba(train_classifier(images[train], labels[train], 10, steps=100), images[test])
    assert probabilities.dtype == np.float32
    np.testing.assert_allclose(probabilities.sum(1), 1, rtol=1e-5)
    assert (probabilities.argmax(1) == labels[test]).mean() > 0.95


def test_the_seed_decides_and_the_global_state_is_left_alone(digits):
    images, labels = (array[:50] for array in digits)
    torch.manual_seed(7)
    np.random.seed(7)  # noqa: NPY002 - the global state is what this is about
    before, threads = torch.get_rng_state(), torch.get_num_threads()
    numpy_before = np.random.get_state()[1].copy()  # noqa: NPY002
    first = train_classifier(images, labels, 10, steps=5, seed=3)
    assert torch.equal(torch.get_rng_state(), before)
    assert np.array_equal(np.random.get_state()[1], numpy_before)  # noqa: NPY002
    assert torch.get_num_threads() == threads
    torch.manual_seed(8)
    assert same(first, train_classifier(images, labels, 10, steps=5, seed=3))
    assert not same(first, train_classifier(images, labels, 10, steps=5, seed=4))


@pytest.mark.parametrize(
    "shape", [(8, 8, 1), (9, 13, 3), (8, 128, 1), (28, 28, 1), (72, 48, 4), (128, 128, 3), (512, 64, 1), (400, 512, 3)]
)
def test_any_size_and_number_of_channels(shape):
    images = np.random.default_rng(0).integers(0, 256, (6, *shape), dtype=np.uint8)
    model = train_classifier(images, np.arange(6) % 3, 3, steps=2, batch_size=6)
    assert predict_proba(model, images).shape == (6, 3)
    features = model.features(torch.zeros(2, shape[2], *shape[:2]))
    assert features.ndim == 2
    assert features.shape[1] <= 6144


def test_rare_classes_are_seen_as_often_as_common_ones_and_rows_take_turns(digits):
    images, labels = digits
    rows = np.r_[np.flatnonzero(labels == 0)[:40], np.flatnonzero(labels == 1)[:4]]
    seen = np.zeros(44, int)
    where = {images[row].tobytes(): at for at, row in enumerate(rows)}

    def count(batch: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        for image in batch:
            seen[where[image.tobytes()]] += 1
        return batch

    train_classifier(images[rows], labels[rows], 2, steps=20, batch_size=8, augment=count)
    assert seen.tolist() == [2] * 40 + [20] * 4


def test_a_plan_says_which_rows_meet(digits):
    images, labels = (array[:40] for array in digits)
    plan = np.random.default_rng(0).integers(0, 40, (3, 16))
    seen = []

    def note(batch: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        seen.append(batch)
        return batch

    train_classifier(images, labels, 10, augment=note, plan=plan)
    np.testing.assert_array_equal(np.stack(seen), images[plan])


def test_a_row_without_weight_teaches_nothing(digits):
    images, labels = (array[:40].copy() for array in digits)
    mute = np.arange(40) % 2 == 0
    models = []
    for wrong in (0, 1):
        given = np.where(mute, (labels + wrong) % 10, labels)
        models.append(train_classifier(images, given, 10, plan=PLAN, weights=1 - mute.astype(np.float32)))
    assert same(*models)
    assert not same(models[0], train_classifier(images, labels, 10, plan=PLAN))


def test_any_module_can_be_trained(digits):
    def build(shape: tuple[int, int, int], n_classes: int) -> torch.nn.Module:
        return torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Dropout(), torch.nn.Linear(math.prod(shape), n_classes))

    images, labels = (array[:300] for array in digits)
    first, second = (train_classifier(images, labels, 10, steps=200, build=build, seed=1) for _ in range(2))
    assert same(first, second)
    assert not first.training
    assert (predict_proba(first, images).argmax(1) == labels).mean() > 0.9


def test_advances_the_progress_step_by_step(digits, capsys, monkeypatch):
    monkeypatch.setattr("ganaug.utils.progress.QUIET_SECONDS", 0.0)
    with Progress("classifier", 3) as progress:
        train_classifier(digits[0][:20], digits[1][:20], 10, steps=3, progress=progress)
    assert progress.done == 3
    assert "classifier: 3/3 steps" in capsys.readouterr().err


@pytest.mark.parametrize(("rows", "n_classes"), [(0, 10), (20, 5)])
def test_refuses_rows_it_cannot_learn_from(digits, rows, n_classes):
    with pytest.raises(DataError, match="the classifier needs"):
        train_classifier(digits[0][:rows], digits[1][:rows], n_classes, steps=1)


def test_predicts_nothing_for_no_images(digits):
    model = train_classifier(digits[0][:20], digits[1][:20], 10, steps=1)
    assert predict_proba(model, digits[0][:0]).shape == (0, 10)


@pytest.mark.gpu
def test_trains_on_a_gpu_alike(digits):
    images, labels = (array[:300] for array in digits)
    before = torch.cuda.get_rng_state()
    first, second = (train_classifier(images, labels, 10, steps=100, device="cuda") for _ in range(2))
    assert torch.equal(torch.cuda.get_rng_state(), before)
    assert same(first, second)
    assert (predict_proba(first, images).argmax(1) == labels).mean() > 0.95
