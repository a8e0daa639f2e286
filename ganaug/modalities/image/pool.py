"""A pool of synthetic images to draw from: memory-mapped, so that every process shares one copy of the pixels.

A pool is a folder with ``images.npy``, uint8 (n, H, W, C) sorted by class, and ``pool.json``: the names of the classes
and how many images each has. It is made from a Parquet file when that is first opened, in the user's cache.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Hashable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ganaug.config import suggestion
from ganaug.data.folders import fresh_folder
from ganaug.data.rows import iter_rows, read_schema, read_table
from ganaug.errors import DataError
from ganaug.modalities.image.sources.arrays import UNREADABLE
from ganaug.modalities.image.spec import ImageSpec
from ganaug.utils.files import read_json, write_json

ABOUT, IMAGES = "pool.json", "images.npy"


class Pool:
    """Synthetic images by class. Make one with `Pool.open`; a pickle of it holds its path only.

    Attributes
    ----------
    path : Path
        What it was opened from.
    classes : tuple of str
        Class names.
    shape : tuple of int
        (H, W, C) of an image.
    images : uint8 array (n, H, W, C)
        Read-only, in the order of the classes.
    labels : int64 array (n,)
        Positions in ``classes``.
    """

    def __init__(self, path: Path, classes: tuple[str, ...], counts: list[int], images: NDArray[np.uint8]) -> None:
        self.path, self.classes, self.images = path, classes, images
        self.shape: tuple[int, int, int] = images.shape[1:]
        self._counts = counts
        ends = np.cumsum(counts).tolist()
        spans = [range(end - count, end) for end, count in zip(ends, counts, strict=True)]
        self._spans: dict[Hashable, range] = dict(zip(classes, spans, strict=True))
        numerals = {str(i): i for i in range(len(classes))}
        if all(numerals.get(name, i) == i for i, name in enumerate(classes)):  # else 1 could mean "1" or the second
            self._spans |= dict(enumerate(spans))

    @classmethod
    def open(cls, path: str | Path) -> Pool:
        """Open a pool without reading its pixels.

        Parameters
        ----------
        path : path-like
            A Parquet file of rows, as *generate* and *merge* write it, of which the rows marked ``synthetic`` count,
            and of those the ``kept`` ones where the file says; or a folder that `write_pool` wrote.

        Raises
        ------
        DataError
            It is neither, is damaged, or has no such row.
        """
        path = Path(path).resolve()
        folder = path if path.is_dir() else _cached(path)
        try:
            about = read_json(folder / ABOUT)
            mapped = np.lib.format.open_memmap(folder / IMAGES, mode="r")
            if mapped.ndim != 4 or mapped.dtype != np.uint8 or len(mapped) != sum(about["counts"]):
                raise ValueError(f"{IMAGES} has shape {mapped.shape}")
            # As a plain array: indexing np.memmap takes several times as long.
            return cls(path, tuple(about["classes"]), about["counts"], mapped.view(np.ndarray))
        except (DataError, KeyError, *UNREADABLE) as error:
            raise DataError(f"{path} is no readable pool ({error}): give a Parquet file of synthetic rows.") from error

    @property
    def labels(self) -> NDArray[np.int64]:
        """Position in ``classes`` of every image (n,)."""
        return np.arange(len(self.classes)).repeat(self._counts)

    def __len__(self) -> int:
        return len(self.images)

    def of_class(self, label: Hashable) -> range:
        """Return the positions of a class's images, none where the pool has no image of it.

        Parameters
        ----------
        label : str or int
            A class's name, or its position in ``classes``; the name only, where names such as "1" stand elsewhere.

        Raises
        ------
        DataError
            The label is unknown.
        """
        try:
            return self._spans[label]
        except (KeyError, TypeError):
            raise unknown_class(label, self.classes, self.path) from None

    def image(self, i: int) -> NDArray[np.uint8]:
        """Return a copy (H, W, C) of one image."""
        return np.array(self.images[i])

    def __reduce__(self) -> tuple[Any, ...]:
        return Pool.open, (self.path,)


def unknown_class(label: object, classes: tuple[Any, ...], path: str | Path) -> DataError:
    """Say that a pool has no such class, and which it has."""
    hint = suggestion(str(label), map(str, classes))
    known = ", ".join(map(repr, classes[:20])) + (", ..." if len(classes) > 20 else "")
    return DataError(f"{path} has no class {label!r}{hint}; its classes are {known}.")


def write_pool(parquet: str | Path, folder: str | Path) -> None:
    """Write the synthetic rows of a Parquet file as a memory-mapped pool; they are streamed.

    Raises
    ------
    DataError
        The file is missing, damaged or has no such row, or the folder is somebody else's.
    """
    schema = read_schema(parquet)
    if not isinstance(schema.spec, ImageSpec):
        raise DataError(f"{parquet} holds {schema.modality.describe(schema.spec)}: give a file of images.")
    marks = [name for name in ("synthetic", "kept") if name in pq.read_schema(parquet).names]
    table = read_table(parquet, ["label", *marks])
    wanted = table[marks].all(axis=1).to_numpy()
    labels = table["label"].to_numpy()[wanted]
    if not len(labels):
        raise DataError(f"{parquet} holds no row that is {' and '.join(marks)}: generate some first.")
    place = np.empty(len(labels), np.int64)
    place[labels.argsort(kind="stable")] = np.arange(len(labels))
    with fresh_folder(folder, ABOUT) as fresh:
        with (fresh / IMAGES).open("wb") as file:  # not mapped: a full disk then is an error and not a crash
            shape = (len(labels), *schema.spec.shape)
            np.lib.format.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": shape})
            start, free, done = file.tell(), iter(place.tolist()), 0
            for rows in iter_rows(parquet):
                for image in rows.samples[wanted[done : done + len(rows)]]:
                    file.seek(start + next(free) * image.nbytes)
                    file.write(image)
                done += len(rows)
        counts = np.bincount(labels, minlength=len(schema.classes)).tolist()
        write_json(fresh / ABOUT, {"classes": list(schema.classes), "counts": counts})


def _cached(parquet: Path) -> Path:
    """Return the pool made from a file as it is now; make it if need be, and drop those of its earlier contents."""
    read_schema(parquet)  # says what is wrong with a file that is none
    root = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "ganaug", "pools")
    state = parquet.stat()
    family = root / hashlib.blake2b(os.fsencode(parquet), digest_size=16).hexdigest()
    folder = family / f"{state.st_size}-{state.st_mtime_ns}"
    if folder.is_dir():
        return folder
    try:
        family.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=root) as scratch:
            write_pool(parquet, Path(scratch, "pool"))
            for other in family.iterdir():
                if other != folder:
                    shutil.rmtree(other, ignore_errors=True)
            Path(scratch, "pool").rename(folder)
    except OSError as error:
        if not folder.is_dir():  # else another process was faster
            raise DataError(
                f"Cannot write the pool of {parquet} to {root} ({error}): set XDG_CACHE_HOME to a folder with room."
            ) from error
    return folder
