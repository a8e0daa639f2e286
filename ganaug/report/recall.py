"""The section on classes: the recall of every class under every arm."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganaug.evaluation.results import Results, recalls
from ganaug.report.numbers import change
from ganaug.report.run import Run
from ganaug.utils.markup import Html, element, fragment, named, table


def recall_section(run: Run, results: Results, summary: dict[str, Any]) -> Html:
    """A table of recall by class and arm, with the decisive difference, its interval and the class that fares worst."""
    head = ["class", *results]
    columns = [[_percent(values) for values in recalls(found).T] for found in results.values()]
    note: list[object] = ["Mean over repeats, in per cent of the real test rows of the class."]
    caption = "Recall by class and arm"
    if summary.get("candidate"):
        found = {each["class"]: change(each) for each in summary["per_class"]}
        head.append("difference")
        columns.append([found.get(name, "-") for name in run.schema.classes])
        caption += f"; difference: {summary['candidate']} - {summary['reference']}, in points, with its interval"
        note += [
            " Worst off by the difference: ",
            named(summary["worst_class"]),
            f", {found[summary['worst_class']]} points. The worst of many classes looks worse than it is: its interval "
            "is that of one class looked at alone.",
        ]
    rows = [[named(name), *cells] for name, *cells in zip(run.schema.classes, *columns, strict=True)]
    return fragment(element("h2", "Recall of each class"), element("p", *note), table(head, rows, caption))


def _percent(values: NDArray[np.float64]) -> str:
    seen = values[~np.isnan(values)]
    return f"{100 * seen.mean():.1f}" if len(seen) else "-"
