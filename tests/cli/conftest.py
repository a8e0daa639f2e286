"""The command line as a user types it, and photos to try it on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from ganaug.cli import main


class Typed(NamedTuple):
    """What came of a command."""

    code: int
    out: str
    err: str


Type = Callable[..., Typed]


@pytest.fixture
def ganaug(capsys: pytest.CaptureFixture[str]) -> Type:
    """Type a command, in this process."""

    def type_(*words: object) -> Typed:
        capsys.readouterr()
        try:
            main([str(word) for word in words])
        except SystemExit as stop:
            return Typed(int(stop.code or 0), *capsys.readouterr())
        return Typed(0, *capsys.readouterr())

    return type_


def save_photos(root: Path) -> Path:
    """Save ten photos of each of three classes, 8x8 gray."""
    images, labels = load_digits(return_X_y=True)
    for code, name in enumerate(("zero", "one", "two")):
        (root / name).mkdir(parents=True)
        for i, row in enumerate(np.flatnonzero(labels == code)[:10]):
            Image.fromarray((images[row].reshape(8, 8) * 15.9).astype(np.uint8)).save(root / name / f"{i}.png")
    return root


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder but for some photos, in which commands run."""
    save_photos(tmp_path / "photos")
    monkeypatch.chdir(tmp_path)
    return tmp_path
