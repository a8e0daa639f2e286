"""Labels, groups and other words of a data set, as text."""

from __future__ import annotations

from enum import Enum
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ganaug.errors import DataError


def plain(value: Any, where: str) -> Any:
    """Return bytes as the text that they are in UTF-8, enumerated text and numbers as such, the rest as it is.

    Raises
    ------
    DataError
        The bytes are no UTF-8; ``where`` says whose they are.
    """
    if isinstance(value, Enum) and isinstance(value, (str, int, float)):
        return value.value
    if not isinstance(value, bytes):
        return value
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise DataError(f"{where} holds {value!r}, which is no text in UTF-8: give text or whole numbers.") from None


def shown(value: Any) -> str:
    """Return a name or a value as messages show it: numpy's numbers as numbers, ``0`` and not ``np.int64(0)``."""
    if isinstance(value, tuple):
        return f"({', '.join(map(shown, value))})"
    return repr(value.item() if isinstance(value, np.generic) else value)


def plain_array(values: NDArray[Any], where: str) -> NDArray[Any]:
    """Do the same with every value of an array of any shape."""
    if values.dtype.kind not in "SO" or not values.size:
        return values
    found = np.empty(values.size, object)
    found[:] = [plain(value, where) for value in values.ravel()]
    return (found.astype(str) if values.dtype.kind == "S" else found).reshape(values.shape)


def to_text(value: Any, where: str) -> str:
    """Write a value as text: missing ones as nothing, 3.0 as 3."""
    if pd.isna(value):
        return ""
    if isinstance(value, (float, np.floating)) and value.is_integer():
        return str(int(value))
    return str(plain(value, where))


def to_label(value: Any, where: str) -> str:
    """Write a label as text, see `to_text`; `DataError` unless it is a name, a whole number, true, false or missing."""
    text = to_text(value, where)
    if isinstance(value, (float, np.floating)) and not (value.is_integer() or pd.isna(value)):
        raise DataError(f"{where} holds the label {text}: labels must be names or whole numbers.")
    if text and not isinstance(value, (str, bytes, bool, int, float, np.bool_, np.integer, np.floating)):
        raise DataError(
            f"{where} holds the label {value!r} ({type(value).__name__}): labels must be names or whole numbers."
        )
    return text
