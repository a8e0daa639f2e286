"""The command ``ganaug``: `parser` says what can be typed, and one module for each command what it does.

Commands are imported when they are used, so that ``ganaug --help`` and completion are quick.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module

from ganaug.cli.parser import build_parser
from ganaug.errors import GanaugError, WriteError, guard, on_command_line

EXTRAS = {"ruamel": "pipeline", "shtab": "completion"}  # packages that commands need, and the extra that brings each


def main(words: Sequence[str] | None = None) -> None:
    """Run the command line and leave with the exit codes of `ganaug.errors.guard`; None: what the shell was given."""
    guard(lambda: _run(words), on_command_line)


def _run(words: Sequence[str] | None) -> None:
    arguments = build_parser().parse_args(words)
    try:
        import_module(f"ganaug.cli.{arguments.command}").run(arguments)
        sys.stdout.flush()
    except BrokenPipeError:  # whoever reads has seen enough: ganaug ... | head
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except ModuleNotFoundError as error:
        package = (error.name or "").split(".")[0]
        if package not in EXTRAS:
            raise
        raise GanaugError(f"this needs {package}: pip install 'ganaug[{EXTRAS[package]}]'") from error
    except WriteError:  # says all that there is to say
        raise
    except OSError as error:
        raise GanaugError(
            f"{error.filename or 'a file'} cannot be read or written ({error.strerror or error}): "
            "make room, or allow access, and run the same command again"
        ) from error
