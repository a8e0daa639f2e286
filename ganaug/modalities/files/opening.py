"""What a source of files is, and the rows in it."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from ganaug.errors import DataError
from ganaug.modalities.files.folder import read_folder
from ganaug.modalities.files.kind import FileKind
from ganaug.modalities.files.layout import holds_samples
from ganaug.modalities.files.manifest import names_files, read_csv, read_jsonl, read_parquet
from ganaug.modalities.files.source import Source

MANIFESTS = {".csv": read_csv, ".jsonl": read_jsonl, ".parquet": read_parquet}

AnySource = TypeVar("AnySource", bound=Source)


def holds_files(source: str | Path, kind: FileKind, columns: Mapping[str, str]) -> str:
    """Say in a few words why a source holds files of a kind; empty where it does not, or is not there."""
    path = Path(source)
    if path.is_dir():
        return f"a folder of {kind.unit}s" if holds_samples(path, kind) else ""
    return names_files(path, kind, columns) if path.is_file() and path.suffix.lower() in MANIFESTS else ""


def open_files(source: str | Path, kind: FileKind, columns: Mapping[str, str] | None = None) -> Source:
    """Find out what a source is, and list its rows.

    Parameters
    ----------
    source : str or path-like
        A folder, or a manifest: ``.csv``, ``.jsonl``, or ``.parquet``, which may hold the files themselves.
    kind : FileKind
        Which files are samples.
    columns : mapping, optional
        A manifest's names for path, label, group and split.

    Raises
    ------
    DataError
        If there is no such source, or it cannot be read.
    """
    return opened(source, kind, lambda path: list_files(path, kind, columns or {}))


def opened(source: str | Path, kind: FileKind, read: Callable[[Path], AnySource]) -> AnySource:
    """Have a source listed by ``read``; `DataError` where that fails, or finds nothing."""
    try:
        found = read(Path(source))
    except (OSError, RecursionError) as error:
        raise DataError(f"source {str(source)!r} cannot be read: {error}; make it readable.") from error
    if not found.labels and not found.rejected:
        raise DataError(f"source {str(source)!r} has no labelled {kind.unit} at all; check the path.")
    found.where = str(source)
    return found


def list_files(path: Path, kind: FileKind, columns: Mapping[str, str]) -> Source:
    """List the rows of a folder or manifest, see `open_files`."""
    if path.is_dir():
        return read_folder(path, kind)
    if not path.is_file():
        close = difflib.get_close_matches(str(path), kind.builtin, n=1)
        known = f"built-in names are {', '.join(kind.builtin)}." if kind.builtin else "check the path."
        hint = f"did you mean {close[0]!r}?" if close else known
        raise DataError(f"source {str(path)!r} is neither a file nor a folder here; {hint}")
    suffix = path.suffix.lower()
    if suffix in MANIFESTS:
        return MANIFESTS[suffix](path, kind, columns)
    *forms, last = *MANIFESTS, *kind.archives
    raise DataError(
        f"source {str(path)!r} is a {suffix or 'nameless'} file; give a folder, {', '.join(forms)} or {last}."
    )
