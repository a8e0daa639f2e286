"""Things that are chosen by name, and that another package may add through an entry point."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator
from importlib.metadata import entry_points
from typing import Generic, TypeVar

from ganaug.errors import ConfigError

T = TypeVar("T")


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
        return iter(sorted({*self._known, *(point.name for point in entry_points(group=self.group))}))

    def __getitem__(self, name: str) -> T:
        if name in self._known:
            return self._known[name]
        for point in entry_points(group=self.group, name=name):
            choice: T = point.load()
            return choice
        close = difflib.get_close_matches(name, list(self), n=1)
        hint = f"did you mean {close[0]!r}? " if close else ""
        raise ConfigError(f"Unknown {self.kind} {name!r}: {hint}choose one of {', '.join(self)}.")
