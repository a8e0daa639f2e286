"""The proof that splits share no row; what a copy is, the modality knows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ganaug.data.rows import Rows
from ganaug.errors import DataError

Contents = Mapping[Path, Iterable[str]]  # by file what tells its rows apart, see `Rows.contents`


def conflicts(rows: Rows) -> NDArray[np.bool_]:
    """Mark the rows whose exact copies bear another label; which one is right cannot be known."""
    content, k = pd.factorize(rows.ids)[0], len(rows.schema.classes)
    pairs = np.unique(content * k + rows.labels)
    labels_of = np.bincount(pairs // k)
    found: NDArray[np.bool_] = labels_of[content] > 1
    return found


def assert_disjoint(training: Contents, held_out: Contents) -> None:
    """Prove that no held-out row is among those trained on.

    Parameters
    ----------
    training, held_out : mapping of file to contents
        See `ganaug.data.rows.Rows.contents`: of decoded rows these are hashes of what they hold. Ids as a file states
        them will do after the stage that wrote it, and before the one that decodes it.

    Raises
    ------
    DataError
        If a row is in both.
    """
    held = {content: name for name, contents in held_out.items() for content in contents}
    for name, contents in training.items():
        for content in contents:
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
