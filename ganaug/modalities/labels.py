"""Labels of any kind, and the class codes that networks use."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from ganaug.data.text import plain, plain_array
from ganaug.errors import DataError


def encode(y: ArrayLike, n: int) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Return the sorted classes (K,) and the class codes (n,); `DataError` if y does not fit or has gaps."""
    labels = _as_array(y)
    if labels.shape != (n,):
        raise DataError(f"y has shape {labels.shape} for {n} samples: give one label for each.")
    missing = pd.isna(labels)
    if missing.any():
        raise DataError(f"y has a missing label at row {int(np.argmax(missing))}: label or drop that row.")
    odd = [label for label in labels.tolist() if not isinstance(label, (str, bool, int, float))]
    if odd or labels.dtype.kind not in "biufUO":  # of times, tolist may make integers
        label = labels[0] if labels.dtype.kind in "mM" else odd[0]
        raise DataError(f"y has the label {label!r}: give strings or numbers.")
    try:
        classes, codes = np.unique(labels, return_inverse=True)
    except TypeError:
        raise DataError("y mixes labels that have no order, such as 1 and 'one': make all of them strings.") from None
    return classes, codes.astype(np.int64)


def to_codes(y: ArrayLike, classes: NDArray[Any], n: int | None = None) -> NDArray[np.int64]:
    """Turn labels, n of them where n is given, into codes of known classes; `DataError` if they do not fit."""
    labels = _as_array(y)
    if labels.ndim != 1 or n not in (None, len(labels)):
        wanted = "one label for each row" if n is None else f"one label for each of the {n} samples"
        raise DataError(f"y has shape {labels.shape}: give {wanted}.")
    position = {label: code for code, label in enumerate(classes.tolist())}  # to which "1" is not 1
    unknown = [label for label in labels.tolist() if not isinstance(label, Hashable) or label not in position]
    if unknown:
        raise DataError(
            f"The label {unknown[0]!r} is not one the model was trained on: "
            f"use those of classes_, {', '.join(map(str, classes[:20]))}."
        )
    return np.array([position[label] for label in labels.tolist()], np.int64)


def group_codes(groups: ArrayLike, n: int) -> NDArray[np.int64]:
    """Return a code (n,) for the group of each row, one of its own where that is missing; `DataError` if n differs."""
    names = np.asarray(groups, dtype=object)
    if names.shape != (n,):
        raise DataError(f"groups has shape {names.shape} for {n} rows: give the name of a group, or None, for each.")
    codes = pd.factorize(names)[0].astype(np.int64)
    alone = codes < 0
    codes[alone] = np.arange(alone.sum()) + codes.max() + 1
    return codes


def _as_array(y: ArrayLike) -> NDArray[Any]:
    """Return labels as an array, see `plain`."""
    if isinstance(y, (list, tuple)):
        y = [plain(label, "y") for label in y]
    try:
        labels = np.asarray(y)
    except ValueError:
        raise DataError("y holds several labels in a row: give one label for each sample.") from None
    except (TypeError, RuntimeError) as error:  # tensors on a GPU or with a gradient
        raise DataError(f"y is no array ({error}): give one label for each sample.") from error
    if isinstance(y, list) and labels.dtype.kind == "U" and not all(isinstance(label, str) for label in y):
        labels = np.array(y, object)  # numpy has made 1 and "1" one
    return plain_array(labels, "y")
