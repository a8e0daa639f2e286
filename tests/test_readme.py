"""The README's commands are the ones that CI runs."""

from __future__ import annotations

import re
from pathlib import Path

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    """The README's code blocks of one language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", README, flags=re.MULTILINE | re.DOTALL)


def test_ci_runs_the_readmes_commands_word_for_word(repository: Path) -> None:
    ci = re.findall(r'^ *run "(.*)"$', (repository / ".ci" / "run").read_text(encoding="utf-8"), flags=re.MULTILINE)
    commands = [line for block in blocks("sh") for line in block.splitlines()]
    assert ci
    for command in ci:
        assert command in commands or f"{command} && dvc repro" in commands, f"not in the README: {command}"
    for command in commands:
        if not command.startswith("dvc "):
            assert command.removesuffix(" && dvc repro") in ci or command in ci, f"not in .ci/run: {command}"
