"""Augmented splits in the forms that other tools read as they are: NumPy, Parquet, and the .ts of aeon and sktime.

Each split is one file of its own, ``train.npz`` say.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ganaug.data.names import SPLITS
from ganaug.data.rows import iter_encoded, read_schema
from ganaug.modalities.signal.grid import lengths
from ganaug.modalities.signal.spec import Signals, SignalSpec
from ganaug.modalities.signal.storage import COLUMN, from_column, to_column
from ganaug.utils.samples import concat

LABEL = "label"


def _export(form: str, splits: Path, folder: Path) -> Iterator[str]:
    """Write each split as one file; see `ganaug.modalities.exports`."""
    for part in SPLITS:
        source, path = splits / f"{part}.parquet", f"{part}.{form}"
        schema = read_schema(source)
        assert isinstance(schema.spec, SignalSpec)
        batches = list(iter_encoded(source))
        labels = [schema.classes[code] for batch in batches for code in batch.column(LABEL).to_pylist()]
        if batches:
            signals = concat([from_column(batch.column(COLUMN), schema.spec) for batch in batches])
            _WRITERS[form](signals, labels, schema.classes, schema.spec, folder / path)
        yield from [path] * len(labels)


def _npz(signals: Signals, labels: Sequence[str], classes: Sequence[str], spec: SignalSpec, path: Path) -> None:
    write_npz(signals, labels, path, ragged=spec.ragged, rate=spec.rate)


def write_npz(signals: Signals, labels: Sequence[str], path: Path, *, ragged: bool, rate: float | None) -> None:
    """Write X (n, channels, time) and y; shorter signals end in NaN, and ``lengths`` says where."""
    arrays: dict[str, Any] = {"y": np.array(labels)}
    if ragged:
        sizes = lengths(signals)
        values = np.full((len(signals), len(signals[0]), int(sizes.max())), np.nan, signals[0].dtype)
        for row, signal in zip(values, signals, strict=True):
            row[:, : signal.shape[1]] = signal
        arrays |= {"X": values, "lengths": sizes}
    else:
        arrays["X"] = signals
    if rate:
        arrays["rate"] = np.array(rate)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:  # as np.savez, but with no time in it
        for name, array in sorted(arrays.items()):
            held = io.BytesIO()
            np.lib.format.write_array(held, np.ascontiguousarray(array), allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy"), held.getvalue(), zipfile.ZIP_DEFLATED)


def _parquet(signals: Signals, labels: Sequence[str], classes: Sequence[str], spec: SignalSpec, path: Path) -> None:
    """Write a list of channels, each a list of values, and the label."""
    pq.write_table(pa.table({COLUMN: to_column(signals, spec), LABEL: pa.array(labels, pa.string())}), path)


def _ts(signals: Signals, labels: Sequence[str], classes: Sequence[str], spec: SignalSpec, path: Path) -> None:
    """Write a header and a line for each signal: its channels, then its label, apart by colons."""
    head = [
        "@problemName ganaug",
        "@timestamps false",
        "@missing false",
        f"@univariate {str(spec.channels == 1).lower()}",
        *([f"@dimension {spec.channels}"] if spec.channels > 1 else []),
        f"@equalLength {str(not spec.ragged).lower()}",
        *([] if spec.ragged else [f"@seriesLength {spec.longest}"]),
        f"@classLabel true {' '.join(map(_word, classes))}",
        "@data",
    ]
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(f"{text}\n" for text in head)
        for signal, label in zip(signals, labels, strict=True):
            channels = [",".join(map(repr, channel.tolist())) for channel in signal]
            file.write(":".join([*channels, _word(label)]) + "\n")


def _word(label: str) -> str:
    """Write a class name as one word: what separates things in a .ts, and the percent sign, become %XX as in URLs."""
    return re.sub(r"[\s:,%]", lambda found: quote(found[0], safe=""), label)


_WRITERS: Mapping[str, Callable[[Signals, Sequence[str], Sequence[str], SignalSpec, Path], None]] = {
    "npz": _npz, "parquet": _parquet, "ts": _ts,
}  # fmt: skip
FORMS = {form: partial(_export, form) for form in _WRITERS}
