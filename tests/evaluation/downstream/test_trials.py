"""Training a classifier by name, on whatever rows an arm has."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from test_run import FAST, digits, write

from ganaug.config import EvaluateParams
from ganaug.evaluation.downstream.run import run_arms
from ganaug.evaluation.downstream.trials import fit
from ganaug.modalities import modality_named
from ganaug.modalities.training import Setting, TrainConfig, TrainingRows
from ganaug.utils.files import read_json

NAMES = ("image", "signal", "sound", "table", "text")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("labels", [[], [2], [2, 2, 2]])
def test_from_rows_of_fewer_than_two_classes_nothing_is_learnt(name: str, labels: list[int]) -> None:
    modality = modality_named(name)
    n = len(labels)
    rows = TrainingRows(
        np.zeros((n, 8)), np.array(labels, np.int64), np.ones(n, bool), np.ones(n, np.float32), np.full(n, "", object)
    )
    for classifier in modality.classifiers:
        probabilities = fit(modality, classifier, rows, Setting(), TrainConfig(4, 1, 1, 0))(np.zeros((5, 8)))
        assert probabilities.tolist() == [[0.0, 0.0, 1.0, 0.0] if n else [0.25] * 4] * 5


def test_an_arm_of_synthetic_rows_of_one_class_is_measured_like_any(tmp_path: Path) -> None:
    made = digits(0, 200, synthetic=True)
    write(tmp_path / "train.parquet", digits(0, 100), made.take(np.flatnonzero(made.labels == 3)))
    write(tmp_path / "validation.parquet", digits(100, 150))
    write(tmp_path / "test.parquet", digits(150, 250))
    (path,) = run_arms(tmp_path, ("synthetic",), 0, EvaluateParams(**FAST), out=tmp_path / "eval")
    found = read_json(path)["test"]
    assert found["balanced_accuracy"] == pytest.approx(0.1)
    assert found["per_class"]["3"]["recall"] == 1
    assert np.isfinite(found["nll"])
