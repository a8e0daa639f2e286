"""The section on classes: the recall of every class under every arm."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganaug.evaluation.results import Results, recalls
from ganaug.report.numbers import change
from ganaug.report.run import Run


def recall_section(run: Run, results: Results, summary: dict[str, Any]) -> dict[str, Any]:
    """Recall by class and arm, with the decisive difference, its interval and the class that fares worst."""
    columns = [[_percent(values) for values in recalls(found).T] for found in results.values()]
    values: dict[str, Any] = {"arms": list(results), "difference": None}
    if summary.get("candidate"):
        found = {each["class"]: change(each) for each in summary["per_class"]}
        columns.append([found.get(name, "-") for name in run.schema.classes])
        worst = summary["worst_class"]
        values["difference"] = {
            "contrast": f"{summary['candidate']} - {summary['reference']}",
            "worst": worst,
            "points": found[worst],
        }
    return values | {"rows": list(zip(run.schema.classes, *columns, strict=True))}


def _percent(values: NDArray[np.float64]) -> str:
    seen = values[~np.isnan(values)]
    return f"{100 * seen.mean():.1f}" if len(seen) else "-"
