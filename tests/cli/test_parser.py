"""What can be typed, and what is said about what cannot."""

from __future__ import annotations

import shlex
import subprocess
import sys

import pytest
from typing_commands import Type

from ganaug import __version__
from ganaug.cli.parser import build_parser
from ganaug.errors import ConfigError
from ganaug.modalities.exports import EXPORTS

COMMANDS = next(action.choices for action in build_parser()._actions if action.dest == "command")


def test_every_command_is_a_module_with_a_run() -> None:
    from importlib import import_module

    for name in COMMANDS:
        assert callable(import_module(f"ganaug.cli.{name}").run)


@pytest.mark.parametrize("command", [(), *((name,) for name in COMMANDS)])
def test_help_shows_examples_and_exit_codes(command: tuple[str, ...], ganaug: Type) -> None:
    code, out, err = ganaug(*command, "--help")
    assert (code, err) == (0, "")
    for words in ("examples:\n  ", "exit codes:\n  0 ", "\n  2 ", "\n  130 "):
        assert words in out


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_the_examples_can_be_typed(command) -> None:
    assert command.examples
    for example in command.examples:
        words = shlex.split(example.split(" > ")[0].split(" && ")[0], comments=True)
        if words[0] == "eval":
            words = shlex.split(words[1].removeprefix("$(").removesuffix(")"))
        assert words[0] == "ganaug"
        assert build_parser().parse_args(words[1:]).command == command.prog.split()[1]


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("", "the following arguments are required: COMMAND; see ganaug --help"),
        ("agument photos out", "(did you mean 'augment'?); see ganaug --help"),
        ("preset standrad", "(did you mean 'standard'?); see ganaug preset --help"),
        ("augment photos", "the following arguments are required: OUT; see ganaug augment --help"),
        ("augment a b --stepz 3", "--stepz is nothing that ganaug augment knows (did you mean '--steps'?)"),
        ("augment a b --step 3", "--step is nothing that ganaug augment knows (did you mean '--steps'?)"),
        ("augment a b c", "c is nothing that ganaug augment knows; see ganaug augment --help"),
        ("augment a b --steps fast", "--steps is 'fast'; it must be 'auto' or a whole number from 1"),
        ("augment a b --ratio -1", "--ratio is -1; it must be a number from 0"),
        ("augment a b --at-least 1.5", "--at-least is 1.5; it must be a whole number from 1"),
        ("augment a b --balance --ratio 2", "not allowed with argument"),
        ("augment a b --objective hing", "(did you mean 'hinge'?)"),
        ("sample m --out o", "--per-class"),
        ("sample m --out o --per-class 0", "--per-class is 0; it must be a whole number from 1"),
        ("init", "--data"),
        ("inspect a --size 3,3", "--size is nothing that ganaug inspect knows"),
    ],
)
def test_what_cannot_be_typed_is_refused_in_one_line(typed: str, message: str, ganaug: Type) -> None:
    code, out, err = ganaug(*typed.split())
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith("ganaug: ")
    assert message in err


def test_the_version(ganaug: Type) -> None:
    assert ganaug("--version") == (0, f"ganaug {__version__}\n", "")


@pytest.mark.parametrize("command", ["augment photos out", "sample model --per-class 1 --out out"])
def test_the_forms_are_those_that_can_be_written(command: str) -> None:
    for form in {"parquet", *(name.partition(".")[2] for name in EXPORTS)}:
        assert build_parser().parse_args([*command.split(), "--format", form]).format == form
    with pytest.raises(ConfigError, match="'zip'"):
        build_parser().parse_args([*command.split(), "--format", "zip"])


@pytest.mark.slow
@pytest.mark.parametrize("typed", ["--help", "augment --help", "augment photos"])
def test_help_and_mistakes_import_nothing_heavy(typed: str) -> None:
    code = (
        f"import sys\nfrom ganaug.cli import main\ntry:\n    main({typed.split()!r})\nexcept SystemExit:\n    pass\n"
        "print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"torch", "pandas", "pyarrow", "numpy", "PIL", "ruamel.yaml", "dvc"} & set(done.stderr.split())


@pytest.mark.slow
def test_it_is_a_module_that_runs() -> None:
    done = subprocess.run([sys.executable, "-m", "ganaug", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"ganaug {__version__}\n"


@pytest.mark.slow
def test_a_reader_that_has_seen_enough_is_no_error() -> None:
    typed = f"{shlex.quote(sys.executable)} -m ganaug completion bash | head -1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", typed], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_package_that_is_not_there_is_named_with_its_extra(ganaug: Type, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "shtab", None)
    monkeypatch.delitem(sys.modules, "ganaug.cli.completion", raising=False)
    assert ganaug("completion", "bash") == (2, "", "ganaug: this needs shtab: pip install 'ganaug[completion]'\n")
