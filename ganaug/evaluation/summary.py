"""From the results of all arms and draws to ``reports/metrics.json``, which docs/metrics.md describes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ganaug.errors import DataError
from ganaug.evaluation.design import Design, design_of
from ganaug.evaluation.equivalence import Oracle
from ganaug.evaluation.metrics import SCALARS
from ganaug.evaluation.results import DECISIVE, Result, Results, recalls, scores, without_oracle
from ganaug.evaluation.sentence import NO_CONTRAST, sentence
from ganaug.evaluation.statistics import Estimate, estimate, holm
from ganaug.evaluation.verdict import ROPE, Finding, judge

SELECTION = ("classical_gan", "unfiltered")  # the same but for selection


def summarise(results: Mapping[str, Results], mode: str, leaks: Sequence[str] = ()) -> dict[str, Any]:
    """Reduce results to the content of ``reports/metrics.json``.

    Parameters
    ----------
    results : mapping
        By classifier, the deciding one first: for each arm its results, one a draw, the same draws in the same order.
    mode : str
        ``benchmark`` or ``repeated``: how the rows were split, as ``reports/prepare.json`` says.
    leaks : sequence of str
        What the leak guards found, a sentence each; any makes the verdict INVALID.

    Returns
    -------
    dict
        See docs/metrics.md. Shares and differences of shares from 0 to 1; None where a single draw allows no interval.

    Raises
    ------
    DataError
        If the oracle is the only arm.
    """
    (first, deciding), *others = results.items()
    if not without_oracle(deciding):
        raise DataError("evaluate.arms has no arm but the oracle: nothing to compare; add real or classical")
    design = design_of(deciding, mode)
    summary = _of_classifier(deciding, design, leaks)
    beside = {name: _of_classifier(found, design_of(found, mode), leaks) for name, found in others}
    differing = [name for name, found in beside.items() if found["verdict"] != summary["verdict"]]
    for name in differing:
        verdict = beside[name]["verdict"].replace("_", " ")
        summary["statement"].append(f"With the classifier {name} the verdict is {verdict}.")
    return summary | {
        "classifier": first,
        "design": design.kind,
        "leaks": list(leaks),
        "metric": DECISIVE,
        "per_classifier": beside,
        "rope": ROPE,
        "variance_ratio": design.ratio,
    }


def _of_classifier(results: Results, design: Design, leaks: Sequence[str]) -> dict[str, Any]:
    arms, ratio = without_oracle(results), design.ratio
    summary: dict[str, Any] = {
        "draws": len(next(iter(arms.values()))),
        "per_arm": {arm: _of_arm(found, ratio) for arm, found in arms.items()},
    }
    finding = judge(results, ratio, leaks)
    if finding is None:
        return summary | {"statement": [NO_CONTRAST], "verdict": "INVALID" if leaks else "INCONCLUSIVE"}
    candidate, reference = arms[finding.candidate], arms[finding.reference]
    return summary | {
        **_of_finding(finding),
        **_classes(candidate, reference, ratio),
        "per_contrast": _per_contrast(arms, finding, ratio),
        "per_metric": {
            name: _interval(estimate(scores(candidate, name) - scores(reference, name), ratio)) for name in SCALARS
        },
        "statement": [sentence(finding, results, design.kind)],
    }


def _of_arm(found: Sequence[Result], ratio: float) -> dict[str, Any]:
    interval = estimate(scores(found), ratio)
    return {name: float(scores(found, name).mean()) for name in SCALARS} | {
        "low": None if interval.low is None else max(interval.low, 0.0),  # after few draws t leaves what a share can be
        "high": None if interval.high is None else min(interval.high, 1.0),
        "synthetic_rows": float(np.mean([result["n_train"]["synthetic"] for result in found])),
        "validation": float(scores(found, split="validation").mean()),
    }


def _of_finding(finding: Finding) -> dict[str, Any]:
    gain, worth = finding.gain, finding.worth
    return {
        "candidate": finding.candidate,
        "reference": finding.reference,
        "difference": gain.mean,
        "difference_low": gain.low,
        "difference_high": gain.high,
        "p_gain": gain.above(ROPE),
        "p_harm": None if gain.spread is None else 1 - (gain.above(-ROPE) or 0.0),
        "draws_needed": finding.draws_needed,
        "equivalent_rows": worth and worth.rows,
        "equivalent_rows_low": worth and worth.low,
        "equivalent_rows_high": worth and worth.high,
        "real_rows": finding.oracle and _of_oracle(finding.oracle),
        "verdict": finding.verdict,
    }


def _of_oracle(oracle: Oracle) -> dict[str, Any]:
    bought = [estimate(gains, oracle.ratio) for gains in oracle.gains.T]
    _, fitted = oracle.curve(oracle.gains.mean(axis=0))
    points = [
        {"rows": float(rows), "fitted": float(fit), **_interval(gain)}
        for rows, fit, gain in zip(oracle.rows, fitted[1:], bought, strict=True)
    ]
    return {"direction": oracle.direction, "limit": float(oracle.rows[-1]), "points": points, **_interval(oracle.most)}


def _classes(candidate: Sequence[Result], reference: Sequence[Result], ratio: float) -> dict[str, Any]:
    """Recall of each class that has test rows, and the class that fares worst by the difference."""
    names, (first, second) = candidate[0]["classes"], (recalls(found) for found in (candidate, reference))
    per_class = []
    for name, ours, theirs in zip(names, first.T, second.T, strict=True):
        seen = ~np.isnan(ours)
        if seen.any():
            recall = {"candidate": float(ours[seen].mean()), "reference": float(theirs[seen].mean())}
            per_class.append({"class": name, **recall, **_interval(estimate((ours - theirs)[seen], ratio))})
    worst = min(per_class, key=lambda each: each["difference"])
    return {
        "per_class": per_class,
        "worst_class": worst["class"],
        "worst_class_difference": worst["difference"],
        "worst_class_low": worst["low"],
        "worst_class_high": worst["high"],
    }


def _per_contrast(arms: Results, finding: Finding, ratio: float) -> dict[str, Any]:
    """Every other arm minus the reference, and what selection is worth, with p-values adjusted for their number."""
    pairs = {arm: (arm, finding.reference) for arm in arms if arm not in (finding.candidate, finding.reference)}
    if set(SELECTION) <= set(arms):
        pairs["selection"] = SELECTION
    changes = {name: estimate(scores(arms[a]) - scores(arms[b]), ratio) for name, (a, b) in pairs.items()}
    p_values = {name: change.p_value for name, change in changes.items() if change.p_value is not None}
    adjusted = dict(zip(p_values, holm(list(p_values.values())), strict=True))
    return {
        name: {
            "arm": pairs[name][0],
            "minus": pairs[name][1],
            "p": p_values.get(name),
            "p_holm": adjusted.get(name),
            **_interval(change),
        }
        for name, change in changes.items()
    }


def _interval(change: Estimate) -> dict[str, Any]:
    return {"difference": change.mean, "low": change.low, "high": change.high}
