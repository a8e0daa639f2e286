"""``ganaug completion``, in a real bash."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from typing_commands import Type


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("ganaug ins", "inspect"),
        ("ganaug preset s", "standard"),
        ("ganaug augment --batch", "--batch-size"),
        ("ganaug augment photos out --format im", "image_folder"),
        ("ganaug augment pho", "photos"),
        ("ganaug init --data pho", "photos"),
    ],
)
def test_bash_completes(typed: str, offered: str, here: Path, ganaug: Type) -> None:
    code, script, err = ganaug("completion", "bash")
    assert (code, err) == (0, "")
    (here / "ganaug.bash").write_text(script)
    press_tab = (
        f"source ganaug.bash; COMP_WORDS=({typed}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); COMP_LINE='{typed}'; "
        "_shtab_ganaug; echo ${COMPREPLY[@]}"
    )
    done = subprocess.run(["bash", "-c", press_tab], cwd=here, capture_output=True, text=True, check=True)
    assert done.stdout.split() == [offered]


def test_zsh_gets_a_script(ganaug: Type) -> None:
    code, script, _ = ganaug("completion", "zsh")
    assert code == 0
    assert script.startswith("#compdef ganaug\n")
    assert "--batch-size" in script
