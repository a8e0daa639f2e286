"""Whether a file is a table of labelled texts: tables and texts both come in .csv, .tsv and .parquet."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

COLUMNS = {"text": "text", "label": "label", "group": "group", "split": "split"}
BESIDE = frozenset({"id", "idx", "index", "row", "synthetic", "model", ""})  # columns that say nothing
HEAD = 1 << 16  # bytes of a file by which it is told what it holds
SIGNS = {".csv": ",;|\t", ".tsv": "\t", ".tab": "\t"}  # between columns
PARQUET = (".parquet", ".pq")


def holds_texts(path: Path, columns: Mapping[str, str]) -> str:
    """Say why a file holds labelled texts: a column of texts, and none that a table might be about; else empty.

    Raises
    ------
    OSError, ValueError, csv.Error or pyarrow.ArrowException
        It cannot be read.
    """
    named = {**COLUMNS, **{name: columns[name] for name in COLUMNS if name in columns}}
    kind = path.suffix.lower()
    found = _stored(path, named["text"]) if kind in PARQUET else _written(path, kind)
    if not {named["text"], named["label"]} <= found or not found <= BESIDE | set(named.values()):
        return ""
    return f"a column {named['text']!r}, and none beside it but labels and the like"


def _written(path: Path, kind: str) -> set[str]:
    """Return the names of columns in a file of text, of which the first line has them."""
    with path.open("rb") as file:
        head = file.read(HEAD).decode("utf-8-sig", "replace")
    if kind == ".jsonl":
        first = json.loads(head.splitlines()[0]) if head.strip() else {}
        return set(first) if isinstance(first, dict) else set()
    cut: list[list[str]] = [
        next(csv.reader(io.StringIO(head, newline=""), delimiter=sign), []) for sign in SIGNS.get(kind, "")
    ]
    return set(max(cut, key=lambda names: len(list(names)), default=[]))


def _stored(path: Path, text: str) -> set[str]:
    """Return the names of columns of a Parquet file, but for an index; none where texts are no strings."""
    schema = pq.read_schema(path)
    index = json.loads((schema.metadata or {}).get(b"pandas", b"{}")).get("index_columns", [])
    kind = schema.field(text).type if text in schema.names else pa.null()
    is_text = pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
    return {name for name in schema.names if name not in index} if is_text else set()
