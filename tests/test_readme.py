"""The README's Python runs, and its commands are the ones that CI runs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    """The README's code blocks of one language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", README, flags=re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("code", blocks("python"))
def test_python_blocks_run(code: str, tmp_path: Path, repository: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(repository)}
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_ci_runs_the_readmes_commands_word_for_word(repository: Path) -> None:
    ci = re.findall(r'^run "(.*)"$', (repository / ".ci" / "run").read_text(encoding="utf-8"), flags=re.MULTILINE)
    commands = [line for block in blocks("sh") for line in block.splitlines()]
    assert ci
    for command in ci:
        assert command in commands or f"{command} && dvc repro" in commands, f"not in the README: {command}"
    for command in commands:
        if not command.startswith("dvc "):
            assert command.removesuffix(" && dvc repro") in ci or command in ci, f"not in .ci/run: {command}"


def test_files_that_the_readme_names_exist(repository: Path) -> None:
    for target in re.findall(r'\]\(([^)#:]+)\)|src="([^":]+)"', README):
        assert (repository / "".join(target)).exists(), "".join(target)
