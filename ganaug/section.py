"""Groups of parameters: one frozen dataclass each, whose fields are declared once and checked when one is made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, TypeVar

from ganaug.kinds import Kind, check_keys

S = TypeVar("S", bound="Section")


def param(default: Any, kind: Kind, doc: str) -> Any:
    """Declare a parameter: a dataclass field whose ``metadata`` holds its `Kind` and what it does."""
    metadata = {"kind": kind, "doc": doc}
    if isinstance(default, (dict, type)):
        return field(default_factory=default if isinstance(default, type) else default.copy, metadata=metadata)
    return field(default=default, metadata=metadata)


@dataclass(frozen=True)
class Section:
    """Base of the sections: checks and converts every field when an instance is made.

    Raises
    ------
    ConfigError
        A value is of the wrong type or out of range.
    """

    name: ClassVar[str] = ""

    def __post_init__(self) -> None:
        for f in fields(self):
            place = f"{self.name}.{f.name}" if self.name else f.name
            object.__setattr__(self, f.name, f.metadata["kind"].parse(getattr(self, f.name), place))

    @classmethod
    def read(cls: type[S], given: Mapping[Any, Any]) -> S:
        """Make the section from a mapping; a key left out takes its default, an unknown one is a `ConfigError`."""
        check_keys(given, (f.name for f in fields(cls)), cls.name)
        return cls(**given)


def section(kind: type[Section]) -> Kind:
    """A section: its dataclass, a mapping of its parameters, or null for all the defaults."""
    return Kind(
        "a mapping of parameters",
        lambda v: v is None or isinstance(v, (Mapping, kind)),
        lambda v, name: v if isinstance(v, kind) else kind.read(v or {}),
    )
