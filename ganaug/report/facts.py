"""The section on the data: rows of every split and class, copies, and what prepare set aside and why."""

from __future__ import annotations

from typing import Any

from ganaug.report.run import Run
from ganaug.utils.markup import Html, counted, element, fragment, named, table

LISTED = 20  # names in one list
PARTS = {"train": "training", "validation": "validation", "test": "test", "pool": "spare"}


def data_section(run: Run) -> Html:
    """What prepare found in the source and how it split it."""
    found = run.prepared
    return fragment(
        element("h2", "The data"),
        element(
            "p",
            f"{len(run.schema.classes)} classes; {run.schema.modality.describe(run.schema.spec)}. "
            f"Splits: {found['mode']} mode, as {found['mode_reason']}. Validation and test rows are real in every arm.",
        ),
        element("ul", *(element("li", item) for item in _findings(found))),
        _set_aside("Files that could not be read", found["rejected"]),
        _set_aside("Entries that were skipped", found["skipped"]),
        _rows(run),
    )


def _findings(found: dict[str, Any]) -> list[str]:
    exact, near = found["copies"]["exact"], found["copies"]["near"]
    findings = [
        f"Exact copies: {_clusters(exact)}. Exact or near copies: {_clusters(near)}. Copies always share a split.",
        f"Rows whose copies carry another label, kept out of every split: {found['contested']['rows']:,}.",
        *found["findings"],
    ]
    if found["left_out"]["rows"]:
        rows = counted(found["left_out"]["rows"], "row")
        findings.append(f"Left out, as their group is also in another split that the source brings: {rows}.")
    return findings


def _clusters(copies: dict[str, Any]) -> str:
    return f"{counted(copies['rows'], 'row')} in {counted(copies['clusters'], 'cluster')}"


def _set_aside(title: str, entries: list[dict[str, str]]) -> Html | None:
    if not entries:
        return None
    rows = [[named(entry["name"]), entry["reason"]] for entry in entries[:LISTED]]
    more = len(entries) - len(rows)
    caption = f"{title}: {len(entries):,}" + (f", of which {LISTED} are listed" if more else "")
    return element("div", table(["name", "reason"], rows, caption), class_="text")


def _rows(run: Run) -> Html:
    repeat = run.repeats[0]
    counts = run.prepared["repeats"][str(repeat.number)]["rows"]
    rows = [[named(name), *(f"{counts[part][name]:,}" for part in PARTS)] for name in run.schema.classes]
    return table(["class", *PARTS.values()], rows, f"Rows of each class in repeat {repeat.number}")
