"""How alike rows are: numbers by rank, categories by equality, every column counting the same."""

from __future__ import annotations

import hashlib

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ganaug.modalities.loaded import Codes, Ids
from ganaug.modalities.parts import Floats
from ganaug.modalities.table.columns import is_missing
from ganaug.modalities.table.forms import unpack
from ganaug.modalities.table.ids import content_ids
from ganaug.modalities.table.spec import Column, TableSpec
from ganaug.modalities.table.values import measured

HASHED = 16  # numbers that stand for a level, where there are too many to give each its own


def embed(frame: pd.DataFrame, spec: TableSpec) -> Floats:
    """Return numbers (n, F) whose root mean square difference is that of the columns' differences, 0 to about 1.

    A number counts by its rank among the values of its column, as no unit is like another, and is in the middle where
    it is missing. Two different levels of a category differ by 1. Of very many levels each stands at a random place
    on a sphere, where any two are about as far apart. What is not learnt, ids and free text, does not count.
    """
    parts = [_embedded(frame.iloc[:, i].reset_index(drop=True), spec.columns[i]) for i in spec.learnt]
    found = np.concatenate(parts, axis=1)
    return np.asarray(found * np.sqrt(found.shape[1] / len(parts)), np.float32)


def _embedded(column: pd.Series, known: Column) -> NDArray[np.float64]:
    missing = is_missing(column)
    if known.role == "number":
        found = np.zeros((len(column), 2))
        found[~missing, 0] = np.interp(measured(column[~missing]), known.knots, known.ranks)
        found[missing] = 0.5, 1.0
        return found
    if known.levels:
        levels = unpack(known.levels, known.form)
        both = pd.concat([levels, column], ignore_index=True).factorize(use_na_sentinel=True)[0]
        codes = np.where(missing, len(levels), both[len(levels) :])
        return np.asarray(np.eye(len(levels) + 1)[codes.clip(0, len(levels))] / np.sqrt(2))
    codes, values = pd.factorize(column.astype(object), use_na_sentinel=False)
    return np.asarray(np.array([_place(value) for value in values]).reshape(-1, HASHED)[codes] / np.sqrt(2))


def _place(value: object) -> NDArray[np.float64]:
    """Return a point on the unit sphere that depends on nothing but a value."""
    seed = hashlib.blake2b(str(value).encode(), digest_size=8).digest()
    point = np.random.default_rng(int.from_bytes(seed, "little")).normal(size=HASHED)
    unit: NDArray[np.float64] = point / np.linalg.norm(point)
    return unit


def learnt_ids(frame: pd.DataFrame, spec: TableSpec) -> Ids:
    """Hash what is learnt of each row: rows that differ in their ids alone are copies."""
    return content_ids(frame.iloc[:, list(spec.learnt)])


def duplicates(frame: pd.DataFrame, spec: TableSpec) -> Codes:
    """Cluster rows that are equal but for what is not learnt, unless such rows come about by chance."""
    if not copies_leak(spec):
        return np.arange(len(frame))
    codes: Codes = np.unique(learnt_ids(frame, spec), return_inverse=True)[1].astype(np.int64)
    return codes


class TableOriginals:
    """Rows of which copies are looked for."""

    def __init__(self, frame: pd.DataFrame, spec: TableSpec, ids: Ids | None = None) -> None:
        self.ids = content_ids(frame) if ids is None else ids
        self._spec, self._known = spec, frozenset(learnt_ids(frame, spec))

    def copies(self, samples: pd.DataFrame, ids: Ids | None = None) -> NDArray[np.bool_]:
        """Mark the rows (n,) that are equal to one of these but for what is not learnt."""
        return np.array([found in self._known for found in learnt_ids(samples, self._spec)], bool)


def copies_leak(spec: TableSpec) -> bool:
    """Tell whether equal rows must come from one origin, as in tables with fine numbers."""
    return not spec.equal_by_chance
