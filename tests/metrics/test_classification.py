from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import balanced_accuracy_score, f1_score

from ganaug.metrics.classification import (
    SCALARS,
    classification_metrics,
    expected_calibration_error,
    pack_bits,
    unpack_bits,
)

CLASSES = ("a", "b", "c")


def a_classifier(n: int = 300, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    labels = generator.choice(3, n, p=[0.6, 0.3, 0.1])
    logits = generator.normal(size=(n, 3)) + 1.5 * np.eye(3)[labels]
    probabilities = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    return labels, probabilities.astype(np.float32)


def test_agrees_with_scikit_learn():
    labels, probabilities = a_classifier()
    found = classification_metrics(labels, probabilities, CLASSES)
    predicted = probabilities.argmax(1)
    assert found["balanced_accuracy"] == pytest.approx(balanced_accuracy_score(labels, predicted))
    assert found["macro_f1"] == pytest.approx(f1_score(labels, predicted, average="macro"))
    assert found["nll"] == pytest.approx(-np.log(probabilities[np.arange(300), labels]).mean(), rel=1e-5)
    assert np.sum(found["confusion"]) == found["n"] == 300
    assert found["confusion"][0][0] / 300 + found["confusion"][1][1] / 300 + found["confusion"][2][2] / 300 == (
        pytest.approx(found["accuracy"])
    )
    assert list(found["per_class"]) == list(CLASSES)
    assert sum(each["n"] for each in found["per_class"].values()) == 300


def test_a_perfect_and_sure_classifier():
    labels = np.array([0, 1, 2, 2])
    found = classification_metrics(labels, np.eye(3)[labels], CLASSES)
    assert found["balanced_accuracy"] == found["accuracy"] == found["macro_f1"] == 1
    assert found["nll"] == pytest.approx(0, abs=1e-9)
    assert found["ece"] == 0


def test_a_class_without_rows_does_not_count():
    labels = np.array([0, 0, 1, 1])
    found = classification_metrics(labels, np.eye(3)[labels], CLASSES)
    assert found["balanced_accuracy"] == found["macro_f1"] == 1
    assert found["per_class"]["c"] == {"recall": 0, "precision": 0, "f1": 0, "n": 0, "correct": ""}


def test_sure_and_wrong_is_finite():
    found = classification_metrics(np.array([0, 1]), np.eye(3)[[1, 0]], CLASSES)
    assert all(np.isfinite(found[name]) for name in SCALARS)


def test_calibration_error_is_the_gap_between_confidence_and_accuracy():
    sure = np.tile([0.9, 0.1], (100, 1))
    labels = np.r_[np.zeros(60, int), np.ones(40, int)]
    assert expected_calibration_error(labels, sure) == pytest.approx(0.3)
    assert expected_calibration_error(np.r_[np.zeros(90, int), np.ones(10, int)], sure) == pytest.approx(0)


@given(st.lists(st.booleans(), max_size=40))
def test_bits_survive_the_way_through_text(bits):
    assert unpack_bits(pack_bits(np.array(bits, bool)), len(bits)).tolist() == bits


def test_a_bit_is_kept_for_every_row_of_a_class_in_their_order():
    labels, probabilities = a_classifier()
    found = classification_metrics(labels, probabilities, CLASSES)["per_class"]
    right = probabilities.argmax(1) == labels
    for code, name in enumerate(CLASSES):
        assert np.array_equal(unpack_bits(found[name]["correct"], found[name]["n"]), right[labels == code])
