"""The values that a parameter may take: told apart, converted, and described in words."""

from __future__ import annotations

import difflib
import math
import re
import reprlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import Any

from ganaug.errors import ConfigError

_SHORT = reprlib.Repr()  # of values in messages: an alias in YAML can stand for a billion words
_SHORT.maxstring, _SHORT.maxother, _SHORT.maxlevel = 80, 80, 2


@dataclass(frozen=True)
class Kind:
    """The values a parameter takes.

    Parameters
    ----------
    wants : str
        Those values in words; ends the message about any other.
    accepts : callable
        Tells whether a value read from YAML is one of them.
    convert : callable
        From what YAML gives to what the code gets; may raise `ConfigError`, given the value and the parameter's name.
    names : tuple of str, default=()
        The words among them, for suggestions.
    """

    wants: str
    accepts: Callable[[Any], bool]
    convert: Callable[[Any, str], Any] = lambda value, name: value
    names: tuple[str, ...] = ()

    def parse(self, value: Any, name: str) -> Any:
        """Return ``value`` as the code gets it; `ConfigError`, naming the parameter, when it is not of this kind."""
        if not self.accepts(value):
            hint = suggestion(value, self.names) if isinstance(value, str) else ""
            raise ConfigError(f"{name} is {_SHORT.repr(value)}; it must be {self.wants}{hint}")
        return self.convert(value, name)


def suggestion(word: str, known: Iterable[str]) -> str:
    """Return ``" (did you mean 'x'?)"`` where one of ``known`` looks like ``word``, else nothing."""
    close = difflib.get_close_matches(word, list(known), n=1)
    return f" (did you mean {close[0]!r}?)" if close else ""


def integer(low: int, high: int | None = None) -> Kind:
    """Whole numbers from ``low`` to ``high``, both included."""
    wants = f"a whole number from {low}" + ("" if high is None else f" to {high}")
    top = math.inf if high is None else high
    return Kind(wants, lambda v: isinstance(v, int) and not isinstance(v, bool) and low <= v <= top)


def number(low: float, high: float = math.inf, open_ends: bool = False) -> Kind:
    """Finite numbers from ``low`` to ``high``; ``open_ends`` leaves both ends out."""

    def accepts(value: Any) -> bool:
        if not isinstance(value, (int, float)) or isinstance(value, bool) or not math.isfinite(value):
            return False
        return low < value < high if open_ends else low <= value <= high

    start = f"above {low:g}" if open_ends else f"from {low:g}"
    end = "" if high == math.inf else f" and below {high:g}" if open_ends else f" to {high:g}"
    return Kind(f"a number {start}{end}", accepts, lambda value, name: float(value))


def choice(*names: str) -> Kind:
    """One of these words."""
    wants = repr(names[0]) if len(names) == 1 else f"one of {', '.join(map(repr, names))}"
    return Kind(wants, lambda v: isinstance(v, str) and v in names, names=names)


def registered(group: str, *names: str) -> Kind:
    """One of these words, or one that another package adds through the entry points ``ganaug.<group>``."""
    wants = choice(*names).wants
    return Kind(
        wants,
        lambda v: isinstance(v, str) and (v in names or v in entry_points(group=f"ganaug.{group}").names),
        names=names,
    )


def importable(*names: str) -> Kind:
    """One of these words, or ``module:function``, which names a user's function."""
    return Kind(
        f"{', '.join(map(repr, names))} or 'module:function' for one of yours",
        lambda v: isinstance(v, str) and (v in names or re.fullmatch(r"\w+(\.\w+)*:\w+(\.\w+)*", v) is not None),
        names=names,
    )


def either(first: Kind, second: Kind) -> Kind:
    """The values of two kinds."""
    return Kind(
        f"{first.wants} or {second.wants}",
        lambda v: first.accepts(v) or second.accepts(v),
        lambda v, name: (first if first.accepts(v) else second).convert(v, name),
        first.names + second.names,
    )


def optional(kind: Kind) -> Kind:
    """The values of ``kind``, and null."""
    return either(kind, Kind("null", lambda v: v is None))


def listing(kind: Kind, least: int = 0) -> Kind:
    """Lists, tuples in Python, of at least ``least`` different values of ``kind``."""

    def convert(value: Any, name: str) -> tuple[Any, ...]:
        items = tuple(kind.parse(item, f"{name}[{i}]") for i, item in enumerate(value))
        if len(set(items)) < len(items):
            raise ConfigError(f"{name} is {_SHORT.repr(list(items))}; name each value once")
        return items

    count = f" of {least} or more values" if least else ""
    return Kind(
        f"a list{count}, each {kind.wants}", lambda v: isinstance(v, (list, tuple)) and len(v) >= least, convert
    )


def pair(kind: Kind) -> Kind:
    """Lists of two values of ``kind``."""

    def convert(value: Any, name: str) -> tuple[Any, Any]:
        return kind.parse(value[0], f"{name}[0]"), kind.parse(value[1], f"{name}[1]")

    return Kind(f"a list of two, each {kind.wants}", lambda v: isinstance(v, (list, tuple)) and len(v) == 2, convert)


def names_for(*keys: str) -> Kind:
    """Mappings from ``keys`` to text; a key left out stands for itself."""

    def convert(value: Any, name: str) -> dict[str, str]:
        check_keys(value, keys, name)
        return {key: TEXT.parse(value.get(key, key), f"{name}.{key}") for key in keys}

    return Kind(f"a mapping from {', '.join(keys)} to names", lambda v: isinstance(v, Mapping), convert)


def check_keys(given: Mapping[Any, Any], known: Iterable[str], where: str) -> None:
    """Refuse (`ConfigError`) keys of ``given`` that are not ``known``; ``where`` names the mapping."""
    known = list(known)
    for key in given:
        if key not in known:
            place = f"{where}.{key}" if where else f"{key}"
            hint = suggestion(str(key), known) or f"; known here: {', '.join(known)}"
            raise ConfigError(f"{place} is no parameter{hint}")


TEXT = Kind("text", lambda v: isinstance(v, str) and v != "")
FLAG = Kind("true or false", lambda v: isinstance(v, bool))
