"""Tables in files: CSV in whatever encoding and with whatever signs between values, and Parquet."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pandas.api import types

from ganaug.data.text import shown
from ganaug.errors import DataError

TEXT = {".csv": "CSV", ".tsv": "TSV", ".tab": "TSV", ".txt": "text"}
PARQUET = {".parquet", ".pq"}
SUFFIXES = {*TEXT, *PARQUET}

_MARKS = (  # at the start of a file, the longest first
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
EXACT = tuple(map(int, pd.__version__.split(".")[:2])) >= (3, 1)  # reads floats to the last bit without being asked
_SIGNS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
_LOOK = 200  # lines by which a separator is told
_DATE = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?)?")  # ISO 8601; others may mean several days
_COMMA = re.compile(r"\s*[+-]?\d+(,\d+)?\s*")


@dataclass
class Read:
    """A table in memory.

    Attributes
    ----------
    frame : DataFrame (n, columns)
        Its usable rows.
    rows : list of int
        Their numbers in the file, from 0.
    words : dict of str to list
        Columns that were asked for, value by value; of a file of text as text.
    ragged : list of (int, str)
        Numbers of rows that could not be used, and why.
    read_as : str
        How it was read.
    features : dict
        What the `datasets` library wrote of the columns, such as names behind the numbers of labels.
    """

    frame: pd.DataFrame
    rows: list[int]
    words: dict[str, list[str]]
    ragged: list[tuple[int, str]] = field(default_factory=list)
    read_as: str = ""
    features: dict[str, Any] = field(default_factory=dict)


def read_text(path: Path, as_text: Sequence[str]) -> Read:
    """Read a CSV, TSV or the like; columns in ``as_text`` are also given as words.

    Raises
    ------
    DataError
        It is empty, or the columns are not named, or not apart.
    """
    data = path.read_bytes()
    text, encoding = decode(data)
    if "\0" in text:
        raise DataError(f"{path} is no text, or text in an encoding that it does not tell: save it in UTF-8.")
    separator = "\t" if TEXT.get(path.suffix.lower()) == "TSV" else _separator(text)
    try:
        lines = [line for line in csv.reader(io.StringIO(text, newline=""), delimiter=separator) if line]
    except csv.Error as error:
        raise DataError(f"{path} cannot be read as a table ({error}): mend it, or save it anew.") from error
    if len(lines) < 2:
        raise DataError(f"{path} has no rows below the names of its columns: check the file.")
    names = lines[0]
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise DataError(f"{path} has several columns named {shown(twice[0])}: rename or drop all but one.")
    width = len(names)
    ragged = [(i, f"{len(line)} values for {width} columns") for i, line in enumerate(lines[1:]) if len(line) != width]
    if ragged:
        lines = [line for line in lines if len(line) == width]
        buffer = io.StringIO(newline="")
        csv.writer(buffer, delimiter=separator).writerows(lines)
        text = buffer.getvalue()
    frame, decimal = _parsed(path, text, separator)
    dates = [name for name in frame.columns if _are_dates(frame[name])]
    frame = frame.assign(**{name: pd.to_datetime(frame[name], format="ISO8601") for name in dates})
    if len(frame) != len(lines) - 1:
        raise DataError(
            f"{path} has lines of which it is not clear where they end: save it anew, with quotes around text."
        )
    where = {name: i for i, name in enumerate(names)}
    words = {name: [line[where[name]] for line in lines[1:]] for name in as_text if name in where}
    gone = {i for i, _ in ragged}
    rows = [i for i in range(len(frame) + len(ragged)) if i not in gone]
    signs = "; decimals after a comma" if decimal == "," else ""
    signs += f"; dates in {', '.join(dates)}" if dates else ""
    read_as = f"{TEXT.get(path.suffix.lower(), 'CSV')} in {encoding}, columns apart by {_SIGNS[separator]}{signs}"
    return Read(frame, rows, words, ragged, read_as)


def decode(data: bytes) -> tuple[str, str]:
    """Return the text of a file, and its encoding: by its first bytes, else UTF-8 where it is, else a western one."""
    for mark, name in _MARKS:
        if data.startswith(mark):
            return data.decode(name, errors="replace"), "UTF-8" if name == "utf-8-sig" else name.upper()
    with suppress(UnicodeDecodeError):
        return data.decode("utf-8"), "UTF-8"
    with suppress(UnicodeDecodeError):
        return data.decode("cp1252"), "Windows-1252"
    return data.decode("latin-1"), "Latin-1"


def _separator(text: str) -> str:
    """Return the sign that cuts the first lines into the most columns, as many in each."""
    head = "\n".join(text[: 1 << 20].splitlines()[:_LOOK])
    best, most = ",", (0.0, 1)
    for sign in _SIGNS:
        try:
            widths = [len(line) for line in csv.reader(io.StringIO(head, newline=""), delimiter=sign) if line]
        except csv.Error:
            continue
        if not widths or widths[0] < 2:
            continue
        score = sum(width == widths[0] for width in widths) / len(widths), widths[0]
        if score > most:
            best, most = sign, score
    return best


def _parsed(path: Path, text: str, separator: str) -> tuple[pd.DataFrame, str]:
    """Parse text, and see whether its decimals come after a comma."""
    decimal = "."
    try:
        frame = _read_csv(text, separator, decimal)
        texts = [frame[name].dropna() for name in frame.columns if types.is_string_dtype(frame[name].dtype)]
        if separator != "," and any(map(_has_commas, texts)):
            decimal = ","
            frame = _read_csv(text, separator, decimal)
    except (ValueError, pd.errors.ParserError) as error:
        raise DataError(
            f"{path} cannot be read as a table ({str(error).strip()}): mend it, or save it anew."
        ) from error
    return frame, decimal


def _are_dates(column: pd.Series) -> bool:
    """Tell whether a column of text holds nothing but dates."""
    given = column.dropna()
    if not len(given) or not types.is_string_dtype(column.dtype) or given.map(_DATE.fullmatch).isna().any():
        return False
    return bool(pd.to_datetime(given, format="ISO8601", errors="coerce").notna().all())


def _has_commas(texts: pd.Series) -> bool:
    """Tell whether all text is of numbers with decimals after a comma."""
    return bool(texts.str.contains(",").any()) and bool(texts.map(_COMMA.fullmatch).notna().all())


def _read_csv(text: str, separator: str, decimal: str) -> pd.DataFrame:
    exact: dict[str, Any] = {} if EXACT else {"float_precision": "round_trip"}
    frame: pd.DataFrame = pd.read_csv(
        io.StringIO(text), sep=separator, decimal=decimal, index_col=False, low_memory=False, **exact
    )
    return frame


def read_parquet(path: Path, as_text: Sequence[str]) -> Read:
    """Read a Parquet file; its index, if pandas wrote one, is left out.

    Raises
    ------
    DataError
        It is damaged.
    """
    try:
        table = pq.read_table(path)
        frame = table.to_pandas()
    except (pa.ArrowException, OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path} is no readable Parquet file ({error}): save it anew.") from error
    twice = frame.columns[frame.columns.duplicated()]
    if len(twice):
        raise DataError(f"{path} has several columns named {shown(twice[0])}: rename or drop all but one.")
    words = {name: frame[name].tolist() for name in as_text if name in frame}
    try:
        features = json.loads((table.schema.metadata or {}).get(b"huggingface", b"{}"))["info"]["features"]
    except (ValueError, KeyError, TypeError):
        features = {}
    frame = frame.reset_index(drop=True)
    return Read(frame, list(range(len(frame))), words, read_as="Parquet", features=features)
