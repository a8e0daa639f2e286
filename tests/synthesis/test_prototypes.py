from __future__ import annotations

import numpy as np
import pytest
from small import Views, digits

from ganaug.modalities import modality_named
from ganaug.synthesis.prototypes import Prototypes, teach


def test_the_nearest_mean_is_the_most_probable_class():
    angles = np.array([0.0, 0.1, 2.0, 2.1, 4.0])  # of two common classes and one of a single row
    points = np.stack([np.cos(angles), np.sin(angles)], 1).astype(np.float32)
    found = Prototypes(Views(None, lambda samples: samples), points, np.array([0, 0, 1, 1, 2]), 3)
    probabilities = found.predict_proba(points)
    assert probabilities.argmax(1).tolist() == [0, 0, 1, 1, 2]
    assert np.allclose(probabilities.sum(1), 1)
    between = np.array([[np.cos(5.1), np.sin(5.1)]], np.float32)  # of the first and the last
    assert found.predict_proba(between).max() < probabilities.max(1).min()


def test_a_class_without_rows_is_improbable_and_no_error():
    points = np.array([[1.0, 0.0], [0.0, 1.0]], np.float32)
    found = Prototypes(Views(None, lambda samples: samples), points, np.array([0, 2]), 3)
    assert found.predict_proba(points)[:, 1].max() < 0.1


@pytest.mark.slow
def test_a_teacher_learns_from_classes_of_enough_rows():
    rows, y = digits(400)
    keep = (y < 8) | (np.arange(400) < 20)  # of 8 and 9 two rows each
    options = {"steps": 200, "seed": 0, "device": "cpu"}
    modality = modality_named("image")
    samples, _ = modality.infer(rows)
    found = teach(modality, samples[keep], y[keep], 10, few=10, **options)
    assert isinstance(found, Prototypes)
    rest = ~keep
    assert (found.predict_proba(samples[rest]).argmax(1) == y[rest]).mean() > 0.6  # by chance a tenth
    assert not isinstance(teach(modality, samples[keep], y[keep], 10, few=0, **options | {"steps": 1}), Prototypes)
