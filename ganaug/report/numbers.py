"""The section on numbers: every metric of every arm, and every contrast; and how numbers are written."""

from __future__ import annotations

from typing import Any

from ganaug.metrics.classification import SCALARS
from ganaug.utils.markup import Html, element, fragment, table

METRIC_WORDS = {
    "balanced_accuracy": "balanced accuracy, %",
    "accuracy": "accuracy, %",
    "macro_f1": "macro F1, %",
    "average_precision": "average precision, %",
    "nll": "log loss, nats",
    "ece": "calibration error, %",
}


def numbers_section(summary: dict[str, Any]) -> Html:
    """Tables of all arms and contrasts under the deciding classifier."""
    contrasted = summary.get("candidate") is not None
    return fragment(
        element("h2", "All numbers"),
        element(
            "p",
            "Means over repeats on real test rows. Of log loss and calibration error less is better. The classifier is "
            f"{summary['classifier']}.",
        ),
        _arms(summary),
        _contrasts(summary) if contrasted and summary["per_contrast"] else None,
    )


def interval_text(mean: float, low: float | None, high: float | None, sign: str = "") -> str:
    """A share and its interval in per cent or points, for example ``"75.9 [73.9, 77.9]"``."""
    numbers = [f"{100 * value:{sign}.1f}" for value in (mean, low, high) if value is not None]
    return numbers[0] if len(numbers) == 1 else f"{numbers[0]} [{numbers[1]}, {numbers[2]}]"


def change(found: dict[str, Any]) -> str:
    """A difference and its interval in points."""
    return interval_text(found["difference"], found["low"], found["high"], "+")


def chance(probability: float | None) -> str:
    """A probability in per cent, never rounded to certainty."""
    if probability is None:
        return "unknown"
    if not 0.01 <= probability <= 0.99:
        return "< 1 %" if probability < 0.5 else "> 99 %"
    return f"{100 * probability:.0f} %"


def p_text(p: float | None) -> str:
    """An adjusted p-value."""
    if p is None:
        return ""
    return "p < 0.001" if p < 0.001 else f"p = {p:.2g}"


def _arms(summary: dict[str, Any]) -> Html:
    rows = []
    for name, arm in summary["per_arm"].items():
        cells = [interval_text(arm[SCALARS[0]], arm["low"], arm["high"])]
        cells += [_plain(metric, arm[metric], "") for metric in SCALARS[1:]]
        rows.append([element("code", name), *cells, f"{arm['synthetic_rows']:,.0f}"])
    if summary.get("candidate") is not None:
        cells = []
        for metric in SCALARS:
            found = summary["per_metric"][metric]
            ends = "" if found["low"] is None else f" [{_plain(metric, found['low'])}, {_plain(metric, found['high'])}]"
            cells.append(_plain(metric, found["difference"]) + ends)
        rows.append([f"{summary['candidate']} - {summary['reference']}", *cells, ""])
    head = ["arm", *METRIC_WORDS.values(), "synthetic rows"]
    return table(
        head,
        rows,
        "Every arm, and the contrast that decides, with intervals; log loss and others have none "
        "where repeats share their test rows",
    )


def _plain(metric: str, value: float, sign: str = "+") -> str:
    return f"{value:{sign}.3f}" if metric == "nll" else f"{100 * value:{sign}.1f}"


def _contrasts(summary: dict[str, Any]) -> Html:
    rows = []
    for found in summary["per_contrast"].values():
        p_values = ("-" if p is None else f"{p:.3f}" for p in (found["p"], found["p_holm"]))
        rows.append([f"{found['arm']} - {found['minus']}", change(found), *p_values])
    head = ["contrast", "difference, points", "p", "p, Holm"]
    return table(head, rows, "The other arms against the reference, and what selection is worth")
