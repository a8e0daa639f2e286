"""From the rows of a source to samples in memory; what cannot be read is set aside, by name and reason."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ganaug.errors import DataError, option
from ganaug.modalities.files.kind import FileKind
from ganaug.modalities.files.source import Source, UnreadableError, check_file
from ganaug.modalities.loaded import Loaded, Rejected, Spec
from ganaug.utils.progress import Progress
from ganaug.utils.samples import Samples

T = TypeVar("T")


def read_files(
    source: Source, kind: FileKind, read: Callable[[Path | bytes], T], max_unreadable: float = 0.05
) -> tuple[list[int], list[T], list[Rejected]]:
    """Read every file of a source. Samples may differ in length.

    Parameters
    ----------
    source : Source
        The rows to read.
    kind : FileKind
        What samples are called.
    read : callable
        Makes a sample of a file, or of what is in one; `UnreadableError` says why it cannot be used.
    max_unreadable : float, default=0.05
        Share of unreadable rows above which to stop.

    Returns
    -------
    positions : list of int
        The rows that could be read.
    samples : list
        What was made of them.
    rejected : list of Rejected
        The other rows, with those that the source set aside.

    Raises
    ------
    DataError
        If too many rows are unreadable.
    """

    def one(i: int) -> T:
        try:
            check_file(source.items[i])
            return read(source.items[i])
        except OSError as error:
            raise UnreadableError(f"cannot be read: {error}") from error

    rejected = list(source.rejected)
    rows = range(len(source.names))
    found = dict(readable(rows, one, source, rejected, kind.unit, f"reading {kind.unit}s"))
    check_readable(rejected, len(rows) + len(source.rejected), max_unreadable)
    return list(found), list(found.values()), rejected


def readable(
    indices: Sequence[int], read: Callable[[int], T], source: Source, rejected: list[Rejected], unit: str, stage: str
) -> Iterator[tuple[int, T]]:
    """Yield what ``read`` makes of each row; note in ``rejected`` those that cannot be read."""
    with Progress(stage, len(indices), f"{unit}s") as progress:
        for i in indices:
            progress.advance()
            try:
                found = read(i)
            except UnreadableError as error:
                rejected.append(Rejected(source.names[i], str(error)))
            else:
                yield i, found


def check_readable(rejected: list[Rejected], total: int, max_unreadable: float) -> None:
    """Refuse (`DataError`) a source of which too many rows cannot be used."""
    if len(rejected) == total or len(rejected) > max_unreadable * total:
        shown = "; ".join(f"{name!r}: {reason}" for name, reason in rejected[:3])
        remedy = "" if len(rejected) == total else f", or raise {option('prepare.max_unreadable')}"
        raise DataError(f"{len(rejected)} of {total} rows cannot be used ({shown}); mend them{remedy}.")


def loaded(
    source: Source,
    good: Sequence[int],
    samples: Samples,
    spec: Spec,
    *,
    rejected: list[Rejected],
    facts: dict[str, Any],
    further: Mapping[str, int] | None = None,
    decode: Callable[[Sequence[int]], Samples] | None = None,
) -> Loaded:
    """Put together what is known of the ``good`` rows of a source; for the other parameters see `Loaded`."""

    def kept(values: Sequence[Any]) -> NDArray[np.object_]:
        array = np.empty(len(good), object)
        array[:] = [values[i] for i in good]
        return array

    n = len(source.names)
    codes = {name: code for code, name in enumerate(source.classes)}
    return Loaded(
        samples,
        spec,
        source.classes,
        np.array([codes[source.labels[i]] for i in good], np.int64),
        kept(source.names),
        kept(source.groups or [None] * n),
        kept(source.splits or ["train"] * n),
        rejected,
        source.skipped,
        dict(further or {}),
        source.read_from,
        source.split_folders,
        facts,
        decode,
    )
