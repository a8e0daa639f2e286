"""From a source to labelled rows of one table; rows that cannot be used are set aside, by number and reason."""

from __future__ import annotations

import csv
import difflib
import io
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ganaug.data.names import check_classes, class_order, split_name
from ganaug.data.text import to_label, to_text
from ganaug.errors import DataError, option
from ganaug.modalities.loaded import Loaded, Rejected
from ganaug.modalities.sentences import holds_texts
from ganaug.modalities.table.columns import is_missing
from ganaug.modalities.table.constraints import check, find
from ganaug.modalities.table.files import PARQUET, SUFFIXES, Read, decode, read_parquet, read_text
from ganaug.modalities.table.spec import TableSpec, conform, infer, spec_of
from ganaug.modalities.table.storage import from_columns
from ganaug.modalities.table.values import to_floats

COLUMNS = {"path": "path", "label": "label", "group": "group", "split": "split"}
USUAL = ("target", "class", "y", "outcome", "category", "species", "diagnosis")  # what labels are often called
OFFERED = 10  # constraints that are told
PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp")


def _of_sklearn(name: str) -> Callable[[], tuple[pd.DataFrame, NDArray[np.object_]]]:
    def read() -> tuple[pd.DataFrame, NDArray[np.object_]]:
        from sklearn import datasets

        bunch = getattr(datasets, f"load_{name}")(as_frame=True)
        return bunch.data, np.array([str(label) for label in bunch.target_names], object)[bunch.target]

    return read


BUILTIN = {name: _of_sklearn(name) for name in ("breast_cancer", "wine")}


def claims(source: str | Path, columns: Mapping[str, str]) -> str:
    """Say why a source is a table; empty where it is none, or lists the paths of images."""
    if source in BUILTIN:
        return f"scikit-learn's {source} data"
    path = Path(source)
    if path.suffix.lower() not in SUFFIXES or not path.is_file():
        return ""
    with suppress(OSError, ValueError, pa.ArrowException, csv.Error):  # `load` says what is wrong
        if holds_texts(path, columns):
            return ""
    named = {**COLUMNS, **columns}["path"]
    try:
        found = _first_paths(path, named)
    except (OSError, ValueError, pa.ArrowException, csv.Error):
        return f"it ends in {path.suffix}"  # `load` says what is wrong
    if found is None or any(str(value).lower().endswith(PICTURES) for value in found):
        return ""
    return f"it ends in {path.suffix}, and no column {named!r} lists images"


def _first_paths(path: Path, named: str) -> list[Any] | None:
    """Return the first values of the column that would name images; None where images are in the file itself."""
    if path.suffix.lower() in PARQUET:
        file = pq.ParquetFile(path)
        schema = file.schema_arrow
        if "image" in schema.names and pa.types.is_struct(schema.field("image").type):
            return None
        if named not in schema.names or not file.metadata.num_rows:
            return []
        return list(next(file.iter_batches(20, columns=[named])).column(0).to_pylist())
    with path.open("rb") as opened:
        text = decode(opened.read(1 << 16))[0]
    rows = list(csv.reader(io.StringIO(text, newline="")))[:20]
    if not rows or named not in rows[0]:
        return []
    at = rows[0].index(named)
    return [row[at] for row in rows[1:] if len(row) > at]


def load(source: str | Path, options: Mapping[str, Any]) -> Loaded:
    """Read a source, see `ganaug.modalities.base.Modality.load`."""
    if source in BUILTIN:
        frame, labels = BUILTIN[str(source)]()
        names = [f"row {i}" for i in range(len(frame))]
        about = {"read_as": f"scikit-learn's {source} data"}
        return _loaded(str(source), frame, labels.tolist(), names, None, None, [], about, options)
    path = Path(source)
    if not path.is_file():
        close = difflib.get_close_matches(str(source), BUILTIN, n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"built-in tables are {', '.join(BUILTIN)}."
        raise DataError(f"source {str(source)!r} is no file here; {hint}")
    if path.suffix.lower() in PARQUET and (own := _own_spec(path)) is not None:
        return _from_own(path, own, options)
    columns = {**COLUMNS, **options.get("columns", {})}
    asked = [columns[name] for name in ("label", "group", "split")]
    try:
        read = read_parquet(path, asked) if path.suffix.lower() in PARQUET else read_text(path, asked)
    except OSError as error:
        raise DataError(f"source {str(source)!r} cannot be read: {error}; make it readable.") from error
    return _from_file(path, read, columns, options)


def _from_file(path: Path, read: Read, columns: Mapping[str, str], options: Mapping[str, Any]) -> Loaded:
    check_label(path, read.frame, columns["label"], "the labels")
    names = [f"row {i}" for i in read.rows]
    labels = labels_of(path, read, columns["label"])
    rejected = [Rejected(f"row {i}", reason) for i, reason in read.ragged]
    groups, splits = (words_of(path, read, columns[name]) for name in ("group", "split"))
    used = {columns[name] for name in ("label", "group", "split")}
    frame = read.frame.drop(columns=[name for name in read.frame.columns if name in used])
    reasons = ["" if label else "no label" for label in labels]
    for i, why in _infinite(frame).items():
        reasons[i] = reasons[i] or why
    good = [i for i, reason in enumerate(reasons) if not reason]
    rejected += [Rejected(name, reason) for name, reason in zip(names, reasons, strict=True) if reason]
    _check_usable(rejected, len(names) + len(read.ragged), float(options.get("max_unreadable", 0.05)))
    kept = frame.iloc[good].reset_index(drop=True)
    words = None
    if splits is not None:
        words = [split_name(splits[i], f"{path}, {names[i]}") for i in good]
    about = {
        "read_as": read.read_as,
        "label_column": columns["label"],
        **({"group_column": columns["group"]} if groups is not None else {}),
        **({"split_column": columns["split"]} if splits is not None else {}),
    }
    return _loaded(
        str(path),
        kept,
        [labels[i] for i in good],
        [names[i] for i in good],
        None if groups is None else [groups[i] or None for i in good],
        words,
        rejected,
        about,
        options,
    )


def _own_spec(path: Path) -> TableSpec | None:
    """Return the spec of a file that ganaug wrote; None for any other."""
    try:
        about = json.loads((pq.read_schema(path).metadata or {})[b"ganaug"])
        return spec_of(about["spec"]) if about["modality"] == "table" else None
    except (pa.ArrowException, OSError, ValueError, KeyError, TypeError):
        return None


def _from_own(path: Path, spec: TableSpec, options: Mapping[str, Any]) -> Loaded:
    """Read a file that ganaug wrote, under the names that users gave, without what is synthetic in it."""
    try:
        table = pq.read_table(path).combine_chunks()
        frame = pd.DataFrame() if not len(table) else from_columns(table.to_batches()[0], spec)
        classes = json.loads(table.schema.metadata[b"ganaug"])["classes"]
        labels = [str(classes[code]) for code in table.column("label").to_pylist()]
        made, groups = (table.column(name).to_pylist() for name in ("synthetic", "group"))
    except (pa.ArrowException, OSError, ValueError, KeyError, TypeError, IndexError, DataError) as error:
        raise DataError(f"{path} is damaged ({error}): run the stage that writes it again.") from error
    rejected = [Rejected(f"row {i}", "synthetic, not real") for i, fake in enumerate(made) if fake]
    good = [i for i, fake in enumerate(made) if not fake]
    _check_usable(rejected, len(made), float(options.get("max_unreadable", 0.05)))
    return _loaded(
        str(path),
        frame.iloc[good].reset_index(drop=True),
        [labels[i] for i in good],
        [f"row {i}" for i in good],
        [groups[i] for i in good],
        None,
        rejected,
        {"read_as": "Parquet of ganaug's", "label_column": "label"},
        options,
    )


def _loaded(
    where: str,
    frame: pd.DataFrame,
    labels: list[str],
    names: list[str],
    groups: Sequence[str | None] | None,
    splits: Sequence[str] | None,
    rejected: list[Rejected],
    facts: dict[str, Any],
    options: Mapping[str, Any],
) -> Loaded:
    try:
        spec = infer(frame)
        samples = conform(frame, spec)
        declared = check(options.get("constraints") or (), samples.iloc[:, list(spec.learnt)])
    except DataError as error:
        raise DataError(f"{where}: {error}") from error
    spec = replace(spec, constraints=declared)
    classes = check_classes(sorted(set(labels), key=class_order))
    code = {name: i for i, name in enumerate(classes)}
    offered = [text for text in find(samples.iloc[:, list(spec.learnt)]) if text not in declared]
    facts |= {
        "columns": len(spec.columns),
        "not_learnt": spec.not_learnt,
        "constraints": list(declared),
        "constraints_found": offered,
    }
    facts["findings"] = _findings(facts)
    facts["notes"] = facts["findings"]
    return Loaded(
        samples,
        spec,
        classes,
        np.array([code[label] for label in labels], np.int64),
        _objects(names),
        _objects(groups or [None] * len(names)),
        _objects(splits or ["train"] * len(names)),
        rejected,
        facts=facts,
    )


def _findings(facts: Mapping[str, Any]) -> list[str]:
    """Say in sentences what else is worth knowing."""
    found = [f"Column {name!r} is not learnt: {reason}." for name, reason in facts["not_learnt"].items()]
    used = {kind: facts[f"{kind}_column"] for kind in ("group", "split") if f"{kind}_column" in facts}
    found += [f"Column {name!r} is taken for the {kind} of each row." for kind, name in used.items()]
    if offered := facts["constraints_found"]:
        more = f", and {len(offered) - OFFERED} more" if len(offered) > OFFERED else ""
        shown = "; ".join(offered[:OFFERED])
        found.append(
            f"In all rows {shown}{more}: list in {option('prepare.constraints')} what generated rows must keep, too."
        )
    return found


def check_label(path: Path, frame: pd.DataFrame, label: str, what: str) -> None:
    """Raise `DataError` unless a table has a column of this name for what should be in it."""
    if label in frame:
        return
    known = [str(name) for name in frame.columns]
    likely = [name for name in known if name.lower() in (*USUAL, label.lower())]
    hint = f", perhaps {likely[0]!r}" if likely else ""
    raise DataError(
        f"{path} has no column {label!r} for {what}; it has {', '.join(known[:30])}: "
        f"name the right one{hint} in {option('prepare.columns')}."
    )


def labels_of(path: Path, read: Read, column: str) -> list[str]:
    """Return labels as text; of a file whose labels are numbers of names, the names."""
    where = f"{path}: column {column!r}"
    found = [to_label(value, where).strip() for value in read.words[column]]
    if not read.features.get(column, {}).get("names"):
        return ["" if text in ("nan", "NaN") else text for text in found]
    classes = [str(name) for name in read.features[column]["names"]]
    return [classes[int(code)] if code.isdecimal() and int(code) < len(classes) else "" for code in found]


def words_of(path: Path, read: Read, column: str) -> list[str] | None:
    """Return a column as text; None where there is none."""
    if column not in read.words:
        return None
    return [to_text(value, f"{path}: column {column!r}") for value in read.words[column]]


def _infinite(frame: pd.DataFrame) -> dict[int, str]:
    """Say which rows hold infinite numbers."""
    found: dict[int, str] = {}
    for name in frame.columns:
        column = frame[name]
        if getattr(column.dtype, "kind", "") == "f":
            missing = is_missing(column)
            values = np.zeros(len(column))
            values[~missing] = to_floats(column[~missing])
            for i in np.flatnonzero(np.isinf(values)):
                found.setdefault(int(i), f"an infinite value in column {name!r}")
    return found


def _check_usable(rejected: Sequence[Rejected], total: int, most: float) -> None:
    if len(rejected) == total or len(rejected) > most * total:
        shown = "; ".join(f"{name}: {reason}" for name, reason in rejected[:3])
        remedy = "" if len(rejected) == total else f", or raise {option('prepare.max_unreadable')}"
        raise DataError(f"{len(rejected)} of {total} rows cannot be used ({shown}); mend them{remedy}.")


def _objects(values: Sequence[Any]) -> NDArray[np.object_]:
    found = np.empty(len(values), object)
    found[:] = values
    return found
