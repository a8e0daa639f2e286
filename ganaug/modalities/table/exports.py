"""Augmented splits in the forms that other tools read as they are: CSV, or Parquet without anything of ours.

Each split is one file, ``train.csv`` or ``train.parquet``, of the table's columns under their own names, and of the
labels. What else is known of each row is in ``provenance.csv``: path, row, label, split, synthetic, id, group, model.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from ganaug.data.folders import fresh_folder
from ganaug.data.names import SPLITS
from ganaug.errors import DataError
from ganaug.modalities.table.spec import TableSpec
from ganaug.modalities.table.storage import from_columns

LABEL = "label"


def export(kind: str, splits: Path, out: Path) -> None:
    """Write the splits of one repeat in another form. The folder ``out`` is replaced as a whole.

    Raises
    ------
    DataError
        The kind is unknown, a split cannot be read or cannot be written in this form.
    """
    from ganaug.data.rows import iter_encoded, read_schema

    if kind not in EXPORTS:
        raise DataError(f"{kind!r} is no export of tables; known are {', '.join(EXPORTS)}.")
    with (
        fresh_folder(out, "provenance.csv") as folder,
        (folder / "provenance.csv").open("w", newline="", encoding="utf-8") as file,
    ):
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["path", "row", "label", "split", "synthetic", "id", "group", "model"])
        for part in SPLITS:
            source = Path(splits) / f"{part}.parquet"
            schema = read_schema(source)
            assert isinstance(schema.spec, TableSpec)
            extra = ["model"] if "model" in pq.read_schema(source).names else []
            batches = list(iter_encoded(source, extra))
            path = f"{part}.{kind}"
            frames = [from_columns(batch, schema.spec) for batch in batches]
            labels = [schema.classes[code] for batch in batches for code in batch.column("label").to_pylist()]
            if frames:
                frame = pd.concat(frames, ignore_index=True)
                EXPORTS[kind](_with_label(frame, labels), folder / path)
            rows = (row for batch in batches for row in batch.drop_columns(_own(batch, extra)).to_pylist())
            for i, (row, label) in enumerate(zip(rows, labels, strict=True)):
                model = row.get("model", "")
                table.writerow([path, i, label, part, int(row["synthetic"]), row["id"], row["group"] or "", model])


def _own(batch: pa.RecordBatch, extra: list[str]) -> list[str]:
    """Return the columns of a batch that are the table's."""
    return [name for name in batch.schema.names if name not in ("synthetic", "id", "group", *extra)]


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


EXPORTS: Mapping[str, Callable[[pd.DataFrame, Path], Any]] = {"csv": _csv, "parquet": _parquet}
