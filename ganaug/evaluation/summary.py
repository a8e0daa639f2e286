"""From the results of all arms and repeats to ``reports/metrics.json``, which docs/metrics.md describes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ganaug.errors import DataError
from ganaug.evaluation.advice import Advice, advise, classifier_advice
from ganaug.evaluation.equivalence import Oracle
from ganaug.evaluation.groups import HeldOut, by_group
from ganaug.evaluation.results import (
    PRIMARY_METRIC,
    Result,
    Results,
    correct_rows,
    differences,
    scores,
    without_oracle,
)
from ganaug.evaluation.statement import NO_CONTRAST, statement
from ganaug.evaluation.stats.design import Design, design_of
from ganaug.evaluation.stats.estimate import Estimate, estimate, holm
from ganaug.evaluation.stats.looks import ALPHA, PLAN, alpha
from ganaug.evaluation.stats.paired import ByClass, estimate_rows
from ganaug.evaluation.verdict import ROPE, Finding, compare_arms
from ganaug.metrics.classification import SCALARS

SELECTED = ("classical_gan", "gan")  # arms of which the arm unfiltered may be the same but for selection


def summarise(
    results: Mapping[str, Results],
    prepared: Mapping[str, Any],
    leaks: Sequence[str] = (),
    held_out: Sequence[HeldOut] = (),
) -> dict[str, Any]:
    """Reduce results to the content of ``reports/metrics.json``.

    Parameters
    ----------
    results : mapping
        By classifier, the deciding one first: for each arm its results, one a repeat, in the same order.
    prepared : mapping
        The content of ``reports/prepare.json``, which says how the rows were split.
    leaks : sequence of str
        What the leak guards found, a sentence each; any makes the verdict INVALID.
    held_out : sequence of HeldOut
        The groups of each repeat's test rows; none: nothing is said by group.

    Returns
    -------
    dict
        See docs/metrics.md. Shares and differences of shares from 0 to 1; None where there is no interval.

    Raises
    ------
    DataError
        If the oracle is the only arm.
    """
    (first, deciding), *others = results.items()
    arms = without_oracle(deciding)
    if not arms:
        raise DataError("evaluate.arms has no arm but the oracle: nothing to compare; add real or classical")
    test_sets = {result["test_ids"] for found in arms.values() for result in found}
    design = design_of(prepared, same_test=len(test_sets) == 1)
    of = design, leaks, held_out, _labels(prepared)
    summary = _of_classifier(deciding, *of)
    beside = {name: _of_classifier(found, *of) for name, found in others}
    summary["statement"][1:1] = classifier_advice(str(prepared.get("modality", "")), {first: summary, **beside})
    differing = [name for name, found in beside.items() if found["verdict"] != summary["verdict"]]
    for name in differing:
        verdict = beside[name]["verdict"].replace("_", " ")
        summary["statement"].append(f"With the classifier {name} the verdict is {verdict}.")
    return summary | {
        "classifier": first,
        "design": design.kind,
        "leaks": list(leaks),
        "look": _look(summary["repeats"]),
        "metric": PRIMARY_METRIC,
        "per_classifier": beside,
        "rope": ROPE,
        "variance_ratio": design.ratio,
    }


def _look(repeats: int) -> dict[str, Any]:
    """Which of the planned looks this is (None: none of them), and what its intervals cover."""
    number = list(PLAN).index(repeats) + 1 if repeats in PLAN else None
    return {"number": number, "planned": list(PLAN), "coverage": 1 - alpha(repeats)}


def _labels(prepared: Mapping[str, Any]) -> tuple[int, int]:
    """Return the fewest and the most training rows of a class, over all repeats."""
    counts = [n for repeat in prepared["repeats"].values() for n in repeat["rows"]["train"].values()]
    return min(counts), max(counts)


def _of_classifier(
    results: Results,
    design: Design,
    leaks: Sequence[str],
    held_out: Sequence[HeldOut],
    labels: tuple[int, int],
) -> dict[str, Any]:
    arms = without_oracle(results)
    right = {arm: correct_rows(found) for arm, found in arms.items()}
    summary: dict[str, Any] = {
        "per_arm": {arm: _of_arm(found, right[arm], design) for arm, found in arms.items()},
        "repeats": len(next(iter(arms.values()))),
    }
    finding = compare_arms(results, design, leaks)
    summary["groups"] = by_group(
        right,
        held_out,
        design,
        next(iter(arms.values()))[0]["classes"],
        (finding.candidate, finding.reference) if finding else None,
    )
    if finding is None:
        return summary | {"statement": [NO_CONTRAST], "verdict": "INVALID" if leaks else "INCONCLUSIVE"}
    advice = advise(finding, results)
    return summary | {
        **_of_finding(finding),
        **_classes(arms[finding.candidate][0]["classes"], right[finding.candidate], right[finding.reference], design),
        "next": _of_advice(advice),
        "per_contrast": _per_contrast(right, finding, design, _counterpart(arms)),
        "per_metric": _per_metric(arms, right, finding, design),
        "statement": statement(finding, advice, results, design.kind, labels),
    }


def _of_arm(found: Sequence[Result], right: ByClass, design: Design) -> dict[str, Any]:
    mean = estimate_rows(right, design, stated=ALPHA)
    return {name: float(scores(found, name).mean()) for name in SCALARS} | {
        # after few repeats t leaves what a share can be
        "low": None if mean.low is None else max(mean.low, 0.0),
        "high": None if mean.high is None else min(mean.high, 1.0),
        "synthetic_rows": float(np.mean([result["n_train"]["synthetic"] for result in found])),
        "validation": float(scores(found, split="validation").mean()),
    }


def _of_finding(finding: Finding) -> dict[str, Any]:
    gain, equivalent, below = finding.gain, finding.equivalent, finding.gain.above(-ROPE)
    return {
        "candidate": finding.candidate,
        "reference": finding.reference,
        "difference": gain.mean,
        "difference_low": gain.low,
        "difference_high": gain.high,
        "p_gain": gain.above(ROPE),
        "p_harm": None if below is None else 1 - below,
        "repeats_needed": finding.repeats_needed,
        "test_rows": finding.test_rows,
        "test_rows_needed": finding.test_rows_needed,
        "used_repeats": finding.used,
        "where_used": finding.gain_where_used and _interval(finding.gain_where_used),
        "equivalent_rows": equivalent and equivalent.rows,
        "equivalent_rows_low": equivalent and equivalent.low,
        "equivalent_rows_high": equivalent and equivalent.high,
        "real_rows": finding.oracle and _of_oracle(finding.oracle),
        "verdict": finding.verdict,
    }


def _of_advice(advice: Advice) -> dict[str, Any]:
    labels = advice.labels and {
        "rows": advice.labels.rows,
        **_interval(advice.labels.gain),
        "classes": [{"class": name, **_interval(gain)} for name, gain in advice.labels.classes],
    }
    return {"arm": advice.arm, "synthetic": advice.synthetic, "more_labels": labels}


def _of_oracle(oracle: Oracle) -> dict[str, Any]:
    points = [
        {"rows": float(rows), "fitted": float(fit), **_interval(gain)}
        for rows, fit, gain in zip(oracle.rows, oracle.fitted, oracle.bought, strict=True)
    ]
    return {"direction": oracle.direction, "limit": float(oracle.rows[-1]), "points": points, **_interval(oracle.most)}


def _classes(names: Sequence[str], candidate: ByClass, reference: ByClass, design: Design) -> dict[str, Any]:
    """Recall of each class that has test rows, and the class that fares worst by the difference."""
    per_class = []
    for name, ours, theirs in zip(names, candidate, reference, strict=True):
        tested = [at for at, rows in enumerate(ours) if len(rows)]
        if tested:
            ours, theirs = ([rows[at] for at in tested] for rows in (ours, theirs))
            change = estimate_rows(differences([ours], [theirs]), design, stated=ALPHA)
            recall = {
                arm: float(np.mean([rows.mean() for rows in found]))
                for arm, found in (("candidate", ours), ("reference", theirs))
            }
            per_class.append({"class": name, **recall, **_interval(change)})
    worst = min(per_class, key=lambda each: each["difference"])
    return {
        "per_class": per_class,
        "worst_class": worst["class"],
        "worst_class_difference": worst["difference"],
        "worst_class_low": worst["low"],
        "worst_class_high": worst["high"],
    }


def _counterpart(arms: Results) -> str | None:
    """Return the arm of which unfiltered is the same but for selection: equally augmented."""
    strengths = {arm: found[0].get("setting", {}).get("strength") for arm, found in arms.items()}
    same = [arm for arm in SELECTED if arm in arms and strengths[arm] == strengths.get("unfiltered", -1.0)]
    return same[0] if same else None


def _per_contrast(
    right: Mapping[str, ByClass], finding: Finding, design: Design, selected: str | None
) -> dict[str, Any]:
    """Every other arm minus the reference, and what selection is worth, with p-values adjusted for their number."""
    pairs = {arm: (arm, finding.reference) for arm in right if arm not in (finding.candidate, finding.reference)}
    if selected is not None:
        pairs["selection"] = (selected, "unfiltered")
    changes = {
        name: estimate_rows(differences(right[a], right[b]), design, stated=ALPHA) for name, (a, b) in pairs.items()
    }
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


def _per_metric(
    arms: Results, right: Mapping[str, ByClass], finding: Finding, design: Design
) -> dict[str, dict[str, Any]]:
    """Every metric of the candidate minus the reference.

    Which rows were right says nothing of how a metric that is no mean over them varies with the test rows; where
    repeats share these, such a metric has no interval.
    """
    change = differences(right[finding.candidate], right[finding.reference])
    together = [[np.concatenate(rows) for rows in zip(*change, strict=True)]]
    found = {
        PRIMARY_METRIC: estimate_rows(change, design, stated=ALPHA),
        "accuracy": estimate_rows(together, design, stated=ALPHA),
    }
    for name in SCALARS[2:]:
        values = scores(arms[finding.candidate], name) - scores(arms[finding.reference], name)
        found[name] = estimate(values, design.ratio, stated=ALPHA)
        if design.shared_test:
            found[name] = Estimate(found[name].mean, None, len(values))
    return {name: _interval(found[name]) for name in SCALARS}


def _interval(change: Estimate) -> dict[str, Any]:
    return {"difference": change.mean, "low": change.low, "high": change.high}
