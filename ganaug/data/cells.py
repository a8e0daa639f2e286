"""Cells: the rows of one class in one group, a site, a device, a font or a speaker with rows of several classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ganaug.modalities.rarity import FEW
from ganaug.utils.words import counted

WORST = 5  # cells that are named
SHOWN = 12  # groups, up to which every cell is shown


@dataclass(frozen=True)
class Cells:
    """How many rows there are in each cell.

    Attributes
    ----------
    classes : tuple of str
        Class names, K.
    groups : tuple of str
        Names of the groups that have rows, G, in alphabetical order.
    counts : int array (K, G)
        Rows.
    """

    classes: tuple[str, ...]
    groups: tuple[str, ...]
    counts: NDArray[np.int64]

    @classmethod
    def of(cls, classes: Sequence[str], labels: NDArray[np.int64], groups: NDArray[np.object_]) -> Cells:
        """Count rows of these labels (n,) and groups (n,); those whose group is None are in no cell."""
        known = ~pd.isna(groups)
        names, codes = np.unique(groups[known].astype(str), return_inverse=True)
        counts = np.zeros((len(classes), len(names)), np.int64)
        np.add.at(counts, (labels[known], codes), 1)
        return cls(tuple(classes), tuple(names.tolist()), counts)

    def find(self, labels: NDArray[np.int64], groups: NDArray[np.object_]) -> NDArray[np.int64]:
        """Return the number of the cell, ``label * G + group``, of rows (n,); -1 where there is no such group here."""
        group = pd.Index(self.groups).get_indexer(pd.Index(groups))
        return np.where(group < 0, -1, labels * len(self.groups) + group).astype(np.int64)

    def about(self) -> dict[str, Any] | None:
        """Describe them as reports do; None where no row has a group.

        Returns
        -------
        dict or None
            ``groups`` and ``cells``, how many; ``empty`` and ``thin``, how many cells have none and 1 to 9 rows;
            ``mixed``, how many groups have rows of several classes; ``worst``, the first empty or thin cells, by rows
            and then by the size of the group, as mappings with ``class``, ``group`` and ``rows``; ``table``, the rows
            of every cell by class, and ``names``, the groups, both None where these are more than `SHOWN`.
        """
        if not self.groups:
            return None
        rows = self.counts.ravel()
        order = np.lexsort((np.tile(-self.counts.sum(0), len(self.counts)), rows))  # which keeps that of equal ones
        worst = order[: min(WORST, int((rows < FEW).sum()))]
        few = len(self.groups) <= SHOWN
        return {
            "groups": len(self.groups),
            "mixed": int(((self.counts > 0).sum(0) > 1).sum()),
            "cells": self.counts.size,
            "empty": int((self.counts == 0).sum()),
            "thin": int(((self.counts > 0) & (self.counts < FEW)).sum()),
            "worst": [
                {"class": self.classes[k], "group": self.groups[g], "rows": int(self.counts[k, g])}
                for k, g in zip(*np.unravel_index(worst, self.counts.shape), strict=True)
            ],
            "names": list(self.groups) if few else None,
            "table": dict(zip(self.classes, self.counts.tolist(), strict=True)) if few else None,
        }


def cells_text(about: Mapping[str, Any]) -> str:
    """Say in a sentence what `Cells.about` found."""
    groups = counted(about["groups"], "group")
    if not about["mixed"]:
        return f"{groups}, none of which has rows of several classes"
    if not about["empty"] + about["thin"]:
        return f"{groups}, with {FEW} rows or more of every class"
    worst = [f"{cell['class']} in {cell['group']} ({cell['rows']})" for cell in about["worst"]]
    more = ["..."] if about["empty"] + about["thin"] > len(worst) else []
    return (
        f"{groups}; of {about['cells']:,} cells (a class in a group) {about['empty']:,} are empty and "
        f"{about['thin']:,} have fewer than {FEW} rows: {', '.join(worst + more)}"
    )
