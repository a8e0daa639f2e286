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
    classes, codes = np.unique(labels, return_inverse=True)
    return classes, codes.astype(np.int64)


def to_codes(y: ArrayLike, classes: NDArray[Any]) -> NDArray[np.int64]:
    """Turn labels into codes of known, sorted classes; `DataError` for an unknown label."""
    labels = np.asarray(y)
    unknown = ~np.isin(labels, classes)
    if unknown.any():
        raise DataError(
            f"The label {labels[unknown][0]!r} is not one the model was trained on: "
            f"use those of classes_, {', '.join(map(str, classes[:20]))}."
        )
    return np.searchsorted(classes, labels).astype(np.int64)
