"""Synthetic rows to draw from one by one: those of a Parquet file, by class."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ganaug.config import suggestion
from ganaug.data.rows import Schema, read_samples, read_schema, read_table
from ganaug.errors import DataError
from ganaug.utils.samples import Samples, take


class RowPool:
    """Synthetic samples by class, in memory. Make one with `RowPool.open`; a pickle of it holds its path only.

    Attributes
    ----------
    path : Path
        What it was opened from.
    schema : Schema
        What a sample is, and the names of the classes.
    classes : tuple of str
        Class names.
    samples : Samples (n)
        As the modality holds them, in the order of the classes.
    labels : int64 array (n,)
        Positions in ``classes``.
    """

    def __init__(self, path: Path, schema: Schema, counts: Sequence[int], samples: Samples) -> None:
        self.path, self.schema, self.classes, self.samples = path, schema, schema.classes, samples
        self.labels = np.arange(len(self.classes)).repeat(counts)
        ends = np.cumsum(counts).tolist()
        spans = [range(end - count, end) for end, count in zip(ends, counts, strict=True)]
        self._spans: dict[Hashable, range] = dict(zip(self.classes, spans, strict=True))
        numerals = {str(i): i for i in range(len(self.classes))}
        if all(numerals.get(name, i) == i for i, name in enumerate(self.classes)):  # else 1 could mean "1" or another
            self._spans |= dict(enumerate(spans))

    @classmethod
    def open(cls, path: str | Path) -> RowPool:
        """Read the synthetic rows of a Parquet file, as *generate* and *merge* write it.

        Rows marked ``synthetic`` count, and of those the ``kept`` ones where the file says.

        Raises
        ------
        DataError
            There is no such file, it is damaged, or has no such row.
        """
        path = Path(path).resolve()
        schema, (at, labels) = read_schema(path), synthetic_rows(path)
        counts = np.bincount(labels, minlength=len(schema.classes)).tolist()
        return cls(path, schema, counts, read_samples(path, at[labels.argsort(kind="stable")]))

    def __len__(self) -> int:
        return len(self.labels)

    def of_class(self, label: Hashable) -> range:
        """Return the positions of a class's samples, none where the pool has no sample of it.

        Parameters
        ----------
        label : str or int
            A class's name, or its position in ``classes``; the name only, where names such as "1" stand elsewhere.

        Raises
        ------
        DataError
            The label is unknown.
        """
        try:
            return self._spans[label]
        except (KeyError, TypeError):
            raise unknown_class(label, self.classes, self.path) from None

    def item(self, i: int) -> Any:
        """Return one sample as other libraries take it, see `ganaug.modalities.base.Modality.item`."""
        modality, spec = self.schema.modality, self.schema.spec
        return modality.item(modality.restore(take(self.samples, slice(i, i + 1)), spec))

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self).open, (self.path,)


def synthetic_rows(path: str | Path) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the positions (n,) of a file's synthetic rows, kept ones where the file says, and their labels (n,).

    Raises
    ------
    DataError
        The file is missing, damaged or has no such row.
    """
    read_schema(path)  # says what is wrong with a file that is none
    marks = [name for name in ("synthetic", "kept") if name in pq.read_schema(path).names]
    table = read_table(path, ["label", *marks])
    wanted = np.flatnonzero(table[marks].all(axis=1))
    if not len(wanted):
        raise DataError(f"{path} holds no row that is {' and '.join(marks)}: generate some first.")
    return wanted, table["label"].to_numpy()[wanted]


def unknown_class(label: object, classes: tuple[Any, ...], path: str | Path) -> DataError:
    """Say that a pool has no such class, and which it has."""
    hint = suggestion(str(label), map(str, classes))
    known = ", ".join(map(repr, classes[:20])) + (", ..." if len(classes) > 20 else "")
    return DataError(f"{path} has no class {label!r}{hint}; its classes are {known}.")
