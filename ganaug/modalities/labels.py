"""Labels of any kind, and the class codes that networks use."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from ganaug.errors import DataError


def encode(y: ArrayLike, n: int) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Return the sorted classes (K,) and the class codes (n,); `DataError` if y does not fit or has gaps."""
    labels = np.asarray(y)
    if labels.shape != (n,):
        raise DataError(f"y has shape {labels.shape} for {n} images: give one label for each image.")
    if pd.isna(labels).any():
        raise DataError(f"y has a missing label at row {int(np.argmax(pd.isna(labels)))}: label or drop that row.")
    try:
        classes, codes = np.unique(labels, return_inverse=True)
    except TypeError:
        raise DataError("y mixes labels that have no order, such as 1 and 'one': make all of them strings.") from None
    odd = [label for label in classes.tolist() if not isinstance(label, (str, bool, int, float))]
    if odd:
        raise DataError(f"y has the label {odd[0]!r}: give strings or numbers.")
    return classes, codes.astype(np.int64)


def to_codes(y: ArrayLike, classes: NDArray[Any], n: int | None = None) -> NDArray[np.int64]:
    """Turn labels, n of them where n is given, into codes of known classes; `DataError` if they do not fit."""
    labels = np.asarray(y)
    if labels.ndim != 1 or n not in (None, len(labels)):
        wanted = "one label for each row" if n is None else f"one label for each of the {n} images"
        raise DataError(f"y has shape {labels.shape}: give {wanted}.")
    position = {label: code for code, label in enumerate(classes.tolist())}  # to which "1" is not 1
    unknown = [label for label in labels.tolist() if label not in position]
    if unknown:
        raise DataError(
            f"The label {unknown[0]!r} is not one the model was trained on: "
            f"use those of classes_, {', '.join(map(str, classes[:20]))}."
        )
    return np.array([position[label] for label in labels.tolist()], np.int64)
