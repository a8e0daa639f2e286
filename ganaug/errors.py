"""Errors that a user can act on, and the guard that turns them into exit codes.

Every message is one sentence that says what is wrong, where, and what to do. Where it names a parameter, it does so as
the user would write it: a key of params.yaml, an option of the command line, a keyword in Python; see `option`.
Exit codes of every command: 0 done, 2 bad input, 130 interrupted.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextvars import ContextVar

Naming = Callable[[str], str]  # from a parameter's place in params.yaml to how the user writes it


class GanaugError(Exception):
    """Something the user can put right; its message says how."""


class DataError(GanaugError):
    """The data cannot be read or used as asked."""


class ConfigError(GanaugError):
    """A parameter is unknown, mistyped or out of range."""


class ModelError(GanaugError):
    """A saved model or checkpoint is missing, damaged, foreign or does not fit."""


class WriteError(GanaugError, OSError):
    """A file or folder cannot be written; made, like any `OSError`, from errno, reason and file name."""

    def __str__(self) -> str:
        return (
            f"{self.filename} cannot be written ({self.strerror}): make room or choose another place, then run again."
        )


def in_python(place: str) -> str:
    """Return the keyword for a parameter; its place in params.yaml is a key, or a section and a key."""
    return place.rpartition(".")[2]


def in_params_yaml(place: str) -> str:
    """Return the place itself."""
    return place


def on_command_line(place: str) -> str:
    """Return the option for a parameter."""
    return f"--{in_python(place).replace('_', '-')}"


NAMING: ContextVar[Naming] = ContextVar("naming", default=in_python)


def option(place: str) -> str:
    """Name a parameter in a message, as whoever reads it would write it.

    Parameters
    ----------
    place : str
        Where it stands in params.yaml: ``"prepare.max_unreadable"``.

    Returns
    -------
    str
        The place in a stage of the pipeline, the option (``--max-unreadable``) in a command, the keyword in Python.
    """
    return NAMING.get()(place)


def guard(main: Callable[[], None], naming: Naming = in_params_yaml) -> None:
    """Run a command's ``main`` and leave with the documented exit code.

    Parameters
    ----------
    main : callable
        The command. A `GanaugError` out of it becomes one line on stderr and exit code 2, Ctrl-C exit code 130.
    naming : callable
        How messages name parameters meanwhile: as the stages do, which have params.yaml, or `on_command_line`.
    """
    before = NAMING.set(naming)
    try:
        main()
    except GanaugError as error:
        _say(str(error))
        sys.exit(2)
    except KeyboardInterrupt:
        _say("interrupted; run the same command again to go on")
        sys.exit(130)
    finally:
        NAMING.reset(before)


def _say(what: str) -> None:
    """Write one line to stderr, whatever a file may be called, and in one piece: the processes of a job share it."""
    line = what.replace("\n", " ")
    sys.stderr.write(f"ganaug: {line}\n")
