"""Augmented splits in the forms that other tools read as they are.

Every export has a ``provenance.csv`` at its root, and nowhere else, with one line a row: path, label, split, synthetic,
id, group, model. Images are PNG. The root of ``webdataset`` also has a card, ``README.md``, from which
``datasets.load_dataset(root)`` and the Hugging Face Hub know the names behind the numbers in ``.cls``.
"""

from __future__ import annotations

import csv
import io
import json
import re
import tarfile
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from urllib.parse import unquote

import pyarrow.parquet as pq

from ganaug.data.folders import fresh_folder
from ganaug.data.rows import Schema, iter_encoded, read_schema
from ganaug.errors import DataError

PARTS = ("train", "validation", "test")
SHARD = 10_000  # samples in a tar file

_SPLIT_WORDS = "train|training|validation|valid|val|dev|test|testing|eval|evaluation"
_UNSAFE = re.compile(
    r'[%/\\:*?"<>|\[\]{}\x00-\x1f\x7f]'  # separators, wildcards, control characters
    r"|^[._ ]|[. ]$"  # hidden, ignored, or trimmed somewhere
    r"|^(?:con|prn|aux|nul|com\d|lpt\d)(?=\.|$)"  # devices on Windows
    rf"|(?:^|(?<=[-._ \d]))(?:{_SPLIT_WORDS})(?=$|[-._ \d])",  # Hugging Face would take the class for a split
    re.IGNORECASE,
)


def escape(name: str) -> str:
    """Make a class name a safe folder name: what is unsafe becomes %XX, as in URLs; `unescape` reverses it."""
    return _UNSAFE.sub(lambda found: "".join(f"%{b:02X}" for b in found[0][0].encode()) + found[0][1:], name)


def unescape(name: str) -> str:
    """Return the class name that `escape` made a folder name of."""
    return unquote(name)


def folder_names(classes: Sequence[str]) -> dict[str, str]:
    """Name a folder for each class by `escape`, so that no two are one where case does not count.

    Of names that differ only in case, all but plain lower-case ones are escaped letter by letter: ``a``, ``%41``.
    """
    keys = [unicodedata.normalize("NFC", name.casefold()) for name in classes]
    names = Counter(keys)
    return {
        name: escape(name)
        if names[key] == 1 or (name.isascii() and name.islower())
        else "".join(f"%{byte:02X}" for byte in name.encode())
        for name, key in zip(classes, keys, strict=True)
    }


def export(kind: str, splits: str | Path, out: str | Path) -> None:
    """Write the splits of one repeat in another form. The folder ``out`` is replaced as a whole.

    Parameters
    ----------
    kind : {"image_folder", "webdataset", "csv"}
        ``image_folder``: ``{split}/{class}/000000-real.png``, class names escaped by `folder_names`.
        ``webdataset``: shards ``{split}-000000.tar`` of ``.png``, ``.cls`` (the label's number) and ``.json``, with a
        dataset card. ``csv``: images ``images/{split}-000000.png``, with ``provenance.csv`` for a table of labels.
    splits : path-like
        Folder with train, validation and test.parquet.
    out : path-like
        Folder to write.

    Raises
    ------
    DataError
        If the kind is unknown, or a split cannot be read.
    """
    if kind not in EXPORTS:
        raise DataError(f"{kind!r} is no export; known are {', '.join(EXPORTS)}.")
    with (
        fresh_folder(out, "provenance.csv") as folder,
        (folder / "provenance.csv").open("w", newline="", encoding="utf-8") as file,
    ):
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["path", "label", "split", "synthetic", "id", "group", "model"])
        for part in PARTS:
            for path, s in EXPORTS[kind](folder, _samples(Path(splits) / f"{part}.parquet", part)):
                table.writerow([path, s.label, part, int(s.synthetic), s.id, s.group or "", s.model])
        if kind == "webdataset":
            card = _card(read_schema(Path(splits) / "train.parquet"), {path.name for path in folder.glob("*.tar")})
            (folder / "README.md").write_text(card, encoding="ascii", newline="\n")


@dataclass(frozen=True)
class _Sample:
    part: str
    number: int
    png: bytes
    code: int
    label: str
    folder: str
    synthetic: bool
    id: str
    group: str | None
    model: str


def _samples(path: Path, part: str) -> Iterator[_Sample]:
    classes = read_schema(path).classes
    folders = folder_names(classes)
    extra = ["model"] if "model" in pq.read_schema(path).names else []
    number = 0
    for rows in iter_encoded(path, extra):
        for row in rows.to_pylist():
            code = row["label"]
            yield _Sample(
                part,
                number,
                row["image"]["bytes"],
                code,
                classes[code],
                folders[classes[code]],
                row["synthetic"],
                row["id"],
                row["group"],
                row.get("model", ""),
            )
            number += 1


def _image_folder(folder: Path, samples: Iterator[_Sample]) -> Iterator[tuple[str, _Sample]]:
    for s in samples:
        path = f"{s.part}/{s.folder}/{s.number:06d}-{'synthetic' if s.synthetic else 'real'}.png"
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(s.png)
        yield path, s


def _csv(folder: Path, samples: Iterator[_Sample]) -> Iterator[tuple[str, _Sample]]:
    (folder / "images").mkdir(exist_ok=True)
    for s in samples:
        path = f"images/{s.part}-{s.number:06d}.png"
        (folder / path).write_bytes(s.png)
        yield path, s


def _webdataset(folder: Path, samples: Iterator[_Sample]) -> Iterator[tuple[str, _Sample]]:
    for name, batch in groupby(samples, lambda s: f"{s.part}-{s.number // SHARD:06d}.tar"):
        with tarfile.open(folder / name, "w", format=tarfile.USTAR_FORMAT) as tar:
            for s in batch:
                about = {"class": s.label, "synthetic": s.synthetic, "id": s.id, "group": s.group, "model": s.model}
                files = {"png": s.png, "cls": str(s.code).encode(), "json": json.dumps(about).encode()}
                for kind, content in files.items():
                    entry = tarfile.TarInfo(f"{s.number:06d}.{kind}")  # its time is 0
                    entry.size = len(content)
                    tar.addfile(entry, io.BytesIO(content))
                yield f"{name}/{s.number:06d}.png", s


def _card(schema: Schema, shards: set[str]) -> str:
    """Return a dataset card that gives `datasets` the splits and the types of what `_webdataset` wrote."""
    about = {"class": "string", "synthetic": "bool", "id": "string", "group": "string", "model": "string"}
    features = [
        {"name": "png", "dtype": "image"},
        {"name": "cls", "dtype": {"class_label": {"names": {str(i): name for i, name in enumerate(schema.classes)}}}},
        {"name": "json", "struct": [{"name": name, "dtype": kind} for name, kind in about.items()]},
        *({"name": name, "dtype": "string"} for name in ("__key__", "__url__")),  # which `datasets` adds
    ]
    files = [{"split": part, "path": f"{part}-*.tar"} for part in PARTS if f"{part}-000000.tar" in shards]
    card = {"configs": [{"config_name": "default", "data_files": files}], "dataset_info": {"features": features}}
    # JSON is YAML, but for characters beyond ASCII, which not every YAML reader takes as they are or as JSON escapes.
    text = json.dumps(card, indent=1, ensure_ascii=False)
    return "---\n" + re.sub(r"[^\n -~]", lambda found: f"\\U{ord(found[0]):08X}", text) + "\n---\n"


EXPORTS: dict[str, Callable[[Path, Iterator[_Sample]], Iterator[tuple[str, _Sample]]]] = {
    "image_folder": _image_folder,
    "webdataset": _webdataset,
    "csv": _csv,
}
