"""Where labelled images come from: one module for each kind of source."""

from __future__ import annotations

import difflib
import zipfile
import zlib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from ganaug.errors import DataError
from ganaug.modalities.archives import holds_signals
from ganaug.modalities.image.sources.arrays import UNREADABLE, read_npz
from ganaug.modalities.image.sources.base import ArrayPixels, Source
from ganaug.modalities.image.sources.builtin import BUILTIN
from ganaug.modalities.image.sources.folder import read_folder
from ganaug.modalities.image.sources.idx import is_idx_folder, read_idx
from ganaug.modalities.image.sources.manifest import names_images, read_csv, read_parquet

__all__ = ["BUILTIN", "ArrayPixels", "Source", "holds_images", "open_source"]


def holds_images(source: str | Path, columns: Mapping[str, str]) -> str:
    """Say in a few words why a source holds images; empty where it does not, or is not there."""
    path = Path(source)
    if source in BUILTIN:
        return "built in"
    if path.is_dir():
        return "a folder"
    if not path.is_file():
        return ""
    kind = path.suffix.lower()
    if kind == ".npz":
        with suppress(*UNREADABLE, zipfile.BadZipFile, zlib.error):  # which whoever reads it will explain
            return "" if holds_signals(path) else "an .npz"
        return "an .npz"
    return names_images(path, columns) if kind in {".csv", ".parquet"} else ""


def open_source(source: str | Path, columns: Mapping[str, str] | None = None) -> Source:
    """Find out what a source is, and list its rows.

    Parameters
    ----------
    source : str or path-like
        A built-in name (``fashion_mnist_mini``, ``digits``), else a path: an image folder, a folder of the four idx
        files, a manifest (``.csv``, ``.parquet``), or an ``.npz``.
    columns : mapping, optional
        A manifest's names for path, label, group and split.

    Raises
    ------
    DataError
        If there is no such source, or it cannot be read.
    """
    if source in BUILTIN:
        return BUILTIN[str(source)]()
    path = Path(source)
    try:
        found = _open_path(path, columns or {})
    except (OSError, RecursionError) as error:
        raise DataError(f"source {str(source)!r} cannot be read: {error}; make it readable.") from error
    if not found.labels and not found.rejected:
        raise DataError(f"source {str(source)!r} has no labelled image at all; check the path.")
    found.where = str(source)
    return found


def _open_path(path: Path, columns: Mapping[str, str]) -> Source:
    if path.is_dir():
        return read_idx(path) if is_idx_folder(path) else read_folder(path)
    if not path.is_file():
        close = difflib.get_close_matches(str(path), BUILTIN, n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"built-in names are {', '.join(BUILTIN)}."
        raise DataError(f"source {str(path)!r} is neither a file nor a folder here; {hint}")
    kind = path.suffix.lower()
    if kind == ".npz":
        return read_npz(path)
    if kind in {".csv", ".parquet"}:
        return (read_csv if kind == ".csv" else read_parquet)(path, columns)
    raise DataError(f"source {str(path)!r} is a {kind or 'nameless'} file; give a folder, .csv, .parquet or .npz.")
