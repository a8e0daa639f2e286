"""Manifests: a CSV or Parquet table with one row an image. A Parquet table may hold the images themselves."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from ganaug.data.sources.base import EncodedPixels, Rejected, Source, split_name
from ganaug.errors import DataError

COLUMNS = {"path": "path", "label": "label", "group": "group", "split": "split"}


def read_csv(path: Path, columns: Mapping[str, str]) -> Source:
    """Read a CSV manifest; every value is taken as text. See `read_parquet` for the rest."""
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except (OSError, ValueError) as error:  # pandas' parser errors and UnicodeDecodeError are ValueErrors
        raise DataError(f"{path} is no readable CSV in UTF-8: {error}") from error
    return _from_paths(path, table, {**COLUMNS, **columns})


def read_parquet(path: Path, columns: Mapping[str, str]) -> Source:
    """Read a Parquet manifest, or a Parquet table of encoded images such as `datasets` and ganaug write.

    Parameters
    ----------
    path : Path
        The table. Paths in it are relative to its folder.
    columns : mapping
        Column names for path, label, and (optional columns) group and split, where they differ from those words.
        Images are looked for in a column ``image``.

    Raises
    ------
    DataError
        If the file is damaged, or a column is missing.
    """
    try:
        table = pq.read_table(path)
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{path} is no readable Parquet file: {error}") from error
    columns = {**COLUMNS, **columns}
    if "image" in table.column_names and pa.types.is_struct(table.schema.field("image").type):
        return _from_images(path, table, columns)
    return _from_paths(path, table.to_pandas(), columns)


def _from_paths(path: Path, table: pd.DataFrame, columns: Mapping[str, str]) -> Source:
    names = _texts(table, columns["path"], path)
    labels = [label.strip() for label in _texts(table, columns["label"], path)]
    bad = [Rejected(name or f"row {i}", "no path" if not name else "no label")
           for i, (name, label) in enumerate(zip(names, labels, strict=True)) if not (name and label)]  # fmt: skip
    good = [i for i, (name, label) in enumerate(zip(names, labels, strict=True)) if name and label]
    files = [path.parent / names[i] for i in good]
    return _source(path, table, columns, good, [names[i] for i in good], [labels[i] for i in good], files, (), bad)


def _from_images(path: Path, table: pa.Table, columns: Mapping[str, str]) -> Source:
    images = table.column("image").combine_chunks().field("bytes").to_pylist()
    scalars = table.drop_columns(["image"]).to_pandas()
    classes = _class_names(table.schema, columns["label"])
    labels = _texts(scalars, columns["label"], path)
    if classes:
        labels = [classes[int(code)] if code.isdigit() and int(code) < len(classes) else "" for code in labels]
    made = scalars["synthetic"].eq(True) if "synthetic" in scalars else pd.Series(False, scalars.index)
    reasons = ["synthetic, not real" if fake else "no label" if not label else "" if image else "no image bytes"
               for fake, label, image in zip(made, labels, images, strict=True)]  # fmt: skip
    bad = [Rejected(f"row {i}", reason) for i, reason in enumerate(reasons) if reason]
    good = [i for i, reason in enumerate(reasons) if not reason]
    return _source(path, scalars, columns, good, [f"row {i}" for i in good], [labels[i] for i in good],
                   [images[i] for i in good], classes, bad)  # fmt: skip


def _source(
    path: Path, table: pd.DataFrame, columns: Mapping[str, str], good: list[int], names: list[str], labels: list[str],
    images: list[Any], classes: tuple[str, ...], bad: list[Rejected],
) -> Source:  # fmt: skip
    """Put the rows ``good`` of a table together with their optional columns."""
    kept = table.iloc[good]
    groups = _texts(kept, columns["group"], path) if columns["group"] in kept else None
    splits = _texts(kept, columns["split"], path) if columns["split"] in kept else None
    return Source(
        names=names,
        labels=labels,
        pixels=EncodedPixels(images),
        splits=[split_name(name, f"{path}, {row}") for name, row in zip(splits, names, strict=True)]
        if splits
        else None,
        groups=[name or None for name in groups] if groups else None,
        classes=classes,
        rejected=bad,
    )


def _texts(table: pd.DataFrame, column: str, path: Path) -> list[str]:
    """Return a column as text; missing values become empty, 3.0 becomes 3."""
    if column not in table:
        raise DataError(f"{path} has no column {column!r}; it has {', '.join(map(str, table.columns))}: "
                        "name the right one under prepare.columns.")  # fmt: skip
    values = table[column]
    if pd.api.types.is_float_dtype(values) and (values.dropna() % 1 == 0).all():
        values = values.astype("Int64")
    return ["" if pd.isna(value) else str(value) for value in values]


def _class_names(schema: pa.Schema, label: str) -> tuple[str, ...]:
    """Return the ClassLabel names in the metadata that `datasets` writes, if any."""
    try:
        features = json.loads((schema.metadata or {}).get(b"huggingface", b"{}"))["info"]["features"]
        return tuple(features[label]["names"])
    except (ValueError, KeyError, TypeError):
        return ()
