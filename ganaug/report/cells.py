"""The section on cells: what arms are worth where training has no row, and what such cells were filled with."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ganaug.report.gallery import COLUMNS, strip
from ganaug.report.numbers import change
from ganaug.report.run import Repeat, Run

CARDS = 20  # cells that are shown
LINES = 2  # of tiles beside each other, for each kind of rows
PAGE_BYTES = 400_000  # that all these samples together may take


def cells_section(run: Run, summary: dict[str, Any]) -> dict[str, Any] | None:
    """Cells that are empty in training and tested, and those that were filled; None where there are none of either.

    Of a filled cell: training rows of its class in other groups, rows in the style of the group that were made of them,
    and training rows of the group.
    """
    repeat = run.repeats[0]
    tested = (summary.get("groups") or {}).get("cells") or []
    made = repeat.candidates.loc[repeat.candidates["group"].notna(), ["label", "group"]].drop_duplicates()
    if not tested and made.empty:
        return None
    cells = pd.DataFrame({"label": repeat.labels, "group": repeat.groups}).value_counts()
    made["rows"] = cells.reindex(pd.MultiIndex.from_frame(made), fill_value=0).to_numpy()
    made = made.sort_values(["rows", "label", "group"])[:CARDS]
    budget = PAGE_BYTES // (max(len(made), 1) * 3 * LINES * COLUMNS)
    return {
        "repeat": repeat.number,
        "head": ["class", "group", "test rows", *(f"{summary.get(arm)}, %" for arm in ("reference", "candidate"))],
        "rows": [
            [
                each["class"],
                each["group"],
                f"{each['rows']:,}",
                *(f"{100 * each[arm]:.1f}" for arm in ("reference", "candidate")),
                change(each),
            ]
            for each in tested
        ],
        "cards": [_card(run, repeat, label, group, rows, budget) for label, group, rows in made.to_numpy().tolist()],
    }


def _card(run: Run, repeat: Repeat, label: int, group: str, rows: int, budget: int) -> dict[str, Any]:
    name, most = run.schema.classes[label], min(LINES * COLUMNS, run.schema.modality.shown)
    candidates, inside = repeat.candidates, pd.Series(repeat.groups) == group
    others = np.flatnonzero((repeat.labels == label) & ~inside)
    of_group = pd.Series(repeat.labels)[inside]
    by_turns = of_group.groupby(of_group).cumcount().sort_values(kind="stable").index  # its classes one by one
    kept = candidates.index[(candidates["label"] == label) & (candidates["group"] == group) & candidates["kept"]]
    shown: dict[str, tuple[Path, Sequence[int], str]] = {
        "contents": (
            repeat.train,
            others[:most].tolist(),
            f"Training rows of class {name}",
        ),
        "versions": (repeat.synthetic, kept[:most].tolist(), f"Rows of class {name} in the style of {group}"),
        "styles": (repeat.train, by_turns[:most].tolist(), f"Training rows of {group}"),
    }
    return {
        "name": name,
        "group": group,
        "rows": rows,
        **{part: strip(run, path, at, alt, budget) for part, (path, at, alt) in shown.items()},
    }
