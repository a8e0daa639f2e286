"""From a source to labelled texts; those that cannot be used are set aside, by name and reason."""

from __future__ import annotations

import csv
import difflib
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyarrow as pa

from ganaug.data.names import split_name
from ganaug.errors import DataError
from ganaug.modalities.files.kind import FileKind
from ganaug.modalities.files.load import check_readable, loaded, read_files
from ganaug.modalities.files.manifest import read_objects
from ganaug.modalities.files.opening import MANIFESTS, holds_files, open_files
from ganaug.modalities.files.source import Source, UnreadableError
from ganaug.modalities.loaded import Loaded, Rejected
from ganaug.modalities.sentences import COLUMNS, PARQUET, SIGNS, holds_texts
from ganaug.modalities.table.files import Read, decode, read_parquet, read_text
from ganaug.modalities.table.load import check_label, labels_of, words_of
from ganaug.modalities.text.builtin import shop_messages
from ganaug.modalities.text.spec import infer, problem
from ganaug.modalities.text.vocabulary import LENGTH, pieces

BUILTIN: Mapping[str, Callable[[], tuple[list[str], list[str]]]] = {"shop_messages": shop_messages}
TEXTS = FileKind(unit="text", column="text", suffixes=frozenset({".txt"}), builtin=tuple(BUILTIN))
TOLD = 0.5  # share of the texts that hold their own label, from which it is said


def claims(source: str | Path, columns: Mapping[str, str]) -> str:
    """Say why a source holds texts; empty where it does not, or where it may as well be a table."""
    if source in BUILTIN:
        return "built in"
    path = Path(source)
    if path.is_dir():
        return holds_files(path, TEXTS, columns)
    if path.is_file() and path.suffix.lower() in (*SIGNS, *PARQUET, ".jsonl"):
        with suppress(OSError, ValueError, csv.Error, pa.ArrowException):  # which whoever reads it will explain
            return holds_texts(path, columns) or holds_files(path, TEXTS, columns)
    return ""


def load(source: str | Path, options: Mapping[str, Any]) -> Loaded:
    """Read a source, see `ganaug.modalities.base.Modality.load`."""
    columns = {**COLUMNS, **options.get("columns", {})}
    most = float(options.get("max_unreadable", 0.05))
    path = Path(source)
    if source in BUILTIN:
        texts, labels = BUILTIN[str(source)]()
        return _loaded(Source([f"row {i}" for i in range(len(texts))], labels, []), texts, "written by a grammar", most)
    if path.is_file() and path.suffix.lower() in (*SIGNS, *PARQUET, ".jsonl") and not _names_files(path, columns):
        return _from_table(path, columns, most)
    if path.is_file() and path.suffix.lower() not in MANIFESTS:
        raise DataError(
            f"source {str(source)!r} is a {path.suffix or 'nameless'} file; give a folder with a folder of .txt files "
            f"for each class, {', '.join(SIGNS)}, .jsonl or {', '.join(PARQUET)}."
        )
    if not path.exists():
        close = difflib.get_close_matches(str(source), BUILTIN, n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"built-in texts are {', '.join(BUILTIN)}."
        raise DataError(f"source {str(source)!r} is neither a file nor a folder here; {hint}")
    found = open_files(path, TEXTS, columns)
    positions, texts, rejected = read_files(found, TEXTS, _read_file, most)
    return _put_together(found, positions, texts, rejected, "files of text")


def _names_files(path: Path, columns: Mapping[str, str]) -> bool:
    """Tell whether a manifest names .txt files, and holds no texts itself."""
    with suppress(OSError, ValueError, csv.Error, pa.ArrowException):
        return not holds_texts(path, columns) and bool(holds_files(path, TEXTS, columns))
    return False


def _read_file(item: Path | bytes) -> str:
    """Return the text in a file, without the end of its last line."""
    text = decode(item if isinstance(item, bytes) else item.read_bytes())[0].removesuffix("\n").removesuffix("\r")
    if why := problem(text):
        raise UnreadableError(why)
    return text


def _from_table(path: Path, columns: Mapping[str, str], most: float) -> Loaded:
    """Read a table with a text a row."""
    asked = [columns[name] for name in COLUMNS]
    try:
        if path.suffix.lower() == ".jsonl":
            frame = read_objects(path)
            words = {name: frame[name].tolist() for name in asked if name in frame}
            read = Read(frame, list(range(len(frame))), words, read_as="JSON lines")
        else:
            read = (read_parquet if path.suffix.lower() in PARQUET else read_text)(path, asked)
    except OSError as error:
        raise DataError(f"source {str(path)!r} cannot be read: {error}; make it readable.") from error
    check_label(path, read.frame, columns["label"], "the labels")
    check_label(path, read.frame, columns["text"], "the texts")
    labels = labels_of(path, read, columns["label"])
    texts = read.words[columns["text"]]
    made = read.frame["synthetic"].tolist() if "synthetic" in read.frame else [False] * len(texts)
    reasons = [
        "synthetic, not real" if fake is True else "no label" if not label else _why_not(text)
        for fake, label, text in zip(made, labels, texts, strict=True)
    ]
    good = [i for i, reason in enumerate(reasons) if not reason]
    names = [f"row {i}" for i in read.rows]
    rejected = [Rejected(f"row {i}", reason) for i, reason in read.ragged]
    rejected += [Rejected(name, reason) for name, reason in zip(names, reasons, strict=True) if reason]
    check_readable(rejected, len(names) + len(read.ragged), most)
    groups, splits = (words_of(path, read, columns[name]) for name in ("group", "split"))
    source = Source(
        [names[i] for i in good],
        [labels[i] for i in good],
        [],
        None if splits is None else [split_name(splits[i], f"{path}, {names[i]}") for i in good],
        None if groups is None else [groups[i] or None for i in good],
        rejected=rejected,
        where=str(path),
    )
    return _loaded(source, [texts[i] for i in good], read.read_as, 1.0)


def _why_not(value: Any) -> str:
    if not isinstance(value, str):
        return "no text" if value is None or value != value else f"a {type(value).__name__}, no text"
    return problem(value)


def _loaded(source: Source, texts: Sequence[str], read_as: str, most: float) -> Loaded:
    return _put_together(source, range(len(texts)), texts, source.rejected, read_as)


def _put_together(
    source: Source, positions: Sequence[int], texts: Sequence[str], rejected: list[Rejected], read_as: str
) -> Loaded:
    try:
        samples, spec = infer(list(texts))
    except DataError as error:
        raise DataError(f"{source.where}: {error}") from error
    findings = _findings(samples, [source.labels[i] for i in positions])
    facts = {"read_as": read_as, "findings": findings, "notes": findings}
    return loaded(source, positions, samples, spec, rejected=rejected, facts=facts)


def _findings(texts: Sequence[str], labels: Sequence[str]) -> list[str]:
    """Say in sentences what else is worth knowing."""
    found = []
    if long := sum(len(pieces(text)) > LENGTH for text in texts):
        found.append(
            f"Cut for the GAN: {long:,} of {len(texts):,} texts have more than {LENGTH} words and signs; classifiers "
            f"see all of them, generated texts are made of the first {LENGTH}."
        )
    if (telling := sum(map(_holds, texts, labels))) > TOLD * len(texts):
        found.append(
            f"{telling:,} of {len(texts):,} texts hold the name of their class: if it was written there with the "
            "label, take it out, or classifiers learn nothing else."
        )
    if lost := sum("\ufffd" in text for text in texts):
        found.append(f"{lost:,} texts have characters that were lost (\ufffd): see in which encoding they were saved.")
    return found


def _holds(text: str, label: str) -> bool:
    """Tell whether a text has a class name among its words."""
    return label.casefold() in {piece.strip().casefold() for piece in pieces(text)}
