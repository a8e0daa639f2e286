"""Augmented splits in the forms that other tools read as they are.

Images are PNG. ``image_folder``: ``{split}/{class}/000000-real.png``, class names escaped by `folder_names`.
``webdataset``: shards ``{split}-000000.tar`` of ``.png``, ``.cls`` (the label's number) and ``.json``, with a card,
``README.md``, from which ``datasets.load_dataset(root)`` and the Hugging Face Hub know the names behind the numbers.
``csv``: images ``images/{split}-000000.png``; ``provenance.csv`` has the labels. See `ganaug.modalities.exports`.
"""

from __future__ import annotations

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

from ganaug.data.names import SPLITS
from ganaug.data.rows import Schema, iter_encoded, read_schema

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


@dataclass(frozen=True)
class _Sample:
    part: str
    number: int
    content: bytes
    code: int
    label: str
    folder: str
    synthetic: bool
    id: str
    group: str | None
    model: str


def _samples(splits: Path, column: str = "image") -> Iterator[_Sample]:
    for part in SPLITS:
        yield from _samples_of(splits / f"{part}.parquet", part, column)


def _samples_of(path: Path, part: str, column: str) -> Iterator[_Sample]:
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
                row[column]["bytes"],
                code,
                classes[code],
                folders[classes[code]],
                row["synthetic"],
                row["id"],
                row["group"],
                row.get("model", ""),
            )
            number += 1


def write_folder(
    splits: Path,
    folder: Path,
    column: str = "image",
    suffix: str = "png",
    convert: Callable[[bytes], bytes] = lambda content: content,
) -> Iterator[str]:
    """Write each sample as the file that a column holds, or what ``convert`` makes of it, by split and class."""
    for s in _samples(splits, column):
        path = f"{s.part}/{s.folder}/{s.number:06d}-{'synthetic' if s.synthetic else 'real'}.{suffix}"
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(convert(s.content))
        yield path


def _csv(splits: Path, folder: Path) -> Iterator[str]:
    (folder / "images").mkdir(exist_ok=True)
    for s in _samples(splits):
        path = f"images/{s.part}-{s.number:06d}.png"
        (folder / path).write_bytes(s.content)
        yield path


def _webdataset(splits: Path, folder: Path) -> Iterator[str]:
    for name, batch in groupby(_samples(splits), lambda s: f"{s.part}-{s.number // SHARD:06d}.tar"):
        with tarfile.open(folder / name, "w", format=tarfile.USTAR_FORMAT) as tar:
            for s in batch:
                about = {"class": s.label, "synthetic": s.synthetic, "id": s.id, "group": s.group, "model": s.model}
                files = {"png": s.content, "cls": str(s.code).encode(), "json": json.dumps(about).encode()}
                for kind, content in files.items():
                    entry = tarfile.TarInfo(f"{s.number:06d}.{kind}")  # its time is 0
                    entry.size = len(content)
                    tar.addfile(entry, io.BytesIO(content))
                yield f"{name}/{s.number:06d}.png"
    card = _card(read_schema(splits / "train.parquet"), {path.name for path in folder.glob("*.tar")})
    (folder / "README.md").write_text(card, encoding="ascii", newline="\n")


def _card(schema: Schema, shards: set[str]) -> str:
    """Return a dataset card that gives `datasets` the splits and the types of what `_webdataset` wrote."""
    about = {"class": "string", "synthetic": "bool", "id": "string", "group": "string", "model": "string"}
    features = [
        {"name": "png", "dtype": "image"},
        {"name": "cls", "dtype": {"class_label": {"names": {str(i): name for i, name in enumerate(schema.classes)}}}},
        {"name": "json", "struct": [{"name": name, "dtype": kind} for name, kind in about.items()]},
        *({"name": name, "dtype": "string"} for name in ("__key__", "__url__")),  # which `datasets` adds
    ]
    files = [{"split": part, "path": f"{part}-*.tar"} for part in SPLITS if f"{part}-000000.tar" in shards]
    card = {"configs": [{"config_name": "default", "data_files": files}], "dataset_info": {"features": features}}
    # JSON is YAML, but for characters beyond ASCII, which not every YAML reader takes as they are or as JSON escapes.
    text = json.dumps(card, indent=1, ensure_ascii=False)
    return "---\n" + re.sub(r"[^\n -~]", lambda found: f"\\U{ord(found[0]):08X}", text) + "\n---\n"


FORMS = {"image_folder": write_folder, "webdataset": _webdataset, "csv": _csv}
