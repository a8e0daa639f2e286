"""Names of classes and of splits, as sources write them."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from ganaug.errors import DataError

SPLITS = ("train", "validation", "test")
SPLIT_NAMES = {  # as `plain_word` writes them
    "train": "train", "training": "train",
    "validation": "validation", "val": "validation", "valid": "validation", "dev": "validation",
    "test": "test", "testing": "test",
}  # fmt: skip


def check_classes(names: Iterable[str]) -> tuple[str, ...]:
    """Return class names; `DataError` where one is empty, or two are the same or differ only in Unicode form."""
    classes = tuple(names)
    if "" in classes:
        raise DataError("a class has an empty name; name it.")
    known: dict[str, str] = {}
    for name in classes:
        key = unicodedata.normalize("NFC", name)
        if known.get(key) == name:
            raise DataError(f"class name {name!r} stands for two labels; name each differently.")
        if key in known:
            raise DataError(f"class names {known[key]!r} and {name!r} differ only in Unicode form; make them one.")
        known[key] = name
    return classes


def class_order(name: str) -> tuple[bool, int, str, str]:
    """Sort whole numbers by value, before other names in alphabetical order."""
    digits = name.lstrip("0") if name.isascii() and name.isdigit() else None
    return digits is None, len(digits or ""), digits or "", name


def plain_word(name: str) -> str:
    """Write a name in small letters and digits alone: ``Hold-out`` becomes ``holdout``."""
    return "".join(letter for letter in name.lower() if letter.isalnum())


def split_name(name: str, where: str) -> str:
    """Translate a source's word for a split (``val``, ``Testing``) to ours."""
    try:
        return SPLIT_NAMES[plain_word(name)]
    except KeyError:
        known = ", ".join(sorted(SPLIT_NAMES))
        raise DataError(f"{where}: {name!r} is no split; use one of {known}.") from None
