"""Files of signals: NumPy archives, text with a signal a line, the .ts of aeon and sktime, Parquet with lists."""

from __future__ import annotations

import csv
import io
import json
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tokenize import TokenError
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ganaug.data.text import to_label, to_text
from ganaug.errors import DataError, option

COLUMNS = {"path": "path", "label": "label", "group": "group", "split": "split"}
UNREADABLE = (
    OSError, ValueError, EOFError, TypeError, RuntimeError, MemoryError, OverflowError, SyntaxError, TokenError,
    zipfile.BadZipFile, zlib.error,
)  # fmt: skip
SEPARATORS = "\t,; "
MISSING = ("", "?", "nan", "NaN", "NA", "null")

Row = NDArray[np.float64] | str  # a signal (channels, time), or why it cannot be used


@dataclass
class Read:
    """What a file holds.

    Attributes
    ----------
    rows : list
        Signals (channels, time), missing values as not-a-number, or reasons why not.
    labels : list of str
        Of each row.
    groups, splits : list of str, optional
        Of each row, where the file says so.
    read_as : str
        How it was read.
    rate : float, optional
        Values a second.
    classes : list of str
        In the order of the file, where it names them.
    """

    rows: list[Row]
    labels: list[str]
    groups: list[str] | None = None
    splits: list[str] | None = None
    read_as: str = ""
    rate: float | None = None
    classes: list[str] = field(default_factory=list)


def read_npz(path: Path, columns: Mapping[str, str]) -> Read:
    """Read ``X`` (n, time) or (n, channels, time) and ``y``, or both of ``train``, ``val`` and ``test``.

    ``group``, ``split`` (n,) and ``rate`` are optional. A signal that is shorter ends in not-a-number.

    Raises
    ------
    DataError
        It is damaged, needs pickle, or holds no labelled signals.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            arrays = {name: np.asarray(archive[name]) for name in archive.files}
    except UNREADABLE as error:
        raise DataError(f"{path} is no readable .npz of plain arrays (no objects, no pickle): {error}") from error
    lower = {name.lower(): array for name, array in arrays.items()}
    parts = {"": ("x", "y")} if {"x", "y"} <= set(lower) else {}
    if not parts:
        named = {part: (f"x_{part}", f"y_{part}") for part in ("train", "val", "test")}
        parts = {part: names for part, names in named.items() if set(names) <= set(lower)}
    if not parts:
        raise DataError(f"{path} holds {', '.join(arrays) or 'nothing'}; expected X and y, or X_train and y_train.")
    rows, labels, splits = list[Row](), list[str](), list[str]()
    for part, (x, y) in parts.items():
        rows += _array_rows(lower[x], f"{path}: {x}")
        words = lower[y]
        if words.ndim != 1 or len(words) != len(lower[x]):
            raise DataError(f"{path}: {y} has shape {words.shape} for {len(lower[x])} signals: give one label each.")
        labels += [to_label(label, f"{path}: {y}").strip() for label in words.tolist()]
        splits += [part] * len(words)
    groups = _column(lower.get("group"), len(rows), f"{path}: group")
    given = _column(lower.get("split"), len(rows), f"{path}: split")
    rate = lower.get("rate")
    return Read(
        rows,
        labels,
        groups,
        given if given is not None else None if "" in parts else splits,
        "NumPy archive",
        float(rate) if rate is not None and rate.ndim == 0 and rate.dtype.kind in "fiu" else None,
    )


def _array_rows(array: NDArray[Any], where: str) -> list[Row]:
    if array.dtype.kind not in "fiu":
        raise DataError(f"{where} holds {array.dtype}, which are no numbers: give floats.")
    if array.ndim not in (2, 3) or 0 in array.shape[1:]:
        raise DataError(f"{where} has shape {array.shape}: give (n, time) or (n, channels, time).")
    return list(array if array.ndim == 3 else array[:, None])


def _column(array: NDArray[Any] | None, n: int, where: str) -> list[str] | None:
    if array is None:
        return None
    if array.shape != (n,):
        raise DataError(f"{where} has shape {array.shape} for {n} signals: give one each.")
    return [to_text(value, where) for value in array.tolist()]


def decode(path: Path) -> str:
    """Return the text of a file in UTF-8, or else in a western encoding; `DataError` for one that holds no text."""
    data = path.read_bytes()
    if b"\0" in data[:1024]:
        raise DataError(f"{path} holds bytes that are no text: give a file of numbers.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def read_text(path: Path, columns: Mapping[str, str]) -> Read:
    """Read a signal a line, of one channel: by named columns where the first line has names, else the label first.

    Without names it is the form of the UCR archive (``.tsv``). Values missing at the end make a signal shorter.

    Raises
    ------
    DataError
        There is no signal in it, or no column of labels.
    """
    lines = cells(decode(path))
    if not lines:
        raise DataError(f"{path} is empty: check the file.")
    if not any(map(is_number, lines[0][1:])):
        return _named(path, lines, columns)
    width = len(lines[0])
    if width < 3:
        raise DataError(f"{path} has {width} values a line: a signal takes its label and two values at least.")
    rows = [numbers([line[1:]]) if len(line) == width else _ragged(len(line), width) for line in lines]
    labels = [_label(line[0], f"{path}: the first value of a line") for line in lines]
    return Read(rows, labels, read_as="a signal a line, its label first")


def _named(path: Path, lines: list[list[str]], columns: Mapping[str, str]) -> Read:
    names, lines = lines[0], lines[1:]
    label = columns["label"]
    if label not in names:
        raise DataError(
            f"{path} has no column {label!r} for the labels; it has {', '.join(names[:20])}: name the right one in "
            f"{option('prepare.columns')}."
        )
    if not lines:
        raise DataError(f"{path} has no signal below the names of its columns: check the file.")
    at = {name: names.index(columns[name]) for name in ("label", "group", "split") if columns[name] in names}
    rest = [i for i in range(len(names)) if i not in at.values()]
    if len(rest) < 2:
        raise DataError(f"{path} has {len(rest)} columns of values: a signal takes two at least.")
    whole = [line if len(line) == len(names) else None for line in lines]
    rows: list[Row] = [
        _ragged(len(line), len(names)) if full is None else numbers([[full[i] for i in rest]])
        for line, full in zip(lines, whole, strict=True)
    ]
    words = {name: ["" if line is None else line[i].strip() for line in whole] for name, i in at.items()}
    labels = [_label(word, f"{path}: column {label!r}") for word in words["label"]]
    return Read(rows, labels, words.get("group"), words.get("split"), "a signal a line, by named columns")


def cells(text: str) -> list[list[str]]:
    """Cut lines into cells at the separator that cuts the first one into the most; empty lines are left out."""
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines:
        return []
    separator = max(SEPARATORS, key=lambda sign: len(lines[0].strip().split(sign)))
    if separator == " ":
        return [line.split() for line in lines]
    return list(csv.reader(io.StringIO("\n".join(lines)), delimiter=separator))


def is_number(cell: str) -> bool:
    """Tell whether a cell holds a number, or says that one is missing."""
    try:
        float(cell)
    except ValueError:
        return cell.strip() in MISSING and bool(cell.strip())
    return True


def numbers(channels: Sequence[Sequence[str]]) -> Row:
    """Return cells as a signal (channels, time), or say which of them is no number."""
    try:
        return np.array([[np.nan if c.strip() in MISSING else float(c) for c in channel] for channel in channels])
    except ValueError:
        sizes = {len(channel) for channel in channels}
        if len(sizes) > 1:
            return f"channels of {' and '.join(map(str, sorted(sizes)))} values"
        bad = next(cell for channel in channels for cell in channel if not is_number(cell) and cell.strip())
        return f"{bad.strip()[:40]!r} is no number"


def _ragged(found: int, expected: int) -> str:
    return f"{found} values where others have {expected}"


def _label(word: str, where: str) -> str:
    try:
        return to_label(float(word), where)
    except ValueError:
        return word.strip()


def read_ts(path: Path, columns: Mapping[str, str]) -> Read:
    """Read the ``.ts`` of aeon and sktime: a header, then channels and label of a signal a line, apart by colons.

    Raises
    ------
    DataError
        It has no header, no labels, or times beside its values.
    """
    head, classes, data = dict[str, str](), list[str](), list[str]()
    started = False
    for line in map(str.strip, decode(path).splitlines()):
        if started and line:
            data.append(line)
        elif line.startswith("@"):
            name, _, rest = line[1:].partition(" ")
            head[name.lower()] = rest.strip().lower()
            started = name.lower() == "data"
            classes = rest.split()[1:] if name.lower() == "classlabel" else classes
    if not started:
        raise DataError(f"{path} has no line @data, as a .ts has: check the file.")
    if not data:
        raise DataError(f"{path} has no signal below @data: check the file.")
    if head.get("timestamps") == "true":
        raise DataError(f"{path} has times beside its values, which are not read: resample it to even times first.")
    if not classes:
        raise DataError(f"{path} names no classes (@classLabel true ...): give signals with labels.")
    cut = [line.split(":") for line in data]
    rows = [numbers([channel.split(",") for channel in parts[:-1]]) if parts[:-1] else "no values" for parts in cut]
    labels = [parts[-1].strip() for parts in cut]
    rows = [row if label in classes else f"no class {label[:40]!r}" for row, label in zip(rows, labels, strict=True)]
    if head.get("equallength") == "true" and (sized := [r.shape[1] for r in rows if not isinstance(r, str)]):
        usual = int(head.get("serieslength") or max(set(sized), key=sized.count))
        rows = [r if isinstance(r, str) or r.shape[1] == usual else _ragged(r.shape[1], usual) for r in rows]
    return Read(rows, labels, read_as=".ts", classes=classes)


def read_parquet(path: Path, columns: Mapping[str, str]) -> Read:
    """Read a column of lists, each a signal or a list of its channels, and columns for label, group and split.

    Of files that ganaug wrote, rows that are synthetic are left out.

    Raises
    ------
    DataError
        It is damaged, or has no such column, or several.
    """
    try:
        table = pq.read_table(path)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise DataError(f"{path} is no readable Parquet file ({error}): save it anew.") from error
    lists = [field.name for field in table.schema if is_signal(field.type)]
    if len(lists) != 1:
        found = f"several columns of signals, {', '.join(lists)}" if lists else "no column with lists of numbers"
        raise DataError(f"{path} has {found}: give one that holds the signals.")
    if columns["label"] not in table.column_names:
        raise DataError(
            f"{path} has no column {columns['label']!r} for the labels; it has {', '.join(table.column_names[:20])}: "
            f"name the right one in {option('prepare.columns')}."
        )
    rows = [_listed(value) for value in table.column(lists[0]).to_pylist()]
    words = {
        name: [to_text(value, f"{path}: column {columns[name]!r}") for value in table.column(columns[name]).to_pylist()]
        for name in ("label", "group", "split")
        if columns[name] in table.column_names
    }
    about = own(path)
    if about is not None:
        synthetic = table.column("synthetic").to_pylist()
        rows = ["synthetic, not real" if made else row for row, made in zip(rows, synthetic, strict=True)]
        words["label"] = [str(about["classes"][int(code)]) for code in words["label"]]
    rate = None if about is None else about["spec"].get("rate")
    return Read(rows, words["label"], words.get("group"), words.get("split"), "Parquet with lists", rate)


def own(path: Path) -> dict[str, Any] | None:
    """Return what ganaug wrote about a file of signals of its own; None for any other."""
    try:
        about: dict[str, Any] = json.loads((pq.read_schema(path).metadata or {})[b"ganaug"])
    except (pa.ArrowException, OSError, ValueError, KeyError, TypeError):
        return None
    return about if about.get("modality") == "signal" else None


def is_signal(kind: pa.DataType) -> bool:
    """Tell whether an Arrow type is a list of numbers, or a list of such lists."""
    for _ in range(2):
        if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
            kind = kind.value_type
            if pa.types.is_floating(kind) or pa.types.is_integer(kind):
                return True
    return False


def _listed(value: Any) -> Row:
    if value is None or not len(value):
        return "no values"
    channels = value if isinstance(value[0], list) else [value]
    sizes = {len(channel) if channel is not None else 0 for channel in channels}
    if len(sizes) > 1:
        return f"channels of {' and '.join(map(str, sorted(sizes)))} values"
    return np.array([[np.nan if v is None else v for v in channel] for channel in channels], np.float64)


READERS: Mapping[str, Callable[[Path, Mapping[str, str]], Read]] = {
    ".npz": read_npz, ".tsv": read_text, ".csv": read_text, ".txt": read_text, ".ts": read_ts,
    ".parquet": read_parquet, ".pq": read_parquet,
}  # fmt: skip
