"""Augmented splits in the forms that other tools read as they are: CSV, JSON lines, and folders of .txt files."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

from ganaug.data.names import SPLITS
from ganaug.data.rows import iter_rows, read_schema
from ganaug.modalities.image.exports import folder_names


def _table(form: str, splits: Path, folder: Path) -> Iterator[str]:
    """Write each split as one file of texts and class names; see `ganaug.modalities.exports`."""
    for part in SPLITS:
        path = f"{part}.{form}"
        with (folder / path).open("w", encoding="utf-8", newline="") as file:
            table = csv.writer(file, lineterminator="\n")
            if form == "csv":
                table.writerow(["text", "label"])
            for text, label in _labelled(splits / f"{part}.parquet"):
                if form == "csv":
                    table.writerow([text, label])
                else:
                    file.write(json.dumps({"text": text, "label": label}, ensure_ascii=False) + "\n")
                yield path


def _folder(splits: Path, folder: Path) -> Iterator[str]:
    """Write each text as ``<split>/<class>/000000.txt``, in UTF-8 as it stands; see `ganaug.modalities.exports`."""
    for part in SPLITS:
        source = splits / f"{part}.parquet"
        names = folder_names(read_schema(source).classes)
        for i, (text, label) in enumerate(_labelled(source)):
            path = folder / part / names[label] / f"{i:06d}.txt"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode())
            yield path.relative_to(folder).as_posix()


def _labelled(source: Path) -> Iterator[tuple[str, str]]:
    classes = read_schema(source).classes
    for rows in iter_rows(source):
        yield from ((text, classes[code]) for text, code in zip(rows.samples, rows.labels, strict=True))


FORMS: Mapping[str, Callable[[Path, Path], Iterator[str]]] = {
    "csv": partial(_table, "csv"),
    "jsonl": partial(_table, "jsonl"),
    "text_folder": _folder,
}
