"""The proof that splits share no row; what a copy is, the modality knows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ganaug.data.rows import Rows, iter_rows
from ganaug.errors import DataError


def conflicts(rows: Rows) -> NDArray[np.bool_]:
    """Mark the rows whose exact copies bear another label; which one is right cannot be known."""
    _, content = np.unique(rows.ids.astype(str), return_inverse=True)
    pairs = np.unique(np.stack([content, rows.labels]), axis=1)
    labels_of = np.bincount(pairs[0], minlength=len(rows))
    return labels_of[content] > 1


def assert_disjoint(training: Iterable[Rows | str | Path], held_out: Iterable[Rows | str | Path]) -> None:
    """Prove that no held-out row is among those trained on; see `Rows.contents`.

    Parameters
    ----------
    training, held_out : iterable of Rows or path-like
        Rows, or files of the Parquet form.

    Raises
    ------
    DataError
        If a row is in both.
    """
    held = {content: name for name, content in _contents(held_out)}
    for name, content in _contents(training):
        if content in held:
            raise DataError(
                f"{name} and {held[content]} share the row {content}; run prepare again, and what follows it."
            )


def by_chance(reproduced: int, held_out: int) -> bool:
    """Tell whether a generator may have made so many of the held-out rows by chance, to the last bit.

    Rows that hold little coincide: of two halves of scikit-learn's digits in black and white, 2 % of the rows of one
    are also in the other. One row in twenty may be chance, or three, but no more than half of them.

    Parameters
    ----------
    reproduced, held_out : int
        Distinct held-out rows that were made, and how many there are.

    Returns
    -------
    bool
    """
    return reproduced <= min(max(3, held_out / 20), held_out / 2)


def _contents(items: Iterable[Rows | str | Path]) -> Iterator[tuple[str, str]]:
    for item in items:
        name = "the rows given" if isinstance(item, Rows) else str(item)
        for rows in [item] if isinstance(item, Rows) else iter_rows(item):
            for content in rows.contents():
                yield name, content
