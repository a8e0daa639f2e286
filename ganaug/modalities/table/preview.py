"""Rows of a table to look at: in a page, and in a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
from markupsafe import Markup

from ganaug.errors import DataError
from ganaug.modalities.table.columns import is_missing
from ganaug.modalities.table.spec import TableSpec
from ganaug.utils.files import atomic_path
from ganaug.utils.html import render

COLUMNS = 12  # shown in a page, at most
LETTERS = 40  # of a value
ROW_BYTES = 600


def preview(samples: pd.DataFrame, alt: str) -> Markup:
    """Return rows as a table; of very many columns the first ones, and how many there are."""
    shown = samples.iloc[:, :COLUMNS]
    more = samples.shape[1] - shown.shape[1]
    missing = [is_missing(shown.iloc[:, j].reset_index(drop=True)) for j in range(shown.shape[1])]
    rows = [
        [None if missing[j][i] else _cell(shown.iloc[i, j]) for j in range(shown.shape[1])] for i in range(len(shown))
    ]
    return render("modalities/table/templates/rows.html", caption=alt, columns=shown.columns, rows=rows, more=more)


def preview_bytes(spec: TableSpec) -> int:
    """Return the bytes of a page that a row takes."""
    return ROW_BYTES * min(len(spec.columns), COLUMNS) // COLUMNS + 1


def save_grid(samples: pd.DataFrame, path: Path) -> Path:
    """Write rows as CSV in UTF-8; return the path."""
    out = path.with_suffix(".csv")
    with atomic_path(out) as temporary:
        samples.to_csv(temporary, index=False, encoding="utf-8", lineterminator="\n")
    return out


def show_grid(path: Path, alt: str) -> Markup:
    """Return a table that `save_grid` wrote; `DataError` where it is none."""
    try:
        return preview(pd.read_csv(path, dtype=str, keep_default_na=False), alt)
    except (OSError, ValueError) as error:
        raise DataError(f"{path} cannot be read as a table; run the train_gan stage again") from error


def _cell(value: Any) -> str:
    text = f"{value:.4g}" if isinstance(value, float) else str(value)
    return text if len(text) <= LETTERS else f"{text[: LETTERS - 1]}…"
