"""The section on the data: rows of every split and class, copies, and what prepare set aside and why."""

from __future__ import annotations

from typing import Any

from ganaug.data.cells import cells_text
from ganaug.report.run import Run
from ganaug.utils.words import counted

LISTED = 20  # names in one list
PARTS = {"train": "training", "validation": "validation", "test": "test", "pool": "spare"}


def data_section(run: Run) -> dict[str, Any]:
    """What prepare found in the source and how it split it."""
    found, repeat = run.prepared, run.repeats[0].number
    of_repeat = found["repeats"][str(repeat)]
    counts = of_repeat["rows"]
    return {
        "classes": len(run.schema.classes),
        "samples": run.schema.modality.describe(run.schema.spec),
        "mode": found["mode"],
        "reason": found["mode_reason"],
        "findings": _findings(found, run.schema.modality.copied),
        "set_aside": {"Files that could not be read": found["rejected"], "Entries that were skipped": found["skipped"]},
        "listed": LISTED,
        "repeat": repeat,
        "parts": list(PARTS.values()),
        "rows": [[name, *(f"{counts[part][name]:,}" for part in PARTS)] for name in run.schema.classes],
        "cells": _cells(of_repeat["cells"]) if of_repeat.get("cells") else None,
    }


def _cells(about: dict[str, Any]) -> dict[str, Any]:
    """Training rows of every class in every group, or of the worst cells where there are many groups."""
    shown: dict[str, Any] = {"said": cells_text(about), "head": [], "rows": []}
    if about["mixed"] and about["table"]:
        shown["head"] = ["class", *about["names"]]
        shown["rows"] = [[name, *(f"{n:,}" for n in row)] for name, row in about["table"].items()]
    elif about["mixed"] and about["worst"]:
        shown["head"] = ["class", "group", "rows"]
        shown["rows"] = [[cell["class"], cell["group"], f"{cell['rows']:,}"] for cell in about["worst"]]
    return shown


def _findings(found: dict[str, Any], copied: str) -> list[str]:
    exact, near = found["copies"]["exact"], found["copies"]["near"]
    findings = [
        f"Exact copies: {_clusters(exact)}. {copied.capitalize()}: {_clusters(near)}. These always share a split.",
        f"Rows whose copies carry another label, kept out of every split: {found['contested']['rows']:,}.",
        *found["findings"],
    ]
    if found["left_out"]["rows"]:
        rows = counted(found["left_out"]["rows"], "row")
        findings.append(f"Left out, as their group is also in another split that the source brings: {rows}.")
    return findings


def _clusters(copies: dict[str, Any]) -> str:
    return f"{counted(copies['rows'], 'row')} in {counted(copies['clusters'], 'cluster')}"
