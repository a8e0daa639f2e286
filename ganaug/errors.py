"""Errors that a user can act on, and the guard that turns them into exit codes.

Every message is one sentence that says what is wrong, where, and what to do.
Exit codes of every command: 0 done, 2 bad input, 130 interrupted.
"""

from __future__ import annotations

import sys
from collections.abc import Callable


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


def guard(main: Callable[[], None]) -> None:
    """Run a command's ``main`` and leave with the documented exit code.

    Parameters
    ----------
    main : callable
        The command. A `GanaugError` out of it becomes one line on stderr and exit code 2, Ctrl-C exit code 130.
    """
    try:
        main()
    except GanaugError as error:
        _say(str(error))
        sys.exit(2)
    except KeyboardInterrupt:
        _say("interrupted; run the same command again to go on")
        sys.exit(130)


def _say(what: str) -> None:
    """Write one line to stderr, whatever a file may be called, and in one piece: the processes of a job share it."""
    line = what.replace("\n", " ")
    sys.stderr.write(f"ganaug: {line}\n")
