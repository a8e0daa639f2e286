"""From what pydantic finds to one sentence: the parameter, its value, what it must be, what was probably meant."""

from __future__ import annotations

import reprlib
from collections.abc import Iterable, Mapping
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from ganaug.config.types import Takes
from ganaug.config.words import bare, metadata, names, present, suggestion, takes
from ganaug.errors import ConfigError

UNKNOWN = ("extra_forbidden", "invalid_key")  # keys of a section
_SHORT = reprlib.Repr()  # of values in messages: an alias in YAML can stand for a billion words
_SHORT.maxstring, _SHORT.maxother, _SHORT.maxlevel = 80, 80, 2


def refusal(error: ValidationError, annotation: Any, value: Any, place: str) -> ConfigError:
    """Return what to raise instead of an error of pydantic's.

    Parameters
    ----------
    error : ValidationError
        Of the first thing wrong in it the message tells; of unknown keys before anything else.
    annotation : type
        What did not accept the value.
    value : object
        What was given.
    place : str
        How the value is called; empty: the whole file.
    """
    found = min(error.errors(include_url=False, include_context=False), key=lambda each: not _is_key(each))
    steps = list(found["loc"])
    if found["type"] not in UNKNOWN and _is_key(found):
        steps.pop()  # the mark that the step before is a key
    key = steps.pop() if _is_key(found) else None
    for step in steps:
        inside = _inside(annotation, value, step)
        if inside is None:
            break
        annotation, value, within = inside
        place = f"{place}{within}" if place else within.lstrip(".")
    if key is not None:
        return unknown_key(key, _keys(annotation), place)
    if isinstance(value, (list, tuple)) and (listing := _listing(annotation)) is not None:
        try:
            TypeAdapter(listing, config=ConfigDict(strict=True)).validate_python(tuple(value))
        except ValidationError as inner:  # of an item, which says more than that neither a word nor a list fits
            return refusal(inner, listing, value, place)
    must = found["msg"] if found["type"] == "repeated" else f"it must be {takes(annotation)}"
    hint = suggestion(value, names(annotation)) if isinstance(value, str) else ""
    return ConfigError(f"{place or 'the file'} is {_SHORT.repr(value)}; {must}{hint}")


def check_keys(given: Mapping[Any, Any], known: Iterable[str], place: str) -> None:
    """Refuse (`ConfigError`) keys of ``given`` that are not ``known``; ``place`` names the mapping."""
    known = list(known)
    for key in given:
        if key not in known:
            raise unknown_key(key, known, place)


def unknown_key(key: object, known: Iterable[str], place: str) -> ConfigError:
    """Return what to raise about a key that a mapping does not have."""
    known = list(known)
    hint = suggestion(str(key), known) or f"; known here: {', '.join(known)}"
    return ConfigError(f"{place}.{key} is no parameter{hint}" if place else f"{key} is no parameter{hint}")


def _is_key(found: Mapping[str, Any]) -> bool:
    return found["type"] in UNKNOWN or found["loc"][-1:] == ("[key]",)


def _inside(annotation: Any, value: Any, step: int | str) -> tuple[Any, Any, str] | None:
    """Return type, value and name of a part; None where the words for the whole say more."""
    kind = present(annotation)
    if any(isinstance(known, Takes) for known in metadata(kind)):
        return None
    kind = bare(kind)
    try:
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            return kind.model_fields[str(step)].rebuild_annotation(), value[step], f".{step}"
        if get_origin(kind) is tuple:
            return get_args(kind)[0], value[step], f"[{step}]"
        if get_origin(kind) is dict:
            return get_args(kind)[1], value[step], f".{step}"
    except (LookupError, TypeError):  # what is missing has no value
        pass
    return None


def _listing(annotation: Any) -> Any:
    """Return the type of the lists among the types of a union; None where it is no union, or has none."""
    kinds = get_args(present(annotation)) if get_origin(present(annotation)) in (Union, UnionType) else ()
    return next((kind for kind in kinds if get_origin(bare(kind)) is tuple), None)


def _keys(annotation: Any) -> Iterable[str]:
    kind = bare(present(annotation))
    return names(get_args(kind)[0]) if get_origin(kind) is dict else kind.model_fields
