"""Manifests: CSV, JSON lines or Parquet with one row a sample. A Parquet table may hold the files themselves."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Collection, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from ganaug.data.names import split_name
from ganaug.data.rows import UNREADABLE
from ganaug.data.text import to_label, to_text
from ganaug.errors import DataError, option
from ganaug.modalities.files.kind import FileKind
from ganaug.modalities.files.source import Source
from ganaug.modalities.loaded import Rejected

LOOKED = 50  # rows that tell whether a table is about samples of a kind
NAN = frozenset({"nan", "NaN"})  # what other tools write into a CSV where a value is missing
COLUMNS = {"path": "path", "label": "label", "group": "group", "split": "split"}


def read_csv(path: Path, kind: FileKind, columns: Mapping[str, str]) -> Source:
    """Read a CSV manifest; every value is text, but for labels nan and NaN, which are missing. See `read_parquet`."""
    columns = {**COLUMNS, **columns}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)  # rows with more values than there are columns
            table = pd.read_csv(path, dtype=str, keep_default_na=False, index_col=False, encoding="utf-8-sig")
    except (OSError, ValueError, pd.errors.ParserWarning) as error:  # pandas' other errors are ValueErrors
        raise DataError(f"{path} is no readable CSV in UTF-8: {str(error).strip()}") from error
    return _from_paths(path, table, columns, missing=NAN)


def read_jsonl(path: Path, kind: FileKind, columns: Mapping[str, str]) -> Source:
    """Read a manifest with a JSON object a line; what an object lacks is missing. See `read_parquet`."""
    return _from_paths(path, read_objects(path), {**COLUMNS, **columns})


def read_objects(path: Path) -> pd.DataFrame:
    """Return JSON objects, one a line, as rows; `DataError` where there is something else."""
    try:
        return _json_lines(path)
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"{path} is no readable file of JSON objects, one a line, in UTF-8: {error}") from error


def read_parquet(path: Path, kind: FileKind, columns: Mapping[str, str]) -> Source:
    """Read a Parquet manifest, or a Parquet table of files such as `datasets` and ganaug write.

    Parameters
    ----------
    path : Path
        The table. Paths in it are relative to its folder and stay below it, or are absolute.
    kind : FileKind
        Which files are samples; it names the column that may hold them.
    columns : mapping
        Column names for path, label, and (optional columns) group and split, where they differ from those words.

    Raises
    ------
    DataError
        If the file is damaged, or a column is missing.
    """
    columns = {**COLUMNS, **columns}
    try:
        table = pq.read_table(path)
        if _holds_files(table.schema, kind):
            return _from_bytes(path, table, kind, columns)
        return _from_paths(path, table.to_pandas(integer_object_nulls=True), columns)
    except UNREADABLE as error:
        raise DataError(f"{path} is no readable Parquet file: {error}") from error


def names_files(path: Path, kind: FileKind, columns: Mapping[str, str], any_suffix: bool = False) -> str:
    """Say in a few words why a manifest is about samples; empty where it is not, or cannot be read.

    ``any_suffix``: files of any suffix count, where they are there.
    """
    column = {**COLUMNS, **columns}["path"]
    try:
        if path.suffix.lower() == ".csv":
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", pd.errors.ParserWarning)  # whoever reads all of it will say so
                table = pd.read_csv(
                    path, dtype=str, keep_default_na=False, index_col=False, encoding="utf-8-sig", nrows=LOOKED
                )
        elif path.suffix.lower() == ".jsonl":
            table = _json_lines(path, LOOKED)
        else:
            schema = pq.read_schema(path)
            if _holds_files(schema, kind):
                return f"a table of encoded {kind.unit}s"
            if column not in schema.names:
                return ""
            table = next(pq.ParquetFile(path).iter_batches(LOOKED, columns=[column])).to_pandas()
    except (StopIteration, RecursionError, *UNREADABLE):  # whoever reads it will say why
        return ""
    files = [Path(str(name)) for name in table.get(column, ())]
    named = any(
        (file.suffix and kind.means(file))
        or ((path.parent / file).is_file() and (any_suffix or kind.means(path.parent / file)))
        for file in files
    )
    return f"a table whose column {column!r} names {kind.unit}s" if named else ""


def _json_lines(path: Path, first: int | None = None) -> pd.DataFrame:
    """Return the objects of a file, all or the ``first`` ones, as rows; `ValueError` where it holds something else."""
    with path.open(encoding="utf-8-sig") as file:
        rows = [json.loads(line) for line in islice((line for line in file if line.strip()), first)]
    if not rows or not all(isinstance(row, dict) for row in rows):
        raise ValueError("a line is no object" if rows else "it has no line")
    json.dumps(rows, ensure_ascii=False).encode()  # no half of a character, which no file can hold
    return pd.DataFrame(rows, dtype=object)


def _from_paths(path: Path, table: pd.DataFrame, columns: Mapping[str, str], missing: Collection[str] = ()) -> Source:
    """List rows with the paths of their files; labels among ``missing`` stand for none."""
    files = _texts(table, columns["path"], path)
    labels = _labels(table, columns["label"], path)
    names = [name or f"row {i}" for i, name in enumerate(files)]
    reasons = [
        _path_problem(file) or (label in missing and f"no label; for a class {label!r} give a Parquet manifest") or ""
        for file, label in zip(files, labels, strict=True)
    ]
    return _source(path, table, columns, names, labels, [path.parent / file for file in files], reasons)


def _path_problem(file: str) -> str:
    """Say what is wrong with a path in a manifest; "" when nothing is."""
    if not file:
        return "no path"
    if Path(os.path.normpath(file)).parts[:1] == (os.pardir,):
        return "leads out of the manifest's folder; move the manifest up, or give the full path"
    return ""


def _holds_files(schema: pa.Schema, kind: FileKind) -> bool:
    return kind.column in schema.names and pa.types.is_struct(schema.field(kind.column).type)


def _from_bytes(path: Path, table: pa.Table, kind: FileKind, columns: Mapping[str, str]) -> Source:
    if table.schema.field(kind.column).type.get_field_index("bytes") < 0:
        raise DataError(f"{path}: column {kind.column!r} has no 'bytes'; put the encoded {kind.unit}s there.")
    files = table.column(kind.column).combine_chunks().field("bytes").to_pylist()
    scalars = table.drop_columns([kind.column]).to_pandas(integer_object_nulls=True)
    classes = _class_names(table.schema, columns["label"])
    labels = _labels(scalars, columns["label"], path)
    if classes:
        labels = [classes[int(code)] if code.isdecimal() and int(code) < len(classes) else "" for code in labels]
    made = scalars.get("synthetic", [False] * len(files))
    reasons = [
        "synthetic, not real" if fake else "" if file else f"no {kind.unit} bytes"
        for fake, file in zip(made, files, strict=True)
    ]
    return _source(path, scalars, columns, [f"row {i}" for i in range(len(files))], labels, files, reasons, classes)


def _source(
    path: Path,
    table: pd.DataFrame,
    columns: Mapping[str, str],
    names: list[str],
    labels: list[str],
    items: Sequence[Any],
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
        items=[items[i] for i in good],
        splits=splits,
        groups=None if groups is None else [name or None for name in groups],
        classes=classes,
        rejected=[Rejected(name, reason) for name, reason in zip(names, reasons, strict=True) if reason],
    )


def _column(table: pd.DataFrame, column: str, path: Path) -> pd.Series:
    """Return a column of single values."""
    if column not in table:
        known = ", ".join(map(str, table.columns))
        raise DataError(
            f"{path} has no column {column!r}; it has {known}: name the right one in {option('prepare.columns')}."
        )
    values = table[column]
    if not all(map(pd.api.types.is_scalar, values)):
        raise DataError(f"{path}: column {column!r} holds lists or the like; give one name or number a row.")
    return values


def _texts(table: pd.DataFrame, column: str, path: Path) -> list[str]:
    """Return a column as text, see `to_text`."""
    return [to_text(value, f"{path}: column {column!r}") for value in _column(table, column, path)]


def _labels(table: pd.DataFrame, column: str, path: Path) -> list[str]:
    """Return a column of labels as text, see `to_label`, without spaces around it."""
    return [to_label(value, f"{path}: column {column!r}").strip() for value in _column(table, column, path)]


def _class_names(schema: pa.Schema, label: str) -> tuple[str, ...]:
    """Return the ClassLabel names in the metadata that `datasets` writes, if any."""
    try:
        features = json.loads((schema.metadata or {}).get(b"huggingface", b"{}"))["info"]["features"]
        return tuple(features[label]["names"])
    except (ValueError, KeyError, TypeError):
        return ()
