from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from ganaug.errors import DataError
from ganaug.evaluation.arms import result_path
from ganaug.evaluation.metrics import SCALARS
from ganaug.evaluation.summary import collect, read_results
from ganaug.files import write_json

ARMS = ("real", "classical", "gan", "classical_gan", "synthetic")


def write(folder: Path, arm: str, draw: int, test: float, validation: float = 0.7, **other: Any) -> None:
    real = arm != "synthetic"
    content = {"steps": 400, "batch_size": 64, "classes": ["a", "b"], "test_ids": "fixed"}
    content |= {"n_train": {"real": 200 * real, "synthetic": 0}}
    content |= {split: dict.fromkeys(SCALARS, value) | {"n": 100} for split, value in
                (("test", test), ("validation", validation))}  # fmt: skip
    write_json(result_path(folder, arm, draw, "small_cnn"), content | other)


def write_gains(folder: Path, gains: Sequence[float], **other: Any) -> None:
    """Draws of unequal difficulty; real is the best arm without a GAN, gan gains on it, the rest lag behind."""
    lag = {"real": 0.0, "classical": -0.02, "gan": 0.0, "classical_gan": -0.02, "synthetic": -0.1}
    for draw, gain in enumerate(gains):
        for arm in ARMS:
            score = 0.7 + 0.05 * draw + lag[arm] + gain * (arm == "gan")
            write(folder, arm, draw, score, 0.7 + lag[arm], **other)


@pytest.mark.parametrize(
    ("gains", "verdict"),
    [
        ([0.02, 0.021, 0.022], "HELPS"),
        ([-0.02, -0.021, -0.022], "HARMS"),
        ([0.001, 0.0, 0.001], "NO_BENEFIT"),
        ([0.03, -0.01, 0.0], "INCONCLUSIVE"),
        ([0.03], "INCONCLUSIVE"),
    ],
)
def test_the_verdict(tmp_path, gains, verdict):
    write_gains(tmp_path, gains)
    found = collect(tmp_path, ARMS, range(len(gains)))
    assert found["verdict"] == verdict
    assert found["draws"] == len(gains)
    assert found["contrast"]["candidate"] == "gan"
    assert found["contrast"]["reference"] == "real"
    assert found["contrast"]["difference"] == pytest.approx(sum(gains) / len(gains))


def test_the_sentence(tmp_path):
    write_gains(tmp_path, [0.02, 0.021, 0.022])
    expected = (
        "Synthetic rows help: gan minus real, the best arm without them, is +2.1 points of balanced accuracy "
        "[+1.9, +2.3] over 3 draws."
    )
    assert collect(tmp_path, ARMS, [0, 1, 2])["sentence"] == expected
    assert collect(tmp_path, ARMS, [0])["sentence"].endswith("on a single draw, which allows no interval.")


def test_the_arms(tmp_path):
    write_gains(tmp_path, [0.0, 0.0, 0.0])
    arms = collect(tmp_path, ARMS, [0, 1, 2])["arms"]
    assert tuple(arms) == ARMS
    assert arms["real"]["balanced_accuracy"] == arms["real"]["nll"] == pytest.approx(0.75)
    assert arms["real"]["low"] < 0.75 < arms["real"]["high"]
    assert arms["real"]["validation"] == pytest.approx(0.7)


def test_arms_are_picked_on_validation_not_on_test(tmp_path):
    for arm, test, validation in (
        ("real", 0.70, 0.75), ("classical", 0.80, 0.70), ("gan", 0.90, 0.70), ("classical_gan", 0.60, 0.80)
    ):  # fmt: skip
        for draw in range(3):
            write(tmp_path, arm, draw, test, validation)
    contrast = collect(tmp_path, ARMS[:4], range(3))["contrast"]
    assert (contrast["candidate"], contrast["reference"]) == ("classical_gan", "real")


def test_synthetic_rows_alone_are_no_candidate(tmp_path):
    write_gains(tmp_path, [0.0, 0.0])
    found = collect(tmp_path, ["real", "synthetic"], [0, 1])
    assert found["contrast"] is None
    assert found["verdict"] == "INCONCLUSIVE"


def test_draws_that_split_the_same_rows_anew_get_a_wider_interval(tmp_path):
    gains = [0.02, 0.03, 0.025]
    write_gains(tmp_path / "fixed", gains)
    for draw, gain in enumerate(gains):
        for arm in ("real", "gan"):
            write(tmp_path / "anew", arm, draw, 0.7 + gain * (arm == "gan"), test_ids=f"test {draw}")
    fixed, anew = (collect(tmp_path / kind, ["real", "gan"], range(3))["contrast"] for kind in ("fixed", "anew"))
    assert anew["difference"] == pytest.approx(fixed["difference"])
    widths = [found["high"] - found["low"] for found in (anew, fixed)]
    assert widths[0] / widths[1] == pytest.approx((1 + 3 * 100 / 200) ** 0.5)


def test_leftover_files_are_not_read(tmp_path):
    write_gains(tmp_path, [0.02, 0.021, 0.022, -0.5])
    assert collect(tmp_path, ARMS, [0, 1, 2])["draws"] == 3
    assert set(read_results(tmp_path, ["real"], [1])) == {"real"}


def test_a_missing_file(tmp_path):
    write_gains(tmp_path, [0.02])
    with pytest.raises(DataError, match=r"baselines.1.small_cnn.real\.json is missing"):
        collect(tmp_path, ARMS, [0, 1])


def test_a_damaged_file(tmp_path):
    write_gains(tmp_path, [0.02])
    result_path(tmp_path, "gan", 0, "small_cnn").write_text("{")
    with pytest.raises(DataError, match=r"augmented.0.small_cnn.gan\.json is damaged"):
        collect(tmp_path, ARMS, [0])


@pytest.mark.parametrize("odd", [{"steps": 800}, {"batch_size": 32}, {"classes": ["a"]}, {"test_ids": "other"}])
def test_arms_that_cannot_be_compared(tmp_path, odd):
    write_gains(tmp_path, [0.02])
    write(tmp_path, "gan", 0, 0.7, **odd)
    with pytest.raises(DataError, match="arms real and gan of draw 0 differ in"):
        collect(tmp_path, ARMS, [0])
