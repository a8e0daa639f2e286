"""The section on classes: the recall of every class under every arm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganaug.evaluation.summary import Results
from ganaug.report.markup import Html, element, fragment, named, table
from ganaug.report.run import Run


def recall_section(run: Run, results: Results, summary: dict[str, Any]) -> Html:
    """A table of recall by class and arm, with the decisive difference and its range over draws."""
    classes = run.schema.classes
    recalls = {arm: _recalls(found, classes) for arm, found in results.items()}
    contrast = summary["contrast"]
    head = ["class", *results]
    columns = [[_percent(value) for value in recall.mean(axis=0)] for recall in recalls.values()]
    note: list[object] = ["Mean over draws, in per cent of the real test rows of the class."]
    caption = "Recall by class and arm"
    if contrast:
        candidate, reference = recalls[contrast["candidate"]], recalls[contrast["reference"]]
        head.append("difference")
        columns.append([_change(change) for change in (candidate - reference).T])
        caption += f"; difference: {contrast['candidate']} - {contrast['reference']}, in points (range over draws)"
        means = candidate.mean(axis=0)
        worst = int(np.nanargmin(means))
        note += [
            f" Hardest for {contrast['candidate']}: ",
            named(classes[worst]),
            f", {_percent(means[worst])}\N{NO-BREAK SPACE}%.",
        ]
    rows = [[named(name), *cells] for name, *cells in zip(classes, *columns, strict=True)]
    return fragment(element("h2", "Recall of each class"), element("p", *note), table(head, rows, caption))


def _recalls(found: Sequence[Mapping[str, Any]], classes: Sequence[str]) -> NDArray[np.float64]:
    """Recall by draw and class; NaN where a class has no test row."""
    cells = ([result["test"]["per_class"][name] for name in classes] for result in found)
    return np.array([[cell["recall"] if cell["n"] else np.nan for cell in row] for row in cells])


def _percent(value: float) -> str:
    return "-" if np.isnan(value) else f"{100 * value:.1f}"


def _change(values: NDArray[np.float64]) -> str:
    if np.isnan(values).any():
        return "-"
    if len(values) == 1:
        return f"{100 * values[0]:+.1f}"
    return f"{100 * values.mean():+.1f} ({100 * values.min():+.1f} to {100 * values.max():+.1f})"
