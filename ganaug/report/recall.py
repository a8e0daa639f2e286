"""The section on classes and groups: the recall of every class under every arm, and accuracies by group."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganaug.evaluation.groups import WORST
from ganaug.evaluation.results import Results, recalls
from ganaug.modalities.rarity import rare_classes
from ganaug.report.numbers import change
from ganaug.report.rare import training_rows
from ganaug.report.run import Run

PLACES = {WORST: "worst group", "empty_cells": "cells empty in training", "unseen_groups": "groups never seen"}


def recall_section(run: Run, results: Results, summary: dict[str, Any]) -> dict[str, Any]:
    """Recall by class and arm, the decisive difference with its interval, the class that fares worst; and by group.

    Rare classes come first, with the number of training rows of each class.
    """
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
    groups = _by_group(summary) if summary.get("groups") else None
    counts = training_rows(run)
    rare = rare_classes(counts)
    if rare.any():
        columns.insert(0, [f"{n:,}" for n in counts])
    rows = list(zip(run.schema.classes, *columns, strict=True))
    order = np.lexsort((np.where(rare, counts, 0), ~rare))  # others stay in their order
    return values | {"rare": bool(rare.any()), "rows": [rows[at] for at in order], "groups": groups}


def _by_group(summary: dict[str, Any]) -> dict[str, Any]:
    """Every arm on the worst group, in cells that are empty in training and on groups never seen, with the difference.

    What no test row is of is left out.
    """
    found = summary["groups"]
    shown = [name for name in PLACES if any(arm[name] is not None for arm in found["per_arm"].values())]
    rows = [[name, *(_cell(arm, place) for place in shown)] for name, arm in found["per_arm"].items()]
    if found["difference"]:
        changes = (found["difference"][place] for place in shown)
        contrast = f"{summary['candidate']} - {summary['reference']}"
        rows.append([contrast, *(change(each) if each else "-" for each in changes)])
    return {
        "groups": found["groups"],
        "head": ["arm", *(PLACES[place] for place in shown)],
        "rows": rows if shown else [],
        "counts": found["rows"],
    }


def _cell(arm: dict[str, Any], place: str) -> str:
    """An accuracy in per cent, of the worst group with its name."""
    if arm[place] is None:
        return "-"
    return f"{100 * arm[place]:.1f}" + (f" ({arm['worst']})" if place == WORST else "")


def _percent(values: NDArray[np.float64]) -> str:
    seen = values[~np.isnan(values)]
    return f"{100 * seen.mean():.1f}" if len(seen) else "-"
