"""The section on copies and leaks: the guards, the copying test, the attack, the closest pairs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ganaug.report.gallery import closest_pairs
from ganaug.report.run import Run


def copies_section(run: Run, summary: Mapping[str, Any]) -> dict[str, Any]:
    """What was found of leaks and copies.

    Parameters
    ----------
    run : Run
        The run.
    summary : mapping
        The content of ``metrics.json``: ``leaks`` and ``unproved``, sentences of `ganaug.evaluation.guards`;
        ``copying`` and ``membership`` of `ganaug.evaluation.memorisation`.
    """
    attacks = summary["membership"]["repeats"] if summary["membership"] else []
    return {
        "found": [*summary["leaks"], *summary["unproved"]],
        "near": run.prepared.get("near_duplicates", True),
        "distances": _distances(run, summary["copying"]["repeats"]),
        "attacks": [
            f"{_interval(attack, 'auc')} in repeat {repeat.number}"
            for repeat, attack in zip(run.repeats, attacks, strict=False)
        ],
        "pairs": closest_pairs(run),
    }


def _distances(run: Run, copying: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    rows = [
        [f"Repeat {repeat.number}, all classes", _interval(test, "nearer"), _p(test["p"])]
        for repeat, test in zip(run.repeats, copying, strict=True)
    ]
    for name in run.schema.classes:
        shares = [test["per_class"][name]["nearer"] for test in copying if name in test["per_class"]]
        of_all = f"{np.mean(shares):.2f} ({min(shares):.2f} to {max(shares):.2f})" if shares else "-"
        rows.append([name, of_all, ""])
    return rows


def _interval(found: Mapping[str, Any], name: str) -> str:
    return "-" if found[name] is None else f"{found[name]:.2f} [{found['low']:.2f}, {found['high']:.2f}]"


def _p(value: float | None) -> str:
    if value is None:
        return "-"
    return "< 0.0001" if value < 1e-4 else f"{value:.4f}"
