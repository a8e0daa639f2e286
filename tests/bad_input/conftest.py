"""Stages run in this process, in an empty project, and what they say when the input is bad."""

from __future__ import annotations

import json
import os
import runpy
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest


class Outcome(NamedTuple):
    """How a stage ended: its exit code, and what it wrote to stderr."""

    code: int
    stderr: str

    @property
    def message(self) -> str:
        """The one line for the user; fails where there is not exactly one, at the end, or where there is a traceback."""
        lines = self.stderr.split("\n")
        assert "Traceback" not in self.stderr
        assert [line for line in lines if line.startswith("ganaug: ")] == lines[-2:-1], self.stderr
        assert len(lines[-2]) < 700
        return lines[-2]


Stage = Callable[..., Outcome]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to run stages in."""
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def stage(
    project: Path, repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Stage:
    """Run the script of a stage, such as ``"merge --draw 0"``; parameters given replace params.yaml."""

    def run(command: str, params: dict[str, Any] | None = None) -> Outcome:
        if params is not None:
            Path("params.yaml").write_text(json.dumps(params), encoding="utf-8")  # JSON is YAML
        name, *arguments = command.split()
        monkeypatch.setattr(sys, "argv", [name, *arguments])
        capsys.readouterr()
        code = 0
        try:
            runpy.run_path(str(repository / "pipelines" / f"{name}.py"), run_name="__main__")
        except SystemExit as stop:
            code = int(stop.code or 0)
        return Outcome(code, capsys.readouterr().err)

    return run


@pytest.fixture
def refused(project: Path, stage: Stage) -> Callable[..., None]:
    """Assert that a stage ends with exit code 2, one message with all these words, and no file changed or added."""

    def check(command: str, words: tuple[str, ...], params: dict[str, Any] | None = None) -> None:
        if params is not None:
            (project / "params.yaml").write_text(json.dumps(params), encoding="utf-8")
        before = contents(project)
        found = stage(command)
        assert found.code == 2, found
        for word in words:
            assert word in found.message
        assert contents(project) == before

    return check


def contents(folder: Path) -> dict[str, bytes]:
    """Every regular file below a folder, links not followed."""
    return {
        os.path.relpath(path, folder): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.is_symlink()
    }
