"""Arms for rare classes, on digits of which three have two rows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.datasets import load_digits

from ganaug.modalities.batches import plan_batches
from ganaug.modalities.embedding import JOINED, METHODS, PROTOTYPES
from ganaug.modalities.image import classifiers
from ganaug.modalities.image.classifier import predict_proba, train_classifier
from ganaug.modalities.training import (
    DEFERRED,
    GROUP_BALANCED,
    LOGIT_ADJUSTED,
    Predict,
    Setting,
    TrainConfig,
    TrainingRows,
)

RARE = (2, 5, 7)
HOW = TrainConfig(n_classes=10, steps=150, batch_size=32, seed=0)


@pytest.fixture(scope="module")
def digits() -> tuple[np.ndarray, np.ndarray]:
    pixels, labels = load_digits(return_X_y=True)
    return (pixels.reshape(-1, 8, 8, 1) * 15.9).astype(np.uint8), labels.astype(np.int64)


@pytest.fixture(scope="module")
def rows(digits) -> TrainingRows:
    images, labels = digits
    first = [np.flatnonzero(labels[:900] == code)[: 2 if code in RARE else 40] for code in range(10)]
    at = np.concatenate(first)
    return TrainingRows(
        images[at], labels[at], np.zeros(len(at), bool), np.ones(len(at), np.float32), at.astype(str).astype(object)
    )


@pytest.fixture(scope="module")
def natural(digits, rows) -> float:
    """Accuracy on rare classes where rows are drawn as they come, and nothing is done about it."""
    plan = plan_batches(rows.labels, HOW.steps, HOW.batch_size, np.random.default_rng(0), natural=1.0)
    model = train_classifier(rows.samples, rows.labels, 10, plan=plan, seed=0, device="cpu")
    return rare_accuracy(digits, lambda images: predict_proba(model, images))


def rare_accuracy(digits, predict: Predict) -> float:
    images, labels = (part[900:] for part in digits)
    asked = np.isin(labels, RARE)
    return float((predict(images[asked]).argmax(1) == labels[asked]).mean())


def fit(rows: TrainingRows, method: str, **how: int) -> Predict:
    return classifiers.fit_classifier("small_cnn", rows, Setting(method=method), replace(HOW, **how))


@pytest.mark.slow
@pytest.mark.parametrize("method", [LOGIT_ADJUSTED, DEFERRED, GROUP_BALANCED, *METHODS])
def test_each_is_better_at_rare_classes_than_rows_as_they_come(digits, rows, natural, method):
    assert rare_accuracy(digits, fit(rows, method)) > natural + 0.1


def test_classes_of_groups_are_drawn_as_often_as_one_another(rows, monkeypatch):
    seen = []
    monkeypatch.setattr(classifiers, "train_classifier", lambda *_, **options: seen.append(options["plan"]))
    groups = np.where(np.arange(len(rows.labels)) % 20 == 0, "dark", "light").astype(object)
    groups[:2] = None  # which are a group as well
    fit(replace(rows, groups=groups), GROUP_BALANCED, steps=50)
    cells = [f"{rows.labels[at]} {groups[at]}" for at in seen[0].ravel()]
    counts = np.unique(cells, return_counts=True)[1]
    assert len(counts) == len({f"{label} {group}" for label, group in zip(rows.labels, groups, strict=True)}) > 10
    assert np.ptp(counts) <= 1
    fit(rows, GROUP_BALANCED, steps=50)  # without groups, classes are
    assert np.ptp(np.bincount(rows.labels[seen[1].ravel()])) <= 1


@pytest.mark.slow
@pytest.mark.parametrize("method", [LOGIT_ADJUSTED, JOINED])
def test_the_same_seed_gives_the_same_bytes(digits, rows, method):
    first, second = (fit(rows, method, steps=20)(digits[0][900:1000]) for _ in range(2))
    assert first.tobytes() == second.tobytes()


def test_the_network_of_an_embedding_sees_no_rare_row(rows, monkeypatch):
    seen = []

    def train(images, labels, n_classes, **options):
        seen.append((images, n_classes, options["plan"]))
        return train_classifier(images, labels, n_classes, **options)

    monkeypatch.setattr(classifiers, "train_classifier", train)
    fit(rows, PROTOTYPES, steps=2)
    ((images, n_classes, plan),) = seen
    common = rows.samples[~np.isin(rows.labels, RARE)]
    assert n_classes == 7
    np.testing.assert_array_equal(images, common)
    assert plan.max() < len(common)


def test_an_estimator_drops_what_class_shares_made_it_expect(digits, rows):
    name = "sklearn.linear_model.LogisticRegression(C=0.01, max_iter=500)"
    fitted = classifiers.fit_classifier(name, rows, Setting(method=LOGIT_ADJUSTED), HOW)
    assert rare_accuracy(digits, fitted) > 0.5
    np.testing.assert_allclose(fitted(digits[0][900:950]).sum(1), 1)
