"""Manifests: a CSV or Parquet table with one row an image. A Parquet table may hold the images themselves."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from ganaug.data.rows import UNREADABLE
from ganaug.data.sources.base import EncodedPixels, Rejected, Source, split_name
from ganaug.errors import DataError, option

COLUMNS = {"path": "path", "label": "label", "group": "group", "split": "split"}


def read_csv(path: Path, columns: Mapping[str, str]) -> Source:
    """Read a CSV manifest; every value is text, but for labels NaN, which are missing. See `read_parquet`."""
    columns = {**COLUMNS, **columns}
    nan = {columns["label"]: ["nan", "NaN"]}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)  # rows with more values than there are columns
            table = pd.read_csv(
                path, dtype=str, keep_default_na=False, na_values=nan, index_col=False, encoding="utf-8-sig"
            )
    except (OSError, ValueError, pd.errors.ParserWarning) as error:  # pandas' other errors are ValueErrors
        raise DataError(f"{path} is no readable CSV in UTF-8: {str(error).strip()}") from error
    return _from_paths(path, table, columns)


def read_parquet(path: Path, columns: Mapping[str, str]) -> Source:
    """Read a Parquet manifest, or a Parquet table of encoded images such as `datasets` and ganaug write.

    Parameters
    ----------
    path : Path
        The table. Paths in it are relative to its folder and stay below it, or are absolute.
    columns : mapping
        Column names for path, label, and (optional columns) group and split, where they differ from those words.
        Images are looked for in a column ``image``.

    Raises
    ------
    DataError
        If the file is damaged, or a column is missing.
    """
    columns = {**COLUMNS, **columns}
    try:
        table = pq.read_table(path)
        if "image" in table.column_names and pa.types.is_struct(table.schema.field("image").type):
            return _from_images(path, table, columns)
        return _from_paths(path, table.to_pandas(), columns)
    except UNREADABLE as error:
        raise DataError(f"{path} is no readable Parquet file: {error}") from error


def _from_paths(path: Path, table: pd.DataFrame, columns: Mapping[str, str]) -> Source:
    files = _texts(table, columns["path"], path)
    labels = [label.strip() for label in _texts(table, columns["label"], path)]
    names = [name or f"row {i}" for i, name in enumerate(files)]
    reasons = [_path_problem(file) for file in files]
    return _source(path, table, columns, names, labels, [path.parent / file for file in files], reasons)


def _path_problem(file: str) -> str:
    """Say what is wrong with a path in a manifest; "" when nothing is."""
    if not file:
        return "no path"
    if Path(os.path.normpath(file)).parts[:1] == (os.pardir,):
        return "leads out of the manifest's folder; move the manifest up, or give the full path"
    return ""


def _from_images(path: Path, table: pa.Table, columns: Mapping[str, str]) -> Source:
    if table.schema.field("image").type.get_field_index("bytes") < 0:
        raise DataError(f"{path}: column 'image' has no 'bytes'; put the encoded images there.")
    images = table.column("image").combine_chunks().field("bytes").to_pylist()
    scalars = table.drop_columns(["image"]).to_pandas()
    classes = _class_names(table.schema, columns["label"])
    labels = _texts(scalars, columns["label"], path)
    if classes:
        labels = [classes[int(code)] if code.isdecimal() and int(code) < len(classes) else "" for code in labels]
    else:
        labels = [label.strip() for label in labels]
    made = scalars.get("synthetic", [False] * len(images))
    reasons = [
        "synthetic, not real" if fake else "" if image else "no image bytes"
        for fake, image in zip(made, images, strict=True)
    ]
    return _source(path, scalars, columns, [f"row {i}" for i in range(len(images))], labels, images, reasons, classes)


def _source(
    path: Path,
    table: pd.DataFrame,
    columns: Mapping[str, str],
    names: list[str],
    labels: list[str],
    images: Sequence[Any],
    reasons: list[str],
    classes: tuple[str, ...] = (),
) -> Source:
    """Keep the rows of a table that have a label and no reason against them, with their optional columns."""
    reasons = [reason or ("" if label else "no label") for reason, label in zip(reasons, labels, strict=True)]
    good = [i for i, reason in enumerate(reasons) if not reason]
    kept = table.iloc[good]
    groups = _texts(kept, columns["group"], path) if columns["group"] in kept else None
    splits = None
    if columns["split"] in kept:
        words = _texts(kept, columns["split"], path)
        splits = [split_name(word, f"{path}, {names[i]}") for i, word in zip(good, words, strict=True)]
    return Source(
        names=[names[i] for i in good],
        labels=[labels[i] for i in good],
        pixels=EncodedPixels([images[i] for i in good]),
        splits=splits,
        groups=None if groups is None else [name or None for name in groups],
        classes=classes,
        rejected=[Rejected(name, reason) for name, reason in zip(names, reasons, strict=True) if reason],
    )


def _texts(table: pd.DataFrame, column: str, path: Path) -> list[str]:
    """Return a column as text; missing values become empty, 3.0 becomes 3."""
    if column not in table:
        known = ", ".join(map(str, table.columns))
        raise DataError(
            f"{path} has no column {column!r}; it has {known}: name the right one in {option('prepare.columns')}."
        )
    values = table[column]
    if not all(map(pd.api.types.is_scalar, values)):
        raise DataError(f"{path}: column {column!r} holds lists or the like; give one name or number a row.")
    if pd.api.types.is_float_dtype(values) and (values.dropna() % 1 == 0).all() and values.abs().max() < 2**53:
        values = values.astype("Int64")
    return ["" if pd.isna(value) else str(value) for value in values]


def _class_names(schema: pa.Schema, label: str) -> tuple[str, ...]:
    """Return the ClassLabel names in the metadata that `datasets` writes, if any."""
    try:
        features = json.loads((schema.metadata or {}).get(b"huggingface", b"{}"))["info"]["features"]
        return tuple(features[label]["names"])
    except (ValueError, KeyError, TypeError):
        return ()
