"""Augmented splits in the forms that other tools read as they are: CSV, or Parquet without anything of ours.

Each split is one file, ``train.csv`` or ``train.parquet``, of the table's columns under their own names, and of the
labels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from ganaug.data.names import SPLITS
from ganaug.data.rows import iter_encoded, read_schema
from ganaug.errors import DataError
from ganaug.modalities.table.spec import TableSpec
from ganaug.modalities.table.storage import from_columns

LABEL = "label"


def _export(form: str, splits: Path, folder: Path) -> Iterator[str]:
    """Write each split as one file; see `ganaug.modalities.exports`."""
    for part in SPLITS:
        source, path = splits / f"{part}.parquet", f"{part}.{form}"
        schema = read_schema(source)
        assert isinstance(schema.spec, TableSpec)
        batches = list(iter_encoded(source))
        labels = [schema.classes[code] for batch in batches for code in batch.column("label").to_pylist()]
        if batches:
            frame = pd.concat([from_columns(batch, schema.spec) for batch in batches], ignore_index=True)
            _WRITERS[form](_with_label(frame, labels), folder / path)
        yield from [path] * len(labels)


def _with_label(frame: pd.DataFrame, labels: list[str]) -> pd.DataFrame:
    """Return a table with text as names, and its labels as the last column."""
    name = LABEL
    names = [str(column) for column in frame.columns]
    while name in names:
        name += "_"
    return frame.set_axis(names, axis=1).assign(**{name: labels})


def _csv(frame: pd.DataFrame, path: Path) -> None:
    frame.to_csv(path, index=False, encoding="utf-8", lineterminator="\n")


def _parquet(frame: pd.DataFrame, path: Path) -> None:
    try:
        frame.to_parquet(path, index=False)
    except (pa.ArrowException, ValueError, TypeError) as error:
        raise DataError(f"a column cannot be written as Parquet that others read ({error}): export csv.") from error


_WRITERS: Mapping[str, Callable[[pd.DataFrame, Path], Any]] = {"csv": _csv, "parquet": _parquet}
FORMS = {form: partial(_export, form) for form in _WRITERS}
