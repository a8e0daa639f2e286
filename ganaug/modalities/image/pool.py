"""A pool of synthetic images to draw from: memory-mapped, so that every process shares one copy of the pixels.

A pool is a folder with ``images.npy``, uint8 (n, H, W, C) sorted by class, and ``pool.json``: the names of the classes
and how many images each has. It is made from a Parquet file when that is first opened, in the user's cache.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ganaug.data.folders import fresh_folder
from ganaug.data.pool import RowPool, synthetic_rows
from ganaug.data.rows import iter_rows, read_schema
from ganaug.errors import DataError
from ganaug.modalities.image.schema import image_schema
from ganaug.modalities.image.sources.arrays import UNREADABLE
from ganaug.modalities.image.spec import ImageSpec
from ganaug.utils.files import read_json, write_json

ABOUT, IMAGES = "pool.json", "images.npy"


class Pool(RowPool):
    """Synthetic images by class. Make one with `Pool.open`; a pickle of it holds its path only.

    What `RowPool` has in memory, uint8 ``samples`` (n, H, W, C), is mapped here, and read-only.
    """

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
            height, width, channels = mapped.shape[1:]
            schema = image_schema(height, width, channels, about["classes"])
            # As a plain array: indexing np.memmap takes several times as long.
            return cls(path, schema, about["counts"], mapped.view(np.ndarray))
        except (DataError, KeyError, *UNREADABLE) as error:
            raise DataError(f"{path} is no readable pool ({error}): give a Parquet file of synthetic rows.") from error

    @property
    def shape(self) -> tuple[int, int, int]:
        """(H, W, C) of an image."""
        shape: tuple[int, int, int] = self.samples.shape[1:]
        return shape

    def image(self, i: int) -> NDArray[np.uint8]:
        """Return a copy (H, W, C) of one image."""
        return np.array(self.samples[i])


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
    at, labels = synthetic_rows(parquet)
    place = np.empty(len(labels), np.int64)
    place[labels.argsort(kind="stable")] = np.arange(len(labels))
    with fresh_folder(folder, ABOUT) as fresh:
        with (fresh / IMAGES).open("wb") as file:  # not mapped: a full disk then is an error and not a crash
            shape = (len(labels), *schema.spec.shape)
            np.lib.format.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": shape})
            start, free, done = file.tell(), iter(place.tolist()), 0
            for rows in iter_rows(parquet):
                for image in rows.samples[at[(at >= done) & (at < done + len(rows))] - done]:
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
