"""``ganaug preset``."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from typing_commands import Type

from ganaug.cli import timing
from ganaug.config import PRESETS, load_params
from ganaug.data.prepare import prepare


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


@pytest.mark.slow
def test_it_says_how_long_a_run_takes_here(
    here: Path, ganaug: Type, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(repository / "params.yaml", here)
    quick, standard = (ganaug("preset", name).out for name in ("quick", "standard"))
    for out in (quick, standard):
        assert re.search(r"about \S+ (min|h) on two cores .*for this machine: `dvc repro prepare`", out), out
    assert quick != standard
    text = (here / "params.yaml").read_text(encoding="utf-8").replace("width: auto", "width: 8")
    (here / "params.yaml").write_text(text.replace("source: fashion_mnist_mini", "source: digits"), encoding="utf-8")
    prepare("digits", repeats=(0,), per_class=3)
    for name, few in {"FEW": 1, "MORE": 2, "TRIED": 2}.items():
        monkeypatch.setattr(timing, name, few)
    assert re.search(r"about \S+ (s|min|h) on this machine: ", ganaug("preset", "standard").out)
