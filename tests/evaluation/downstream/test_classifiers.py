from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits

from ganaug.errors import ConfigError, GanaugError
from ganaug.evaluation.downstream.arms import RATES, Setting
from ganaug.evaluation.downstream.training_rows import TrainingRows
from ganaug.modalities.image.classifiers import check_classifier, fit_classifier
from ganaug.modalities.image.estimators import make_estimator
from ganaug.modalities.training import TrainConfig

LR = "sklearn.linear_model.LogisticRegression"
NAMES = (
    "small_cnn",
    "sklearn.linear_model.LogisticRegression(max_iter=2000)",
    "features:sklearn.neighbors.KNeighborsClassifier(n_neighbors=3)",
    "sklearn.ensemble.RandomForestClassifier(n_estimators=20)",
    "my_models:linear",
)
HOW = TrainConfig(n_classes=10, steps=150, batch_size=32, seed=1)
MODULE = """
import math
from torch import nn
def linear(shape, n_classes):
    return nn.Sequential(nn.Flatten(), nn.Linear(math.prod(shape), n_classes))
"""


@pytest.fixture(scope="module")
def rows() -> TrainingRows:
    """300 digits; then 300 synthetic ones, which are other digits with the right labels."""
    pixels, labels = load_digits(return_X_y=True)
    images = (pixels[:600].reshape(-1, 8, 8, 1) * 15.9).astype(np.uint8)
    synthetic = np.arange(600) >= 300
    ids = np.array([str(k) for k in range(600)], object)
    return TrainingRows(images, labels[:600].astype(np.int64), synthetic, np.ones(600, np.float32), ids)


@pytest.fixture(scope="module")
def held_out() -> tuple[np.ndarray, np.ndarray]:
    pixels, labels = load_digits(return_X_y=True)
    return (pixels[1000:1500].reshape(-1, 8, 8, 1) * 15.9).astype(np.uint8), labels[1000:1500]


@pytest.fixture(autouse=True)
def my_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user's module in the folder where the command runs."""
    (tmp_path / "my_models.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delitem(sys.modules, "my_models", raising=False)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("setting", [Setting(), Setting(share=0.5, strength=1, mixup=0.2)], ids=["plain", "mixed"])
def test_each_classifier_learns_and_repeats_itself(rows, held_out, name, setting):
    check_classifier(name)
    first, second = (fit_classifier(name, rows, setting, HOW)(held_out[0]) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert first.shape == (500, 10)
    np.testing.assert_allclose(first.sum(1), 1, rtol=1e-4)
    assert (first.argmax(1) == held_out[1]).mean() > 0.75


@pytest.mark.slow
@pytest.mark.parametrize("name", [NAMES[0], NAMES[1], NAMES[3]])
def test_synthetic_rows_without_weight_teach_nothing(rows, held_out, name):
    wrong = TrainingRows(**vars(rows))
    wrong.labels = np.where(rows.synthetic, (rows.labels + 1) % 10, rows.labels)
    mute, loud = (fit_classifier(name, wrong, Setting(share=0.5, weight=w), HOW)(held_out[0]) for w in (0.0, 1.0))
    assert (mute.argmax(1) == held_out[1]).mean() > max(0.75, (loud.argmax(1) == held_out[1]).mean() + 0.1)


def test_classes_that_were_not_seen_have_no_probability(rows, held_out):
    few = rows.take(rows.labels < 3)
    found = fit_classifier(NAMES[1], few, Setting(), HOW)(held_out[0])
    assert found.shape == (500, 10)
    assert not found[:, 3:].any()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("smal_cnn", "no classifier 'smal_cnn'.*small_cnn, sklearn"),
        ("sklearn.svm.SVX", "cannot be made.*SVX"),
        ("sklearn.svm.SVC(C=", "is not written as sklearn.module.Class"),
        ("sklearn.svm.SVC(C=open('x'))", "is not written as sklearn.module.Class"),
        ("sklearn.svm.SVC(depth=3)", "cannot be made.*depth"),
        ("sklearn.svm.LinearSVC()", "gives no probabilities"),
        ("my_models:deep", "cannot be imported.*deep"),
        ("no_models:deep", "cannot be imported.*no_models"),
    ],
)
def test_what_is_no_classifier_is_refused_in_a_sentence(name, message):
    with pytest.raises(ConfigError, match=message):
        check_classifier(name)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            f"{LR}(C=[1])",
            "lists 1 values of C, but evaluate.trials takes 2 different ones",
        ),
        (f"{LR}(C=[1, 1])", "lists 2 values of C"),
        (
            f"{LR}(C=[1, 2], tol=[1, 2])",
            "lists values of C and tol; list those of one",
        ),
        ("sklearn.dummy.DummyClassifier()", "no parameter that ganaug knows to tune.*evaluate.trials to 1"),
    ],
)
def test_what_cannot_be_tuned_as_every_arm_is_refused_in_a_sentence(name, message):
    with pytest.raises(ConfigError, match=message):
        check_classifier(name, [Setting(), Setting(learning_rate=1e-3)])


def test_an_estimator_is_tuned_by_its_own_parameter():
    rates = [Setting(learning_rate=rate) for rate in RATES]
    assert [make_estimator(f"{LR}(C=[1, 2, 3])", setting).C for setting in rates[:3]] == [1, 2, 3]
    assert [make_estimator(f"{LR}(C=8)", setting).C for setting in rates] == [
        8,
        2,
        32,
        0.5,
        128,
        4,
    ]
    knn = [make_estimator("sklearn.neighbors.KNeighborsClassifier()", setting).n_neighbors for setting in rates]
    assert knn == [5, 10, 20, 40, 15, 30]
    check_classifier("sklearn.dummy.DummyClassifier()")


def test_timm_models(rows, held_out):
    try:
        import timm  # noqa: F401
    except (ImportError, RuntimeError):
        with pytest.raises(GanaugError, match=r"needs timm, which cannot be imported .*pip install timm"):
            check_classifier("timm:resnet18")
        return
    with pytest.raises(ConfigError, match="no model 'resnet0'"):
        check_classifier("timm:resnet0")
    found = fit_classifier("timm:resnet18", rows, Setting(), TrainConfig(10, 2, 8, 0))(held_out[0])
    assert found.shape == (500, 10)
