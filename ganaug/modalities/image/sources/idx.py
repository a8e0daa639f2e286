"""The four idx files, plain or gzipped, that MNIST, Fashion-MNIST and their kin come as."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ganaug.errors import DataError
from ganaug.modalities.image.sources.arrays import source_from_arrays
from ganaug.modalities.image.sources.base import ImageSource
from ganaug.utils.samples import concat

FASHION_CLASSES = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip
# The files hold no names: Fashion-MNIST is known by the BLAKE2b-128 of its test labels.
_FASHION_TEST_LABELS = "36a6875013fe680369ab320bd2ad1fe9"


def is_idx_folder(folder: Path) -> bool:
    """Tell whether a folder holds the training images of an idx data set."""
    return _file(folder, "train-images-idx3-ubyte") is not None


def read_idx(folder: Path) -> ImageSource:
    """Read the four files of a folder. Fashion-MNIST gets its class names, other sets the numbers.

    Raises
    ------
    DataError
        If one is missing or damaged.
    """
    (train_x, train_y), (test_x, test_y) = read_idx_pair(folder, "train"), read_idx_pair(folder, "t10k")
    is_fashion = hashlib.blake2b(test_y.tobytes(), digest_size=16).hexdigest() == _FASHION_TEST_LABELS
    return source_from_arrays(
        concat([train_x, test_x]),
        np.concatenate([train_y, test_y]),
        splits=np.repeat(["train", "test"], [len(train_y), len(test_y)]),
        classes=np.array(FASHION_CLASSES) if is_fashion else None,
        where=str(folder),
    )


def read_idx_pair(folder: Path, part: str) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Read images (n, H, W) and labels (n,) of one part, ``train`` or ``t10k``."""
    images, labels = _read(folder, f"{part}-images-idx3-ubyte"), _read(folder, f"{part}-labels-idx1-ubyte")
    if images.ndim != 3 or labels.shape != images.shape[:1]:
        raise DataError(f"{folder}: the {part} files hold {images.shape} images and {labels.shape} labels.")
    return images, labels


def _file(folder: Path, name: str) -> Path | None:
    return next((path for path in (folder / name, folder / f"{name}.gz") if path.is_file()), None)


def _read(folder: Path, name: str) -> NDArray[np.uint8]:
    path = _file(folder, name)
    if path is None:
        raise DataError(f"{folder} has no {name} or {name}.gz; put all four idx files there.")
    try:
        if path.suffix == ".gz":
            content = np.frombuffer(gzip.decompress(path.read_bytes()), np.uint8)
        else:
            content = np.memmap(path, np.uint8, "r")
    except (OSError, EOFError, ValueError, zlib.error) as error:  # ValueError: it is empty
        raise DataError(f"{path} is damaged: {error}") from error
    axes = int(content[3]) if len(content) > 3 else 0
    start = 4 + 4 * axes
    shape = tuple(np.frombuffer(content[4:start].tobytes(), ">u4")) if len(content) >= start else ()
    size = int(np.prod(shape, dtype=np.int64))
    if content[:3].tobytes() != b"\0\0\x08" or not shape or len(content) - start != size:  # 8: unsigned bytes
        raise DataError(f"{path} is no idx file of unsigned bytes, or is cut short.")
    return content[start:].reshape(shape)
