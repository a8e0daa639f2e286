"""Things that are chosen by name, and that another package may add through an entry point."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Callable, Iterator
from functools import lru_cache
from importlib.metadata import EntryPoints, entry_points
from pathlib import Path
from typing import Generic, TypeVar

from ganaug.errors import ConfigError

T = TypeVar("T")


def offered(group: str) -> EntryPoints:
    """Return the entry points of a group, of all packages that are installed now."""
    return _offered(group, tuple(map(_state, sys.path)))


@lru_cache
def _offered(group: str, installed: tuple[tuple[int, ...], ...]) -> EntryPoints:
    """Look for them: that reads a file of every package, and names are asked for again and again."""
    return entry_points(group=group)


def _state(folder: str) -> tuple[int, ...]:
    """Tell a folder of packages from others, and from itself before one came or went."""
    try:
        found = Path(folder or ".").stat()
    except OSError:
        return ()
    return found.st_dev, found.st_ino, found.st_mtime_ns


class Registry(Generic[T]):
    """Named choices of one kind.

    Parameters
    ----------
    kind : str
        What is chosen, in the singular, for messages: ``"objective"``.

    Notes
    -----
    A third party adds a choice by an entry point in the group ``ganaug.<kind>``; it is loaded when it is asked for.
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.group = f"ganaug.{kind}"
        self._known: dict[str, T] = {}

    def register(self, name: str) -> Callable[[T], T]:
        """Return a decorator that files what it decorates under ``name``."""

        def file(choice: T) -> T:
            self._known[name] = choice
            return choice

        return file

    def __iter__(self) -> Iterator[str]:
        return iter(sorted({*self._known, *offered(self.group).names}))

    def __getitem__(self, name: str) -> T:
        if name in self._known:
            return self._known[name]
        for point in offered(self.group).select(name=name):
            choice: T = point.load()
            return choice
        close = difflib.get_close_matches(name, list(self), n=1)
        hint = f"did you mean {close[0]!r}? " if close else ""
        raise ConfigError(f"Unknown {self.kind} {name!r}: {hint}choose one of {', '.join(self)}.")
