"""What commands print: a table for people, JSON for scripts."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganaug.data.names import SPLITS


def show(arguments: argparse.Namespace, facts: Mapping[str, Any], text: str) -> None:
    """Print the facts as one JSON object where ``--json`` was given, else the text."""
    print(json.dumps(facts, indent=1, allow_nan=False) if arguments.json else text)


def count_classes(classes: Sequence[str], codes: NDArray[np.int64], parts: NDArray[Any]) -> list[dict[str, Any]]:
    """Count the rows of each class in each part, a mapping a class.

    Parameters
    ----------
    classes : sequence of str
    codes : ndarray of shape (n,), int64
        Positions in ``classes``.
    parts : ndarray of shape (n,)
        train, validation or test, or rows where there are no splits.
    """
    found = {
        part: np.bincount(codes[parts == part], minlength=len(classes)).tolist()
        for part in (*SPLITS, "rows")
        if (parts == part).any()
    }
    return [
        {"class": name, **{part: counts[code] for part, counts in found.items()}} for code, name in enumerate(classes)
    ]


def class_table(classes: Sequence[Mapping[str, Any]]) -> str:
    """Write in a table what there is to say of each class, the same of all."""
    return table([list(classes[0]), *(list(row.values()) for row in classes)])


def table(rows: Sequence[Sequence[Any]]) -> str:
    """Align rows of cells in columns; numbers to the right.

    Examples
    --------
    >>> print(table([["class", "rows"], ["cat", 7], ["horse", 12]]))
    class  rows
    cat       7
    horse    12
    """
    widths = [max(len(str(row[i])) for row in rows) for i in range(len(rows[0]))]
    numeric = [all(isinstance(row[i], (int, float)) for row in rows[1:]) for i in range(len(rows[0]))]
    lines = [
        "  ".join(
            f"{cell!s:{'>' if right else '<'}{width}}" for cell, width, right in zip(row, widths, numeric, strict=True)
        )
        for row in rows
    ]
    return "\n".join(line.rstrip() for line in lines)
