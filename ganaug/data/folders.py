"""Folders that are replaced as a whole."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ganaug.errors import DataError
from ganaug.utils.files import writing


def check_ours(path: Path, mark: str) -> None:
    """Refuse (`DataError`) a file, or a folder with content but no file that matches the glob ``mark``."""
    if path.exists() and not (path.is_dir() and (any(path.glob(mark)) or not any(path.iterdir()))):
        raise DataError(f"{path} was not written by ganaug; move it away, or choose another place to write to.")


@contextmanager
def fresh_folder(path: str | Path, mark: str) -> Iterator[Path]:
    """Yield an empty sibling of a folder that takes its place when the block succeeds, so that nothing stale stays.

    Parameters
    ----------
    path : path-like
        The folder to write. Missing parents are made.
    mark : str
        A glob for files that such a folder holds. A folder with content but no such file is somebody else's.

    Raises
    ------
    DataError
        If the path is a file or somebody else's folder.
    WriteError
        If there is no room, no permission, or something in the way.
    """
    path = Path(path)
    check_ours(path, mark)
    token = uuid.uuid4().hex[:8]
    fresh, stale = (path.with_name(f".{path.name}.{token}.{kind}") for kind in ("tmp", "old"))
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh.mkdir()
        try:
            yield fresh
            if path.exists():
                path.rename(stale)
            fresh.rename(path)
            shutil.rmtree(stale, ignore_errors=True)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
