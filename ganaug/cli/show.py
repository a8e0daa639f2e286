"""What commands print: a table for people, JSON for scripts."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from typing import Any


def show(arguments: argparse.Namespace, facts: Mapping[str, Any], text: str) -> None:
    """Print the facts as one JSON object where ``--json`` was given, else the text."""
    print(json.dumps(facts, indent=1, allow_nan=False) if arguments.json else text)


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
