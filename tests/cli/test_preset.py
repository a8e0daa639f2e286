"""``ganaug preset``."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from typing_commands import Type

from ganaug.config import PRESETS, load_params


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_sets_repeats_trials_and_arms_and_nothing_else(
    name: str, here: Path, ganaug: Type, repository: Path
) -> None:
    shutil.copy(repository / "params.yaml", here)
    before = (here / "params.yaml").read_text(encoding="utf-8").splitlines()
    code, out, err = ganaug("preset", name)
    assert (code, err) == (0, "")
    assert "dvc repro" in out
    params = load_params(here / "params.yaml")
    repeats, trials, arms = PRESETS[name]
    assert params.repeats == tuple(range(repeats))
    assert params.evaluate.trials == trials
    assert params.evaluate.arms == arms
    after = (here / "params.yaml").read_text(encoding="utf-8").splitlines()
    changed = {line for line in {*before} ^ {*after} if "trials:" not in line and "arms:" not in line}
    assert all(line.startswith("- ") for line in changed)


def test_without_a_parameter_file_it_says_so(here: Path, ganaug: Type) -> None:
    code, _, err = ganaug("preset", "quick", "elsewhere")
    assert (code, err.count("\n")) == (2, 1)
    assert "elsewhere/params.yaml is missing" in err
    assert not (here / "elsewhere").exists()
