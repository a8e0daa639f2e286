"""What was read of a source and what was passed over, for reports and for people."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain
from typing import Any

from ganaug.modalities.loaded import Loaded

HIDDEN = "hidden, or left by a system"  # the reason why files are passed over that nobody would miss
PAGES = "further pages or frames of a file, of which the first is read"
LISTED = 100  # names of one reason
NAMED, REASONS = 3, 10  # names of a reason, and reasons, that are told to people
MUCH = 0.1  # share passed over that nobody may miss


def about(loaded: Loaded, unit: str) -> dict[str, Any]:
    """Say where the rows of a source came from, and what lay beside them.

    Parameters
    ----------
    loaded : Loaded
    unit : str
        What its samples are called.

    Returns
    -------
    dict
        ``usable``, the number of rows; ``unit``; ``read_from`` and ``split_folders``, see `Loaded`; ``notes``; and
        ``passed_over``, a list of mappings with ``reason``, ``count`` and the first ``names``: of rows that could not
        be read, further pages, other files.
    """
    groups: dict[str, list[str]] = {}
    for name, reason in chain(loaded.rejected, loaded.skipped):
        groups.setdefault(reason, []).append(name)
    counted = [(reason, len(names), names) for reason, names in groups.items()]
    if further := loaded.further:
        counted.append((PAGES, sum(further.values()), [f"{name} ({n + 1:,})" for name, n in further.items()]))
    counted.sort(key=lambda group: (group[0] == HIDDEN, -group[1]))
    return {
        "usable": len(loaded.labels),
        "unit": unit,
        "read_from": loaded.read_from,
        "split_folders": dict(loaded.split_folders),
        "notes": list(loaded.facts.get("notes", ())),
        "passed_over": [
            {"reason": reason, "count": count, "names": names[:LISTED]} for reason, count, names in counted
        ],
    }


def told(found: Mapping[str, Any]) -> list[str]:
    """Return in lines what `about` found: nothing where all is as one would expect."""
    lines = []
    if found["read_from"]:
        lines.append(f"Read from {printable(found['read_from'])}, the only folder with folders in it")
    if found["split_folders"]:
        named = (
            printable(name) if name == split else f"{printable(name)} (for {split})"
            for name, split in found["split_folders"].items()
        )
        lines.append(f"Split folders: {', '.join(named)}")
    lines += found["notes"]
    groups = found["passed_over"]
    if groups:
        total = sum(group["count"] for group in groups if group["reason"] != HIDDEN)
        loud = total > MUCH * (total + found["usable"])
        lines.append(
            f"{'PASSED OVER' if loud else 'Passed over'}, beside {found['usable']:,} {found['unit']} that are read:"
        )
        lines += [f"  {_group(group)}" for group in groups[:REASONS]]
        if len(groups) > REASONS:
            rest = groups[REASONS:]
            lines.append(f"  {sum(group['count'] for group in rest):,} for {len(rest):,} more reasons")
    return lines


def printable(name: str) -> str:
    """Write a name on one line, without characters that a terminal acts on."""
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in name)


def _group(group: Mapping[str, Any]) -> str:
    names = ", ".join(map(printable, group["names"][:NAMED]))
    return f"{group['count']:,}: {group['reason']} ({names}{', ...' if len(group['names']) > NAMED else ''})"
