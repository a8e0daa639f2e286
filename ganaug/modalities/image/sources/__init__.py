"""Where labelled images come from: one module for each kind of source that `ganaug.modalities.files` does not have."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from ganaug.modalities.archives import holds_signals
from ganaug.modalities.files.layout import holds_samples
from ganaug.modalities.files.manifest import names_files
from ganaug.modalities.files.opening import MANIFESTS, list_files, opened
from ganaug.modalities.image.sources.arrays import UNREADABLE, read_npz
from ganaug.modalities.image.sources.base import ArrayPixels, ImageSource
from ganaug.modalities.image.sources.builtin import BUILTIN
from ganaug.modalities.image.sources.idx import is_idx_folder, read_idx
from ganaug.modalities.image.sources.kind import IMAGES
from ganaug.modalities.sound.kind import SOUNDS

__all__ = ["BUILTIN", "ArrayPixels", "ImageSource", "holds_images", "open_source"]


def holds_images(source: str | Path, columns: Mapping[str, str]) -> str:
    """Say in a few words why a source holds images; empty where it does not, or is not there."""
    path = Path(source)
    if source in BUILTIN:
        return "built in"
    if path.is_dir():
        return "a folder" if is_idx_folder(path) or holds_samples(path, IMAGES) else ""
    if not path.is_file():
        return ""
    kind = path.suffix.lower()
    if kind == ".npz":
        with suppress(*UNREADABLE, zipfile.BadZipFile, zlib.error):  # which whoever reads it will explain
            return "" if holds_signals(path) else "an .npz"
        return "an .npz"
    if kind not in MANIFESTS or names_files(path, SOUNDS, columns):
        return ""
    return names_files(path, IMAGES, columns, any_suffix=True)


def open_source(source: str | Path, columns: Mapping[str, str] | None = None) -> ImageSource:
    """Find out what a source is, and list its rows.

    Parameters
    ----------
    source : str or path-like
        A built-in name (``fashion_mnist_mini``, ``digits``), else a path: an image folder, a folder of the four idx
        files, a manifest (``.csv``, ``.jsonl``, ``.parquet``), or an ``.npz``.
    columns : mapping, optional
        A manifest's names for path, label, group and split.

    Raises
    ------
    DataError
        If there is no such source, or it cannot be read.
    """
    if source in BUILTIN:
        return BUILTIN[str(source)]()
    return opened(source, IMAGES, lambda path: _open_path(path, columns or {}))


def _open_path(path: Path, columns: Mapping[str, str]) -> ImageSource:
    if path.is_dir() and is_idx_folder(path):
        return read_idx(path)
    if path.is_file() and path.suffix.lower() == ".npz":
        return read_npz(path)
    return ImageSource(**vars(list_files(path, IMAGES, columns)))
