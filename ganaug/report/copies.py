"""The section on copies and leaks: the guards, the copying test, the attack, the closest pairs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ganaug.report.gallery import closest_pairs
from ganaug.report.run import Run
from ganaug.utils.markup import Html, element, fragment, named, table

GUARDED = (
    "Leak guards, run with this report: hashes of every real and synthetic row as it is, {}and what the GAN, the "
    "teacher and the feature extractor say of the rows they were trained on. "
)
NEAR = "the measure of near duplicates, "
EXACT = "Near duplicates were not looked for: by prepare.near_duplicates, exact copies alone are copies in this run. "
CLEAN = "No validation or test row, and no {} of one, had a part in any of them."
DISTANCES = (
    "Is a kept synthetic row nearer to the training rows than a test row of its class, which nobody trained on? One "
    "half: no nearer. More: the generator stays close to what it saw, as one must that saw few rows, or it copies; "
    "smooth rows seem nearer than real ones, too. A data-copying test (Meehan et al., arXiv 2004.05675), no measure of "
    "privacy."
)
ATTACK = (
    "A membership attack: training rows told from test rows by the distance to the nearest kept synthetic row. Area "
    "under the curve, with its 95 % interval (one half: it tells nothing): {}. That is the success of one simple "
    "attack, and no value of it is a guarantee of privacy."
)


def copies_section(run: Run, summary: Mapping[str, Any]) -> Html:
    """What was found of leaks and copies.

    Parameters
    ----------
    run : Run
        The run.
    summary : mapping
        The content of ``metrics.json``: ``leaks`` and ``unproved``, sentences of `ganaug.evaluation.guards`;
        ``copying`` and ``membership`` of `ganaug.evaluation.memorisation`.
    """
    found = [element("li", sentence) for sentence in (*summary["leaks"], *summary["unproved"])]
    near = run.prepared.get("near_duplicates", True)
    attacks = summary["membership"]["repeats"] if summary["membership"] else []
    told = [
        f"{_interval(attack, 'auc')} in repeat {repeat.number}"
        for repeat, attack in zip(run.repeats, attacks, strict=False)
    ]
    return fragment(
        element("h2", "Copies and leaks"),
        element(
            "p",
            GUARDED.format(NEAR if near else ""),
            "" if near else EXACT,
            "" if found else CLEAN.format("near duplicate" if near else "exact copy"),
        ),
        element("ul", *found) if found else None,
        element("p", DISTANCES),
        _distances(run, summary["copying"]["repeats"]),
        element("p", ATTACK.format(", ".join(told))) if told else None,
        closest_pairs(run),
    )


def _distances(run: Run, copying: Sequence[Mapping[str, Any]]) -> Html:
    rows = [
        [f"Repeat {repeat.number}, all classes", _interval(test, "nearer"), _p(test["p"])]
        for repeat, test in zip(run.repeats, copying, strict=True)
    ]
    for name in run.schema.classes:
        shares = [test["per_class"][name]["nearer"] for test in copying if name in test["per_class"]]
        of_all = f"{np.mean(shares):.2f} ({min(shares):.2f} to {max(shares):.2f})" if shares else "-"
        rows.append([named(name), of_all, ""])
    caption = "Copying test: of repeats with the 95 % interval, of classes the mean and range over repeats"
    return table(["", "probability of being nearer", "p (one-sided)"], rows, caption)


def _interval(found: Mapping[str, Any], name: str) -> str:
    return "-" if found[name] is None else f"{found[name]:.2f} [{found['low']:.2f}, {found['high']:.2f}]"


def _p(value: float | None) -> str:
    if value is None:
        return "-"
    return "< 0.0001" if value < 1e-4 else f"{value:.4f}"
