"""NumPy archives (.npz), read without pickle.

Keys: ``X, y`` or ``images, labels``, each with optional ``group`` and ``split``; or, as Keras writes them, ``x_train,
y_train, x_test, y_test`` (and ``x_val, y_val``). ``classes`` may name the classes that whole-number labels stand for.
Images are (n, H, W) or (n, H, W, C): bool, integers 0..255, 16-bit integers (of which the high byte counts), or floats
in 0..1 or 0..255.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from tokenize import TokenError
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganaug.data.rows import CHANNELS
from ganaug.data.sources.base import ArrayPixels, Source, split_name
from ganaug.errors import DataError

# What numpy raises for damaged arrays: a made-up size, a header that is no Python, an unknown method of compression.
UNREADABLE = (
    OSError, ValueError, EOFError, TypeError, RuntimeError, MemoryError, OverflowError, SyntaxError, TokenError,
)  # fmt: skip
_PARTS = {"train": "train", "val": "validation", "valid": "validation", "validation": "validation", "test": "test"}


def read_npz(path: Path) -> Source:
    """Read labelled images from an archive; the module says which keys and kinds of arrays.

    Raises
    ------
    DataError
        If the file is damaged, needs pickle, or its arrays do not make labelled images.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            arrays = {name: np.asarray(archive[name]) for name in archive.files}  # bytes, where it is no array
    except (*UNREADABLE, zipfile.BadZipFile, zlib.error) as error:
        raise DataError(f"{path} is no readable .npz of plain arrays (no objects, no pickle): {error}") from error
    images, labels, splits = _images_labels(arrays, path)
    groups = _find(arrays, "group", "groups")
    return source_from_arrays(
        images, labels, splits=splits, groups=groups, classes=_find(arrays, "classes"), where=str(path)
    )


def source_from_arrays(
    images: NDArray[Any],
    labels: NDArray[Any],
    *,
    splits: NDArray[Any] | None = None,
    groups: NDArray[Any] | None = None,
    classes: NDArray[Any] | None = None,
    where: str,
) -> Source:
    """Make a source of arrays; ``where`` names them in errors.

    Parameters
    ----------
    images : ndarray of shape (n, H, W) or (n, H, W, C)
    labels : ndarray of shape (n,) or (n, 1)
        Names or whole numbers.
    splits, groups : ndarray of shape (n,), optional
    classes : ndarray of shape (K,), optional
        The names that labels 0..K-1 stand for.
    where : str

    Raises
    ------
    DataError
        If shapes, kinds or lengths do not fit.
    """
    pixels = _checked(images, where)
    names = _label_names(labels, classes, where)
    for what, values in (("labels", names), ("split", splits), ("group", groups)):
        if values is not None and len(values) != len(pixels):
            raise DataError(f"{where}: {len(pixels)} images but {len(values)} values of {what}; they must match.")
    return Source(
        names=[f"row {i}" for i in range(len(pixels))],
        labels=names,
        pixels=ArrayPixels(pixels),
        splits=None if splits is None else [split_name(str(name), where) for name in splits],
        groups=None if groups is None else [str(name) for name in groups],
        classes=() if classes is None else tuple(str(name) for name in classes),
    )


def _checked(images: NDArray[Any], where: str) -> NDArray[Any]:
    """Return images as (n, H, W, C) of numbers or truth values; `DataError` if they are something else."""
    images = images[..., None] if images.ndim == 3 else images
    if images.ndim != 4 or images.shape[3] not in CHANNELS or 0 in images.shape:
        hint = "; move the channels last" if images.ndim == 4 and images.shape[1] in CHANNELS else ""
        kinds = "(n, height, width) or (n, height, width, 1, 3 or 4)"
        raise DataError(f"{where}: images must be {kinds}, got {images.shape}{hint}.")
    if images.dtype.kind not in "biuf":
        raise DataError(f"{where}: images must be numbers, got {images.dtype}.")
    return images


def _images_labels(arrays: Mapping[str, NDArray[Any]], path: Path) -> tuple[Any, Any, Any]:
    for x, y in (("X", "y"), ("images", "labels"), ("x", "y")):
        if x in arrays and y in arrays:
            return arrays[x], arrays[y], _find(arrays, "split", "splits")
    found = [(part, split) for part, split in _PARTS.items() if f"x_{part}" in arrays and f"y_{part}" in arrays]
    if "train" not in [part for part, _ in found]:
        raise DataError(
            f"{path} holds {', '.join(arrays) or 'nothing'}; expected X, y or images, labels or x_train, y_train."
        )
    for part, _ in found:
        if arrays[f"x_{part}"].shape[1:] != arrays["x_train"].shape[1:]:
            raise DataError(f"{path}: x_{part} and x_train differ in shape or kind.")
    splits = np.concatenate([np.full(len(arrays[f"x_{part}"]), split) for part, split in found])
    images, labels = (np.concatenate([arrays[f"{axis}_{part}"] for part, _ in found]) for axis in "xy")
    return images, labels, splits


def _find(arrays: Mapping[str, NDArray[Any]], *names: str) -> NDArray[Any] | None:
    return next((arrays[name] for name in names if name in arrays), None)


def _label_names(labels: NDArray[Any], classes: NDArray[Any] | None, where: str) -> list[str]:
    labels = labels[:, 0] if labels.ndim == 2 and labels.shape[1] == 1 else labels
    if labels.ndim != 1:
        raise DataError(f"{where}: labels must be one name or number an image, got shape {labels.shape}.")
    if labels.dtype.kind == "f":
        if not (np.isfinite(labels).all() and (labels == np.rint(labels)).all()):
            raise DataError(f"{where}: labels must be names or whole numbers, got fractions or NaN.")
        labels = labels.astype(np.int64)
    if classes is None:
        return [str(label) for label in labels]
    if labels.dtype.kind not in "iu" or (len(labels) and not 0 <= labels.min() <= labels.max() < len(classes)):
        raise DataError(f"{where}: with classes given, labels must be whole numbers from 0 to {len(classes) - 1}.")
    return [str(classes[label]) for label in labels]
