"""Texts to look at: in a page, and in a file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from markupsafe import Markup

from ganaug.errors import DataError
from ganaug.modalities.text.spec import TextSpec
from ganaug.utils.files import atomic_path
from ganaug.utils.html import render

LETTERS, LEAST = 300, 60  # of a text that a page shows, at most and at least
MARKUP = 40  # bytes around a text
LETTER_BYTES = 2


def preview(samples: Sequence[str], alt: str, columns: int, budget: int) -> Markup:
    """Return texts one below the other, cut to what there is room for."""
    room = min(LETTERS, max(LEAST, (budget - MARKUP) // LETTER_BYTES))
    shown = [text if len(text) <= room else f"{text[: room - 1]}…" for text in samples]
    return render("modalities/text/templates/texts.html", texts=shown, alt=alt)


def preview_bytes(spec: TextSpec) -> int:
    """Return the bytes of a page that a text takes to be seen well."""
    return LETTER_BYTES * min(spec.longest, LETTERS) + MARKUP


def save_grid(samples: Sequence[str], path: Path) -> Path:
    """Write texts as JSON; return the path."""
    out = path.with_suffix(".json")
    with atomic_path(out) as temporary:
        temporary.write_text(json.dumps(list(samples), ensure_ascii=False, indent=0), encoding="utf-8", newline="\n")
    return out


def show_grid(path: Path, alt: str) -> Markup:
    """Return texts that `save_grid` wrote; `DataError` where it is none."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"{path} cannot be read as texts; run the train_gan stage again") from error
    if not isinstance(found, list) or not all(isinstance(text, str) for text in found):
        raise DataError(f"{path} holds no texts; run the train_gan stage again")
    return preview(found, alt, 1, LETTERS * LETTER_BYTES)
