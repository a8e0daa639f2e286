"""The types of parameters: annotations of the standard library that pydantic checks, and what these do not say.

Most parameters need no more than ``Annotated[int, Ge(1)]``; `ganaug.config.words` puts that in words. Where a check is
one of its own, `Takes` holds it, with the words for it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from annotated_types import Ge, Gt, Le, Len, Lt
from pydantic import AfterValidator, BeforeValidator, GetCoreSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from ganaug.config.names import EXPORTS
from ganaug.utils.registry import offered

T = TypeVar("T")


@dataclass(frozen=True)
class Takes:
    """What a type takes, in words, and a check beyond the type's own; for the metadata of `typing.Annotated`.

    Parameters
    ----------
    words : str
        All values that it takes; ends the message about any other.
    names : tuple of str, default=()
        The words among them, for suggestions.
    accepts : callable, optional
        Tells whether a value of the type is one of them.
    """

    words: str
    names: tuple[str, ...] = ()
    accepts: Callable[[Any], object] | None = None

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Check after the type itself."""
        return core_schema.no_info_after_validator_function(self._check, handler(source))

    def _check(self, value: Any) -> Any:
        if self.accepts is not None and not self.accepts(value):
            raise ValueError(self.words)
        return value


def one_of(*names: str) -> Takes:
    """One of these words."""
    words = repr(names[0]) if len(names) == 1 else f"one of {', '.join(map(repr, names))}"
    return Takes(words, names, names.__contains__)


def of_modality(*names: str) -> Takes:
    """One of these words, or any where another package adds a modality, which will say whether it is one of its own."""
    known = one_of(*names)
    others = re.compile(r"[a-z]\w*").fullmatch
    return Takes(known.words, names, lambda v: v in names or (offered("ganaug.modality") and others(v)))


def registered(group: str, *names: str) -> Takes:
    """One of these words, or one that another package adds through the entry points ``ganaug.<group>``."""
    known = one_of(*names)
    return Takes(known.words, names, lambda v: v in names or v in offered(f"ganaug.{group}").names)


def export_forms() -> tuple[str, ...]:
    """Return the forms, of whatever modality, that `ganaug.modalities.exports` and other packages can write."""
    others = sorted(offered("ganaug.export").names)
    return tuple(dict.fromkeys(name.partition(".")[2] for name in (*EXPORTS, *others)))


def export_form() -> Takes:
    """One of `export_forms`."""
    known = tuple(dict.fromkeys(name.partition(".")[2] for name in EXPORTS))
    return Takes(one_of(*known).words, known, lambda v: v in export_forms())


def importable(*names: str) -> Takes:
    """One of these words, or ``module:function``, which names a user's function."""
    return Takes(
        f"{', '.join(map(repr, names))} or 'module:function' for one of yours",
        names,
        lambda v: v in names or re.fullmatch(r"\w+(\.\w+)*:\w+(\.\w+)*", v),
    )


def _each_once(items: tuple[T, ...]) -> tuple[T, ...]:
    if len(set(items)) < len(items):
        raise PydanticCustomError("repeated", "name each value once")
    return items


ListToTuple = BeforeValidator(lambda value: tuple(value) if isinstance(value, list) else value)  # YAML has lists alone
Pair = Annotated[tuple[T, T], ListToTuple]
Many = Annotated[tuple[T, ...], ListToTuple, AfterValidator(_each_once)]  # of different values, none at least
Some = Annotated[tuple[T, ...], Len(1), ListToTuple, AfterValidator(_each_once)]  # one at least

Auto = Annotated[str, one_of("auto")]
Text = Annotated[str, Len(1)]
Count = Annotated[int, Ge(0)]
Positive = Annotated[int, Ge(1)]
Seed = Annotated[int, Ge(0), Le(2**31 - 1)]
RandomState = Annotated[int, Ge(0), Le(2**32 - 1)]  # scikit-learn's seeds
Factor = Annotated[float, Ge(0)]
Share = Annotated[float, Ge(0), Le(1)]
Between = Annotated[float, Gt(0), Lt(1)]
Device = Annotated[
    str,
    Takes("'auto', 'cpu', 'cuda' or 'cuda:N'", ("auto", "cpu", "cuda"), re.compile(r"auto|cpu|cuda(:\d+)?").fullmatch),
]
ShareOrRows = Annotated[
    Positive | Between,
    Takes("a share of the rows (above 0 and below 1) or a whole number of rows a class from 1"),
]
Channels = Annotated[int, Takes("1, 2, 3, 4", accepts=(1, 2, 3, 4).__contains__)]
PixelRange = Annotated[
    Pair[int | float], Takes("a list of two numbers, the first below the second", accepts=lambda v: v[0] < v[1])
]
RowsOfClasses = Annotated[
    dict[Any, Positive],
    Takes(
        "a mapping from class names to whole numbers from 1",
        accepts=lambda given: given and all(isinstance(name, str) and name for name in given),
    ),
    BeforeValidator(  # YAML reads the name of a class 7 as a number
        lambda given: (
            {str(name) if type(name) is int else name: rows for name, rows in given.items()}
            if isinstance(given, dict)
            else given
        )
    ),
]
COLUMNS = ("path", "text", "label", "group", "split")
ColumnNames = Annotated[  # a key left out stands for itself
    dict[Annotated[str, one_of(*COLUMNS)], Text],
    AfterValidator(lambda given: {key: given.get(key, key) for key in COLUMNS}),
]
