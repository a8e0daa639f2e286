"""Run the scripts of the stages in this process."""

from __future__ import annotations

import os
import runpy
import sys
from pathlib import Path
from typing import NamedTuple

import pytest


class Outcome(NamedTuple):
    """How a stage ended: its exit code, and what it wrote to stderr."""

    code: int
    stderr: str

    @property
    def message(self) -> str:
        """The one line for the user; fails where there is not exactly one, at the end, or there is a traceback."""
        lines = self.stderr.split("\n")
        assert "Traceback" not in self.stderr
        assert [line for line in lines if line.startswith("ganaug: ")] == lines[-2:-1], self.stderr
        assert len(lines[-2]) < 700
        return lines[-2]


PARAMS = {  # of a run of seconds
    "repeats": [0],
    "prepare": {"source": "digits", "per_class": 4, "validation": 2, "test": 2},
    "train_gan": {"steps": 2, "width": 4, "batch_size": 8, "device": "cpu"},
    "generate": {"per_class": "auto", "filters": [], "max_candidates": 1.0, "device": "cpu"},
    "merge": {"amount": 1.0},
    "evaluate": {"jobs": 1, "arms": ["real", "gan"], "steps": 2, "device": "cpu"},
}


def run(command: str, script_folder: Path) -> int:
    """Run a stage's script, such as ``"merge --repeat 0"``, as `python` would, teachers in short; return its code."""
    name, *arguments = command.split()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", [name, *arguments])
        patch.setattr("ganaug.augmenter.TEACHER_STEPS", 2)
        patch.setattr("ganaug.evaluation.fidelity.STEPS", 2)
        try:
            runpy.run_path(str(script_folder / f"{name}.py"), run_name="__main__")
        except SystemExit as stop:
            return int(stop.code or 0)
    return 0


def contents(folder: Path) -> dict[str, bytes]:
    """Every regular file below a folder, links not followed, but for the note of how far the whole run is."""
    return {
        os.path.relpath(path, folder): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.is_symlink() and path != folder / ".ganaug" / "run.json"
    }
