"""Parameters that fit data and device."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ganaug.cli.suggest import suggest
from ganaug.config import Params, PrepareParams
from ganaug.gan.schedule import auto_steps
from ganaug.modalities.image import suggest as module


@pytest.fixture(autouse=True)
def on_a_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)


def suggested(folder: Path, counts: list[int], shape: tuple[int, int, int] = (8, 8, 1)) -> dict:
    labels = np.repeat(np.arange(len(counts)), counts)
    np.savez(folder / "rows.npz", X=np.zeros((len(labels), *shape), np.uint8), y=labels)
    return suggest(str(folder / "rows.npz"), "rows.npz", PrepareParams()).parameters


def test_the_built_in_data_keeps_the_defaults() -> None:
    found, default = suggest("fashion_mnist_mini", "fashion_mnist_mini", PrepareParams()).parameters, Params()
    for place, value in found.items():
        if place not in {"ganaug_version", "prepare.modality", "prepare.size", "prepare.channels"}:
            section, name = place.split(".")
            assert getattr(getattr(default, section), name) == value, place


@pytest.mark.parametrize(
    ("counts", "ratio", "most"), [([20, 20], 10.0, "120"), ([2000, 100], 1.7, "2,040"), ([5000, 5000], 1.0, "3,000")]
)
def test_scarce_rows_get_more_synthetic_ones(tmp_path: Path, counts: list[int], ratio: float, most: str) -> None:
    found = suggested(tmp_path, counts)
    assert (found["merge.amount"], found["prepare.per_class"]) == (ratio, None)
    assert "generate.per_class" not in found  # auto: as many as merge takes
    reasons = suggest(str(tmp_path / "rows.npz"), "rows.npz", PrepareParams()).reasons
    assert reasons[-1] == f"{ratio:g} synthetic rows for each real one, {most} at most of a class"


@pytest.mark.slow
def test_a_cpu_gets_less_work_where_it_would_take_hours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows, shape = [3000, 3000], (64, 64, 3)
    assert not {"train_gan.width", "train_gan.steps"} & suggested(tmp_path, rows, shape).keys()
    monkeypatch.setattr(module, "CPU_BUDGET", module.CPU_BUDGET / 9)
    shorter = suggested(tmp_path, rows, shape)
    assert module.LEAST_STEPS <= shorter["train_gan.steps"] < auto_steps(3600)
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    assert not {"train_gan.width", "train_gan.steps"} & suggested(tmp_path, rows, shape).keys()


def test_how_the_data_is_read_is_written_down() -> None:
    reading = PrepareParams(near_duplicates=False, max_unreadable=0.5)
    found = suggest("digits", "digits", reading).parameters
    assert (found["prepare.near_duplicates"], found["prepare.max_unreadable"]) == (False, 0.5)
    assert "prepare.near_duplicates" not in suggest("digits", "digits", PrepareParams()).parameters
