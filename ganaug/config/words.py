"""Types in words: what a parameter takes, and which words it knows."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Len, Lt
from pydantic import BaseModel

from ganaug.config.types import Takes

PLAIN = {int: "a whole number", float: "a number", bool: "true or false", str: "text", NoneType: "null"}


def suggestion(word: str, known: Iterable[str]) -> str:
    """Return ``" (did you mean 'x'?)"`` where one of ``known`` looks like ``word``, else nothing."""
    close = difflib.get_close_matches(word, list(known), n=1)
    return f" (did you mean {close[0]!r}?)" if close else ""


def takes(annotation: Any) -> str:
    """Say what values a type takes.

    Examples
    --------
    >>> from typing import Annotated
    >>> from annotated_types import Ge, Le
    >>> takes(Annotated[int, Ge(1), Le(6)] | None)
    'a whole number from 1 to 6 or null'
    """
    kind, about = bare(annotation), metadata(annotation)
    origin, inner = get_origin(kind), get_args(kind)
    for known in about:
        if isinstance(known, Takes):
            return known.words
    if origin in (Union, UnionType):
        return " or ".join(map(takes, inner))
    if origin is dict:
        return f"a mapping from {', '.join(names(inner[0]))} to names"
    if origin is tuple:
        least = next((known.min_length for known in about if isinstance(known, Len)), 0)
        count = " of two" if inner[-1] is not Ellipsis else f" of {least} or more values" if least else ""
        return f"a list{count}, each {takes(inner[0])}"
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return "a mapping of parameters"
    return PLAIN[kind] + _bounds(about)


def _bounds(about: Iterable[Any]) -> str:
    words = ""
    for bound in about:
        match bound:
            case Ge(ge=low):
                words += f" from {low}"
            case Gt(gt=low):
                words += f" above {low}"
            case Le(le=high):
                words += f" to {high}"
            case Lt(lt=high):
                words += f" and below {high}"
    return words


def names(annotation: Any) -> tuple[str, ...]:
    """Return the words that a type takes, where it takes certain ones."""
    own = sum((known.names for known in metadata(annotation) if isinstance(known, Takes)), ())
    kind = bare(annotation)
    return own + sum(map(names, get_args(kind)), ()) if get_origin(kind) in (Union, UnionType) else own


def bare(annotation: Any) -> Any:
    """Return a type without its metadata."""
    return get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation


def metadata(annotation: Any) -> tuple[Any, ...]:
    """Return the metadata of a type."""
    return get_args(annotation)[1:] if get_origin(annotation) is Annotated else ()


def present(annotation: Any) -> Any:
    """Return a type without the null that it may also take."""
    if get_origin(annotation) in (Union, UnionType):
        others = [kind for kind in get_args(annotation) if kind is not NoneType]
        return others[0] if len(others) == 1 else annotation
    return annotation


def container(annotation: Any) -> Any:
    """Return `tuple` or `dict` for a type that holds values, be it beside a word, else None."""
    kind = present(annotation)
    if get_origin(kind) in (Union, UnionType):
        return next((found for each in get_args(kind) if (found := container(each)) in (tuple, dict)), None)
    return get_origin(bare(kind))
