"""Which pixels are black and which white: told, stated and said by every command that reads data."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typing_commands import Type

from ganaug.config import load_params
from ganaug.data.prepare import prepare
from ganaug.data.rows import read_rows

QUICK = ("--steps", 2, "--width", 4, "--device", "cpu", "--filters", "copy")


@pytest.fixture(autouse=True)
def a_quick_teacher(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ganaug.augmenter.TEACHER_STEPS", 2)


def scans(here: Path, dtype: str = "i2", low: int = -1000, high: int = 3000) -> np.ndarray:
    pixels = np.random.default_rng(0).integers(low, high, (40, 8, 8), endpoint=True).astype(dtype)
    np.savez(here / "scans.npz", X=pixels, y=np.arange(40) % 2)
    return pixels


@pytest.mark.slow
def test_what_was_decided_is_said(here: Path, ganaug: Type) -> None:
    pixels = scans(here, "u2", 0, 4095)
    said = "integer pixels: 0 is black, 4095 white"
    assert said in ganaug("init", "p", "--data", "scans.npz").out
    assert said in ganaug("inspect", "scans.npz").out
    assert json.loads(ganaug("inspect", "scans.npz", "--json", "--picture", "grid.png").out)["pixels"] == said
    assert said in ganaug("augment", "scans.npz", "out.parquet", *QUICK).out
    assert json.loads(ganaug("augment", "scans.npz", "out.parquet", "--json", *QUICK).out)["pixels"] == said
    assert prepare("scans.npz")["pixels"] == said
    assert json.loads(Path("reports/prepare.json").read_text())["pixels"] == said
    real = read_rows(here / "out.parquet")
    np.testing.assert_array_equal(real.samples[:40, :, :, 0], np.rint(pixels / 4095 * 255))


@pytest.mark.slow
def test_what_cannot_be_told_is_asked_for_and_taken(here: Path, ganaug: Type) -> None:
    scans(here)
    before = sorted(here.rglob("*"))
    for words in (
        ("init", "p", "--data", "scans.npz"),
        ("inspect", "scans.npz"),
        ("augment", "scans.npz", "o.parquet"),
    ):
        code, out, err = ganaug(*words)
        assert (code, out, err.count("\n")) == (2, "", 1)
        assert "scans.npz: integer pixels run from -1000 to " in err
        assert "state them as --pixel-range=black,white" in err
    assert sorted(here.rglob("*")) == before
    window = "--pixel-range=-160,240"
    assert "-160 is black, 240 white" in ganaug("inspect", "scans.npz", window).out
    assert "-160 is black, 240 white" in ganaug("augment", "scans.npz", "o.parquet", window, *QUICK).out
    assert ganaug("init", "p", "--data", "scans.npz", window).code == 0
    assert load_params("p/params.yaml").prepare.pixel_range == (-160, 240)


@pytest.mark.parametrize("value", ["0", "5,5", "9,1", "0,nan", "a,b", "0,1,2"])
def test_a_range_that_is_none_is_refused(here: Path, ganaug: Type, value: str) -> None:
    code, _, err = ganaug("inspect", "photos", f"--pixel-range={value}")
    assert code == 2
    assert "--pixel-range" in err
    assert "a list of two numbers, the first below the second" in err
