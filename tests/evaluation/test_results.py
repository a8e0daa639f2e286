from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from made_up import measured, result

from ganaug.errors import DataError
from ganaug.evaluation.downstream.arms import result_path
from ganaug.evaluation.results import correct_rows, differences, read_results, recalls, scores, without_oracle
from ganaug.utils.files import write_json

ARMS = ("real", "classical", "oracle", "gan", "synthetic")


def write(folder: Path, repeats: int, classifier: str = "small_cnn") -> None:
    for repeat in range(repeats):
        for arm in ARMS:
            write_json(result_path(folder, arm, repeat, classifier), result(arm, 0.7 + repeat / 100))


def test_reads_what_is_asked_for_and_no_leftovers(tmp_path: Path) -> None:
    write(tmp_path, 3)
    write(tmp_path, 3, "svm")
    found = read_results(tmp_path, ["gan", "real"], [2, 0], "small_cnn")
    assert list(found) == ["gan", "real"]
    assert scores(found["gan"]).tolist() == pytest.approx([0.72, 0.70])


def test_a_missing_file(tmp_path: Path) -> None:
    write(tmp_path, 1)
    with pytest.raises(DataError, match=r"baselines.1.small_cnn.real\.json is missing"):
        read_results(tmp_path, ARMS, [0, 1], "small_cnn")


def test_a_damaged_file(tmp_path: Path) -> None:
    write(tmp_path, 1)
    result_path(tmp_path, "gan", 0, "small_cnn").write_text("{")
    with pytest.raises(DataError, match=r"augmented.0.small_cnn.gan\.json is damaged"):
        read_results(tmp_path, ARMS, [0], "small_cnn")


@pytest.mark.parametrize("arm", ["gan", "oracle"])
@pytest.mark.parametrize("odd", [{"steps": 800}, {"batch_size": 32}, {"classes": ["a"]}, {"test_ids": "other"}])
def test_arms_that_cannot_be_compared(tmp_path: Path, arm: str, odd: dict[str, object]) -> None:
    write(tmp_path, 1)
    write_json(result_path(tmp_path, arm, 0, "small_cnn"), result(arm, 0.7, **odd))
    with pytest.raises(DataError, match=f"arms real and {arm} of repeat 0 differ in"):
        read_results(tmp_path, ARMS, [0], "small_cnn")


def test_the_oracle_is_no_tested_arm(tmp_path: Path) -> None:
    write(tmp_path, 1)
    assert list(without_oracle(read_results(tmp_path, ARMS, [0], "small_cnn"))) == [
        arm for arm in ARMS if arm != "oracle"
    ]


def test_a_class_without_test_rows_has_no_recall() -> None:
    found = result("real", 0.7) | {"test": measured(0.7, recalls=[0.5, 0.9])}
    found["test"]["per_class"]["b"]["n"] = 0
    assert np.array_equal(recalls([found]), [[0.5, np.nan]], equal_nan=True)


def test_which_rows_were_right_is_kept_by_class_and_repeat() -> None:
    found = [result("real", 0.0) | {"test": measured(0.0, 20, recalls=[share, 1.0])} for share in (0.5, 0.8)]
    assert [rows.tolist() for rows in correct_rows(found)[0]] == [[1.0] * 5 + [0.0] * 5, [1.0] * 8 + [0.0] * 2]
    assert [rows.mean() for rows in correct_rows(found)[1]] == [1.0, 1.0]
    change = differences(correct_rows(found[1:]), correct_rows(found[:1]))
    assert change[0][0].tolist() == [0.0] * 5 + [1.0] * 3 + [0.0] * 2


def test_results_of_a_release_that_kept_no_rows_are_refused(tmp_path: Path) -> None:
    write(tmp_path, 1)
    old = result("gan", 0.7)
    del old["test"]["per_class"]["a"]["correct"]
    write_json(result_path(tmp_path, "gan", 0, "small_cnn"), old)
    with pytest.raises(DataError, match="does not say which test rows were right"):
        read_results(tmp_path, ARMS, [0], "small_cnn")
