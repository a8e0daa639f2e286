"""Parameters of the schema as options: ``train_gan.batch_size`` becomes ``--batch-size``."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

from ganaug.config import GenerateParams, Section, TrainGanParams, check, takes
from ganaug.config.words import container
from ganaug.errors import ConfigError

S = TypeVar("S", bound=Section)

SOUND = frozenset({"rate", "seconds", "loudness"})
READING = SOUND | {  # of prepare: reading a source
    "modality", "size", "channels", "columns", "constraints", "pixel_range", "max_unreadable"
}  # fmt: skip
SPLITTING = READING | {"groups", "near_duplicates"}  # of prepare: what else there is to say of one's data
LOOKING = frozenset({"modality", "columns", "pixel_range"})  # of READING: what matters where nothing is decoded
TRAINING = frozenset(TrainGanParams.model_fields)
SELECTION = frozenset(GenerateParams.model_fields) - {"per_class"} - TRAINING


def add_parameters(
    parser: argparse.ArgumentParser, title: str, section: type[Section], names: AbstractSet[str]
) -> None:
    """Add a group with an option for each parameter of a section that is among ``names``.

    What is not typed is missing from the parsed arguments; `parameters` gives it the default.
    """
    group = parser.add_argument_group(title)
    for name, field in section.model_fields.items():
        if name in names:
            annotation, flag = field.rebuild_annotation(), f"--{name.replace('_', '-')}"
            about = f"{field.description} Takes {takes(annotation)}. Default: {_written(field.default)}"
            group.add_argument(
                flag,
                dest=name,
                type=typed(annotation, flag),
                default=argparse.SUPPRESS,
                metavar="VALUE",
                help=about.replace("%", "%%"),
            )


def parameters(section: type[S], arguments: argparse.Namespace, names: AbstractSet[str]) -> S:
    """Make a section from what was typed for those of its parameters that are among ``names``."""
    typed = vars(arguments)
    return section(**{name: typed[name] for name in section.model_fields if name in names & typed.keys()})


def typed(annotation: Any, flag: str) -> Callable[[str], Any]:
    """Return what `argparse` calls on what was typed for an option of this type; see `read_value`."""
    return partial(read_value, annotation, flag)


def read_value(annotation: Any, flag: str, text: str) -> Any:
    """Turn what was typed for an option into a value of its type.

    Numbers, ``true``, ``false`` and ``null`` are meant as such, lists are written ``a,b`` and mappings ``a=b,c=d``.

    Raises
    ------
    ConfigError
        The value is not of this type.

    Examples
    --------
    >>> from ganaug.config.types import Pair, Positive
    >>> read_value(Pair[Positive], "--size", "28,32")
    (28, 32)
    """
    value, parts = _plain(text), text.split(",")
    if container(annotation) is tuple and not isinstance(value, (list, type(None))):
        value = [_plain(part) for part in parts]
    elif container(annotation) is dict and all("=" in part for part in parts):
        value = dict(part.split("=", 1) for part in parts)
    for reading in (value, text):
        with suppress(ConfigError):
            return check(annotation, reading, flag)
    return check(annotation, value, flag)  # says what is wrong


def _plain(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _written(value: Any) -> str:
    """Write a default as it would be typed."""
    if isinstance(value, (tuple, list)):
        return ",".join(map(str, value))
    if isinstance(value, dict):
        return ",".join(f"{key}={word}" for key, word in value.items())
    return value if isinstance(value, str) else json.dumps(value)
