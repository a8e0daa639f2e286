"""What all texts of a data set share, and texts in memory as users have them. Inside ganaug they are a list of str."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ganaug.data.text import plain
from ganaug.errors import DataError
from ganaug.modalities.loaded import Spec

LONGEST = 20_000  # characters
FORMS = ("list", "array", "series")

Texts = list[str]


@dataclass(frozen=True)
class TextSpec(Spec):
    """What all texts share.

    Attributes
    ----------
    longest : int
        Characters of the longest one.
    form : {"list", "array", "series"}
        What users have them in.
    """

    longest: int
    form: str = "list"


def spec_of(about: Mapping[str, Any]) -> TextSpec:
    """Return the spec that `TextSpec.to_json` wrote; `TypeError` or `ValueError` where it is none."""
    spec = TextSpec(**about)
    if type(spec.longest) is not int or not 0 < spec.longest <= LONGEST or spec.form not in FORMS:
        raise ValueError(f"texts of {spec.longest} characters in a {spec.form}")
    return spec


def problem(text: str) -> str:
    """Say why a text cannot be used; empty where it can."""
    if not text.strip():
        return "no text"
    if "\0" in text:
        return "a NUL character"
    if len(text) > LONGEST:
        return f"{len(text):,} characters, more than {LONGEST:,}"
    try:
        text.encode()
    except UnicodeEncodeError:
        return "half of a character, which no file can hold"
    return ""


def recognises(X: Any) -> bool:  # noqa: N803 - scikit-learn's name
    """Tell whether data in memory is texts: a list, a one-dimensional array or a Series that begins with a string."""
    if isinstance(X, (list, tuple)):
        return bool(X) and isinstance(X[0], str)
    if not isinstance(X, (np.ndarray, pd.Series)) or X.ndim != 1 or not len(X):
        return False
    return isinstance(X[0] if isinstance(X, np.ndarray) else X.iloc[0], str)


def infer(X: Any) -> tuple[Texts, TextSpec]:  # noqa: N803
    """Check texts in memory; return them as a list, and what they share; `DataError` where they cannot be used."""
    texts = _texts(X)
    if not texts:
        raise DataError("X holds no text at all: give some.")
    if len(texts) > 1 and len(set(texts)) == 1:
        raise DataError("X holds one text again and again: give different ones.")
    form = "series" if isinstance(X, pd.Series) else "array" if isinstance(X, np.ndarray) else "list"
    return texts, TextSpec(max(map(len, texts)), form)


def conform(X: Any, spec: TextSpec) -> Texts:  # noqa: N803
    """Return texts in memory as a list, of whatever length; `DataError` where they cannot be used."""
    return _texts(X)


def restore(texts: Texts, spec: TextSpec) -> Any:
    """Give texts back in the form in which `infer` took them."""
    if spec.form == "series":
        return pd.Series(texts, dtype=object if not texts else None)
    if spec.form == "array":
        found = np.empty(len(texts), object)
        found[:] = texts
        return found
    return texts


def _texts(X: Any) -> Texts:  # noqa: N803
    if isinstance(X, str) or not isinstance(X, Iterable) or getattr(X, "ndim", 1) != 1:
        raise DataError(f"X is a {type(X).__name__}: give texts as a list, an array or a Series of strings.")
    texts = []
    for i, value in enumerate(X):
        text = plain(value, "X")
        if not isinstance(text, str):
            missing = text is None or text is pd.NA or text != text
            held = "no text" if missing else f"a {type(text).__name__}"
            raise DataError(f"X has {held} in row {i}: give a string, or drop the row.")
        if why := problem(text):
            raise DataError(f"X has {why} in row {i}: mend or drop it.")
        texts.append(str(text))
    return texts
