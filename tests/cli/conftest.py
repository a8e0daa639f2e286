"""The command line as a user types it."""

from __future__ import annotations

from pathlib import Path

import pytest
from typing_commands import Type, Typed, save_photos

from ganaug.cli import main


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


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder but for some photos, in which commands run."""
    save_photos(tmp_path / "photos")
    monkeypatch.chdir(tmp_path)
    return tmp_path
