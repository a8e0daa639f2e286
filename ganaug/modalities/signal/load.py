"""From a source to labelled signals; those that cannot be used are set aside, by number and reason."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ganaug.data.names import check_classes, class_order, split_name
from ganaug.errors import DataError, option
from ganaug.modalities.archives import holds_signals
from ganaug.modalities.loaded import Loaded, Rejected
from ganaug.modalities.overlaps import marks, recordings
from ganaug.modalities.signal.builtin import cylinder_bell_funnel
from ganaug.modalities.signal.files import COLUMNS, READERS, UNREADABLE, Read, Row, cells, is_number, is_signal
from ganaug.modalities.signal.spec import LONGEST, MOST_VALUES, infer

BUILTIN: Mapping[str, Callable[[], tuple[NDArray[np.float32], list[str]]]] = {
    "cylinder_bell_funnel": cylinder_bell_funnel
}
HEAD = 1 << 16  # characters of a file by which it is told what it holds


def claims(source: str | Path, columns: Mapping[str, str]) -> str:
    """Say why a source holds signals; empty where it does not, or where it may as well hold something else.

    A ``.csv`` may be a table, and an ``.npz`` of floats like images may be images: these are read as signals where
    `prepare.modality` says so.
    """
    if source in BUILTIN:
        return "built in"
    path = Path(source)
    if not path.is_file():
        return ""
    kind = path.suffix.lower()
    try:
        if kind == ".ts":
            return "it ends in .ts"
        if kind == ".tsv":
            return _headless(path)
        if kind == ".npz":
            return holds_signals(path)
        if kind in (".parquet", ".pq"):
            found = [field.name for field in pq.read_schema(path) if is_signal(field.type)]
            return f"its column {found[0]!r} holds lists of numbers" if len(found) == 1 else ""
    except (*UNREADABLE, pa.ArrowException):
        return ""
    return ""


def _headless(path: Path) -> str:
    """Tell the form of the UCR archive: nothing but numbers from the first line on."""
    with path.open(encoding="utf-8", errors="replace") as file:
        first = cells(file.readline(HEAD))
    alike = first and len(first[0]) > 2 and all(map(is_number, first[0][1:]))
    return "lines of numbers without names, as in the UCR archive" if alike else ""


def load(source: str | Path, options: Mapping[str, Any]) -> Loaded:
    """Read a source, see `ganaug.modalities.base.Modality.load`."""
    if source in BUILTIN:
        signals, labels = BUILTIN[str(source)]()
        return _loaded(str(source), Read(list(signals), labels, read_as="computed"), options)
    path = Path(source)
    if not path.is_file():
        close = difflib.get_close_matches(str(source), BUILTIN, n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"built-in signals are {', '.join(BUILTIN)}."
        raise DataError(f"source {str(source)!r} is no file here; {hint}")
    if (kind := path.suffix.lower()) not in READERS:
        raise DataError(f"source {str(source)!r} is a {kind or 'nameless'} file; give {', '.join(READERS)}.")
    columns = {**COLUMNS, **options.get("columns", {})}
    try:
        read = READERS[kind](path, columns)
        beside = _beside(path)
        if beside is not None:
            read = _joined(read, READERS[kind](beside, columns), beside)
    except OSError as error:
        raise DataError(f"source {str(source)!r} cannot be read: {error}; make it readable.") from error
    return _loaded(str(source), read, options)


def _beside(path: Path) -> Path | None:
    """Return the file of test signals that the UCR archive has beside one of training signals."""
    stem, _, part = path.stem.rpartition("_")
    other = path.with_name(f"{stem}_{'TEST' if part.isupper() else 'test'}{path.suffix}")
    return other if stem and part.lower() == "train" and other.is_file() else None


def _joined(train: Read, test: Read, path: Path) -> Read:
    return replace(
        train,
        rows=[*train.rows, *test.rows],
        labels=[*train.labels, *test.labels],
        groups=None,
        splits=["train"] * len(train.rows) + ["test"] * len(test.rows),
        read_as=f"{train.read_as}, with {path.name} beside it for test",
    )


def _loaded(where: str, read: Read, options: Mapping[str, Any]) -> Loaded:
    """Set aside what cannot be used, and find out what the others share."""
    names = [f"row {i}" for i in range(len(read.rows))]
    trimmed = [row if isinstance(row, str) else _trimmed(row) for row in read.rows]
    channels = Counter(row.shape[0] for row in trimmed if not isinstance(row, str))
    usual = channels.most_common(1)[0][0] if channels else 0
    reasons = [_reason(row, label, usual) for row, label in zip(trimmed, read.labels, strict=True)]
    good = [i for i, reason in enumerate(reasons) if not reason]
    rejected = [Rejected(names[i], reason) for i, reason in enumerate(reasons) if reason]
    _check_usable(where, rejected, len(names), float(options.get("max_unreadable", 0.05)))
    kept: list[Any] = [trimmed[i] for i in good]
    ragged = len({signal.shape[1] for signal in kept}) > 1
    try:
        samples, spec = infer(kept if ragged else np.stack(kept))
    except DataError as error:
        raise DataError(f"{where}: {error}") from error
    spec = replace(spec, rate=read.rate)
    labels = [read.labels[i] for i in good]
    classes = check_classes(sorted(set(labels), key=class_order))
    code = {name: i for i, name in enumerate(classes)}
    splits = ["train"] * len(good)
    if read.splits is not None:
        splits = [split_name(read.splits[i], f"{where}, {names[i]}") for i in good]
    groups = [None] * len(good) if read.groups is None else [read.groups[i] or None for i in good]
    facts = {"read_as": read.read_as, "findings": _findings(samples, ragged), "notes": []}
    return Loaded(
        samples,
        spec,
        classes,
        np.array([code[label] for label in labels], np.int64),
        _objects([names[i] for i in good]),
        _objects(groups),
        _objects(splits),
        rejected,
        facts=facts,
        recordings=recordings([marks(signal) for signal in kept]) if options.get("near_duplicates") else None,
    )


def _trimmed(row: NDArray[Any]) -> NDArray[Any]:
    """Cut off the times at the end that no channel has a value for."""
    given = np.flatnonzero(~np.isnan(row).all(0)) if row.dtype.kind == "f" else np.arange(row.shape[1])
    return row[:, : given[-1] + 1 if len(given) else 0]


def _reason(row: Row, label: str, channels: int) -> str:
    """Say why a row cannot be used; empty where it can."""
    if isinstance(row, str):
        return row
    if not label:
        return "no label"
    if row.shape[0] != channels:
        return f"{row.shape[0]} channels where others have {channels}"
    if row.shape[1] < 2:
        return "fewer than two values"
    if np.isnan(row).any():
        return "a missing value"
    if not np.isfinite(row).all():
        return "an infinite value"
    if row.shape[1] > LONGEST or row.size > MOST_VALUES:
        return f"{row.shape[0]} x {row.shape[1]:,} values, more than {LONGEST:,} of a channel or {MOST_VALUES:,} in all"
    return ""


def _check_usable(where: str, rejected: Sequence[Rejected], total: int, most: float) -> None:
    if not total:
        raise DataError(f"{where} has no labelled signal at all; check the file.")
    if len(rejected) == total or len(rejected) > most * total:
        shown = "; ".join(f"{name}: {reason}" for name, reason in rejected[:3])
        remedy = "" if len(rejected) == total else f", or raise {option('prepare.max_unreadable')}"
        raise DataError(f"{where}: {len(rejected)} of {total} signals cannot be used ({shown}); mend them{remedy}.")


def _findings(samples: Any, ragged: bool) -> list[str]:
    """Say in sentences what else is worth knowing."""
    found = []
    still = [i for i in range(samples[0].shape[0]) if all(np.ptp(signal[i]) == 0 for signal in samples)]
    if still:
        found.append(f"Constant in every signal: channel {', '.join(map(str, still))}.")
    if ragged:
        found.append("Signals are of several lengths; generated ones are, too, and are compared stretched to one.")
    return found


def _objects(values: Sequence[Any]) -> NDArray[np.object_]:
    found = np.empty(len(values), object)
    found[:] = values
    return found
