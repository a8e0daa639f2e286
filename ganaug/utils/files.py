"""Files that are either whole or not there."""

from __future__ import annotations

import json
import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from ganaug.errors import DataError, WriteError

KEPT_DAYS = 7.0  # for which work that was interrupted waits to be taken up


@contextmanager
def writing(path: str | Path) -> Iterator[None]:
    """Turn what stops the block from writing ``path``, a full disk say, into a `WriteError` that names it."""
    try:
        yield
    except WriteError:  # names a file in the folder that is being written
        raise
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise WriteError(error.errno, reason, str(path)) from error


@contextmanager
def atomic_path(path: str | Path) -> Iterator[Path]:
    """Yield a temporary sibling of ``path`` that takes its place when the block succeeds.

    Parameters
    ----------
    path : path-like
        The file to write. Missing parent folders are made.

    Yields
    ------
    Path
        Where to write. Removed again if the block raises.

    Raises
    ------
    WriteError
        If there is no room, no permission, or something in the way.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.tmp")
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield temporary
            os.replace(temporary, path)  # noqa: PTH105 - the one call documented as atomic on every platform
        finally:
            temporary.unlink(missing_ok=True)


def remove_stale(folder: str | Path, *patterns: str) -> None:
    """Remove the files below a folder that match a glob and were not written for `KEPT_DAYS`.

    Work that is interrupted leaves files to go on from, and never asks for them again if settings or data change. Work
    that goes on writes its files anew all the time, so that none of another process is removed.
    """
    limit = time.time() - KEPT_DAYS * 86_400
    for path in [path for pattern in patterns for path in Path(folder).glob(pattern)]:
        with suppress(OSError):  # gone by now, or somebody else's: it is no use to this work either way
            if path.stat().st_mtime < limit:
                path.unlink()


def write_json(path: str | Path, content: Any) -> None:
    """Write ``content`` as JSON with sorted keys, atomically; NaN and infinity are refused (`ValueError`)."""
    text = json.dumps(content, indent=1, sort_keys=True, allow_nan=False) + "\n"
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def read_json(path: str | Path) -> Any:
    """Read a JSON file written by `write_json`; `DataError` if it is damaged."""
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path} is damaged ({error}); run the stage that writes it again.") from error
