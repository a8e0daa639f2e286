"""Real processes that end too early, and what they leave behind."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from safetensors.numpy import load_file

pytestmark = pytest.mark.slow
NAMES = ("alone", "torchrun0", "killed0", "fabric0", "lecam", "lecam0", "gradient_penalty", "gradient_penalty0")


def attempt(what: str, folder: Path, says: str = "") -> list[int]:
    """Let `attempts.py` do ``what`` in ``folder`` and say ``says``; return how its processes ended."""
    script = Path(__file__).with_name("attempts.py")
    done = subprocess.run([sys.executable, script, what, folder], capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr
    assert says in done.stderr
    return json.loads(done.stdout.splitlines()[-1])["ends"]


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.fixture(scope="module")
def killed(tmp_path_factory) -> tuple[Path, list[int]]:
    folder = tmp_path_factory.mktemp("killed")
    return folder, attempt("killed", folder)


def test_a_killed_run_ends_with_the_bytes_of_an_uninterrupted_one(killed):
    folder, ends = killed
    assert ends[0] == ends[-1] == 0
    assert set(ends[1:-1]) == {-9}
    assert contents(folder / "killed") == contents(folder / "whole")
    assert "model.safetensors" in contents(folder / "whole")


def test_its_checkpoint_is_gone_once_the_model_is_saved(killed):
    assert not list((killed[0] / "checkpoints").glob("*.safetensors"))


def test_ctrl_c_saves_says_130_and_goes_on(tmp_path):
    assert attempt("interrupted", tmp_path, "ganaug: interrupted; run the same command again to go on") == [130, 0]
    steps = pd.read_csv(tmp_path / "model" / "history.csv")["step"]
    assert steps.iloc[-1] == 80
    assert steps.is_monotonic_increasing
    assert steps.is_unique


def test_two_processes_train_like_one(tmp_path):
    says = "ganaug: train_gan.batch_size is 15, which 2 processes cannot share evenly: give a multiple of 2."
    assert attempt("together", tmp_path, says) == [0, 0, 0, 0, 0, 2, 2, -9, -9, 0, 0, *[0] * 6]
    alone, torchrun, killed, fabric, *others = (pd.read_csv(tmp_path / n / "history.csv") for n in NAMES)
    for one, two in (others[:2], others[2:]):
        np.testing.assert_allclose(two, one, rtol=1e-4, atol=1e-5)
    assert contents(tmp_path / "killed0") == contents(tmp_path / "torchrun0")
    assert killed["step"].tolist() == torchrun["step"].tolist()
    assert alone["step"].tolist() == torchrun["step"].tolist()
    np.testing.assert_allclose(torchrun, alone, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(fabric, torchrun, rtol=1e-5, atol=1e-6)
    weights = [load_file(tmp_path / name / "model.safetensors") for name in ("alone", "torchrun0")]
    assert all(np.abs(weights[0][k] - weights[1][k]).max() < 1e-5 for k in weights[0])
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(NAMES)  # one process writes


def test_two_processes_share_the_work_of_generating(tmp_path):
    """Every quota is met, no row is there twice, one process writes, and both end with the same rows."""
    assert attempt("shared", tmp_path) == [0, 0, 0, 0]
    for who in ("alone", "pair"):
        table = pq.read_table(tmp_path / f"{who}.parquet", columns=["id", "label"])
        assert table.num_rows == 3010
        assert np.bincount(table["label"].to_numpy()).tolist() == [301] * 10
        assert len(set(table["id"].to_pylist())) > 3000  # tiny pictures of a hasty model: a few may be alike by chance
        assert json.loads((tmp_path / f"{who}.json").read_text())["kept"] == 3010
    first, second, alone = (np.load(tmp_path / f"{name}.npy") for name in ("pair0", "pair1", "alone"))
    assert np.array_equal(first, second)
    assert len(first) == len(alone) > 60
