"""NumPy archives (.npz), read without pickle.

Keys: ``X, y`` or ``images, labels``, each with optional ``group`` and ``split``; or, as Keras writes them, ``x_train,
y_train, x_test, y_test`` (and ``x_val, y_val``); or, as MedMNIST does, ``train_images, train_labels`` and so on.
``classes`` may name the classes that whole-number labels stand for. Images are (n, H, W) or (n, H, W, C) of truth
values, integers or floats, see `ganaug.modalities.image.ranges`.
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

from ganaug.data.names import split_name
from ganaug.data.text import to_label, to_text
from ganaug.errors import DataError
from ganaug.modalities.image.reading import CHANNELS
from ganaug.modalities.image.sources.base import ImageSource

# What numpy raises for damaged arrays: a made-up size, a header that is no Python, an unknown method of compression.
UNREADABLE = (
    OSError, ValueError, EOFError, TypeError, RuntimeError, MemoryError, OverflowError, SyntaxError, TokenError,
)  # fmt: skip
_PARTS = {"train": "train", "val": "validation", "valid": "validation", "validation": "validation", "test": "test"}


def read_npz(path: Path) -> ImageSource:
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
) -> ImageSource:
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
    parts = _words(splits, "split", where)
    units = _words(groups, "group", where)
    for what, values in (("labels", names), ("split", parts), ("group", units)):
        if values is not None and len(values) != len(pixels):
            raise DataError(f"{where}: {len(pixels)} images but {len(values)} values of {what}; they must match.")
    return ImageSource(
        names=[f"row {i}" for i in range(len(pixels))],
        labels=names,
        items=pixels,
        splits=None if parts is None else [split_name(name, where) for name in parts],
        groups=None if units is None else [name or None for name in units],
        classes=tuple(_words(classes, "classes", where) or ()),
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
    found = [
        (arrays[x.format(part)], arrays[y.format(part)], split)
        for x, y in (("x_{}", "y_{}"), ("{}_images", "{}_labels"))
        for part, split in _PARTS.items()
        if x.format(part) in arrays
        and y.format(part) in arrays
        and arrays[x.format(part)].ndim
        and arrays[y.format(part)].ndim
    ]
    if "train" not in [split for *_, split in found]:
        raise DataError(
            f"{path} holds {', '.join(arrays) or 'nothing'}; expected X, y or images, labels or x_train, y_train or "
            "train_images, train_labels."
        )
    for what, at in (("images", 0), ("labels", 1)):
        kinds = {split: _kind(part[at], exactly=at == 0) for *part, split in found}
        if len(set(kinds.values())) > 1:
            told = ", ".join(f"{kind} in {split}" for split, kind in kinds.items())
            raise DataError(f"{path}: the {what} of its splits differ in shape or kind: {told}.")
    splits = np.concatenate([np.full(len(images), split) for images, _, split in found])
    images, labels = (np.concatenate([part[at] for part in found]) for at in (0, 1))
    return images, labels, splits


def _kind(array: NDArray[Any], exactly: bool) -> str:
    """Say what an array holds; ``exactly``: of what type, else only whether these are names or numbers."""
    kind = str(array.dtype) if exactly else "names" if array.dtype.kind in "SU" else "numbers"
    return f"{kind} of shape {('n', *array.shape[1:])}".replace("'", "")


def _find(arrays: Mapping[str, NDArray[Any]], *names: str) -> NDArray[Any] | None:
    return next((arrays[name] for name in names if name in arrays), None)


def _words(values: NDArray[Any] | None, what: str, where: str) -> list[str] | None:
    """Return an array (n,) or (n, 1) as text, missing values as nothing."""
    if values is None:
        return None
    if values.ndim != 1 and values.shape[1:] != (1,):
        raise DataError(f"{where}: {what} must be one value a row, got shape {values.shape}.")
    return [to_text(value, f"{where}: {what}") for value in values.ravel().tolist()]


def _label_names(labels: NDArray[Any], classes: NDArray[Any] | None, where: str) -> list[str]:
    if labels.ndim != 1 and labels.shape[1:] != (1,):
        several = "; rows of several labels have no one class" if labels.ndim == 2 else ""
        raise DataError(f"{where}: labels must be one name or number an image, got shape {labels.shape}{several}.")
    if labels.dtype.kind not in "biufSU":
        raise DataError(f"{where}: labels must be names or whole numbers, got {labels.dtype}.")
    names = [to_label(label, f"{where}: labels") for label in labels.ravel().tolist()]
    if labels.dtype.kind == "f" and "" in names:
        raise DataError(f"{where}: labels must be names or whole numbers, but row {names.index('')} has NaN.")
    if classes is None:
        return names
    known = {str(code): name for code, name in enumerate(_words(classes, "classes", where) or ())}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise DataError(
            f"{where}: with classes given, labels must be whole numbers from 0 to {len(known) - 1}, got {unknown[0]!r}."
        )
    return [known[name] for name in names]
