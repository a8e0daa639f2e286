"""Parameters of the schema as options: ``train_gan.batch_size`` becomes ``--batch-size``."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from dataclasses import MISSING, Field, fields
from functools import partial
from typing import Any, TypeVar

from ganaug.config import GenerateParams, TrainGanParams
from ganaug.kinds import Kind
from ganaug.section import Section

S = TypeVar("S", bound=Section)

READING = frozenset(
    {"modality", "size", "channels", "columns", "pixel_range", "max_unreadable"}
)  # of prepare: reading a source
SPLITTING = READING | {"near_duplicates"}  # of prepare: what else there is to say of one's data
LOOKING = frozenset(
    {"modality", "columns", "pixel_range"}
)  # of READING: what matters where nothing is decoded to one shape
TRAINING = frozenset(f.name for f in fields(TrainGanParams))
SELECTION = frozenset(f.name for f in fields(GenerateParams)) - {"per_class"} - TRAINING


def add_parameters(
    parser: argparse.ArgumentParser, title: str, section: type[Section], names: AbstractSet[str]
) -> None:
    """Add a group with an option for each parameter of a section that is among ``names``.

    What is not typed is missing from the parsed arguments; `parameters` gives it the default.
    """
    group = parser.add_argument_group(title)
    for field in fields(section):
        if field.name in names:
            kind: Kind = field.metadata["kind"]
            flag = f"--{field.name.replace('_', '-')}"
            group.add_argument(
                flag,
                dest=field.name,
                type=typed(kind, flag),
                default=argparse.SUPPRESS,
                metavar="VALUE",
                help=f"{field.metadata['doc']} Takes {kind.wants}. Default: {_written(_default(field))}".replace(
                    "%", "%%"
                ),
            )


def parameters(section: type[S], arguments: argparse.Namespace, names: AbstractSet[str]) -> S:
    """Make a section from what was typed for those of its parameters that are among ``names``."""
    typed = names & vars(arguments).keys()
    return section(**{f.name: getattr(arguments, f.name) for f in fields(section) if f.name in typed})


def typed(kind: Kind, flag: str) -> Callable[[str], Any]:
    """Return what `argparse` calls on what was typed for an option of this kind; see `read_value`."""
    return partial(read_value, kind, flag)


def read_value(kind: Kind, flag: str, text: str) -> Any:
    """Turn what was typed for an option into a value of its kind.

    Numbers, ``true``, ``false`` and ``null`` are meant as such, lists are written ``a,b`` and mappings ``a=b,c=d``.

    Raises
    ------
    ConfigError
        The value is not of this kind.

    Examples
    --------
    >>> from ganaug.kinds import integer, pair
    >>> read_value(pair(integer(8)), "--size", "28,32")
    (28, 32)
    """
    parts = text.split(",")
    readings = [_plain(text), text, [_plain(part) for part in parts]]
    if all("=" in part for part in parts):
        readings.append(dict(part.split("=", 1) for part in parts))
    return kind.parse(next(filter(kind.accepts, readings), readings[0]), flag)


def _plain(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _default(field: Field[Any]) -> Any:
    return field.default if field.default_factory is MISSING else field.default_factory()


def _written(value: Any) -> str:
    """Write a default as it would be typed."""
    if isinstance(value, (tuple, list)):
        return ",".join(map(str, value))
    if isinstance(value, dict):
        return ",".join(f"{key}={word}" for key, word in value.items())
    return value if isinstance(value, str) else json.dumps(value)
