"""Groups of parameters, and one parameter alone: both are checked by their types and refused in one sentence."""

from __future__ import annotations

from functools import cache
from typing import Any, ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError, model_validator
from pydantic.functional_validators import ModelWrapValidatorHandler

from ganaug.config.messages import refusal

S = TypeVar("S", bound="Section")

STRICT = ConfigDict(strict=True, allow_inf_nan=False)  # "3", 3.0 and true are no whole numbers, nan is no number


class Section(BaseModel):
    """Base of the sections: a frozen model, whose fields say by ``description`` what they do.

    Raises
    ------
    ConfigError
        A parameter is unknown, mistyped or out of range.
    """

    model_config = ConfigDict(**STRICT, frozen=True, extra="forbid")
    name: ClassVar[str] = ""  # where it stands in params.yaml

    @model_validator(mode="wrap")
    @classmethod
    def _in_one_sentence(cls: type[S], given: Any, handler: ModelWrapValidatorHandler[S]) -> S:
        """Take null for all the defaults, and refuse in our words."""
        try:
            return handler({} if given is None else given)
        except ValidationError as error:
            raise refusal(error, cls, given, cls.name) from None


def check(annotation: Any, value: Any, name: str) -> Any:
    """Return one value as its type has it.

    Parameters
    ----------
    annotation : type
        What it may be: ``Annotated[int, Ge(1)]``, or ``TrainGanParams.model_fields["steps"].rebuild_annotation()``.
    value : object
        The value.
    name : str
        How the user calls it, for the message.

    Raises
    ------
    ConfigError
        The value is none of that type.
    """
    try:
        return _adapter(annotation).validate_python(value, context=name)
    except ValidationError as error:
        raise refusal(error, annotation, value, name) from None


@cache
def _adapter(annotation: Any) -> TypeAdapter[Any]:
    return TypeAdapter(annotation, config=STRICT)
