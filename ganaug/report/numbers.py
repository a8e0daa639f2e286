"""The section on numbers: every metric of every arm, and every contrast; and how numbers are written."""

from __future__ import annotations

from typing import Any

from ganaug.metrics.classification import SCALARS

METRIC_WORDS = {
    "balanced_accuracy": "balanced accuracy, %",
    "accuracy": "accuracy, %",
    "macro_f1": "macro F1, %",
    "average_precision": "average precision, %",
    "nll": "log loss, nats",
    "ece": "calibration error, %",
}


def numbers_section(summary: dict[str, Any]) -> dict[str, Any]:
    """Rows of tables of all arms and contrasts under the deciding classifier."""
    contrasted = summary.get("candidate") is not None
    return {
        "classifier": summary["classifier"],
        "metrics": list(METRIC_WORDS.values()),
        "arms": {name: _arm(arm) for name, arm in summary["per_arm"].items()},
        "difference": _difference(summary) if contrasted else None,
        "contrasts": [_contrast(found) for found in summary["per_contrast"].values()] if contrasted else [],
    }


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


def _arm(arm: dict[str, Any]) -> list[str]:
    cells = [interval_text(arm[SCALARS[0]], arm["low"], arm["high"])]
    return [*cells, *(_plain(metric, arm[metric], "") for metric in SCALARS[1:]), f"{arm['synthetic_rows']:,.0f}"]


def _difference(summary: dict[str, Any]) -> list[str]:
    cells = []
    for metric in SCALARS:
        found = summary["per_metric"][metric]
        ends = "" if found["low"] is None else f" [{_plain(metric, found['low'])}, {_plain(metric, found['high'])}]"
        cells.append(_plain(metric, found["difference"]) + ends)
    return [f"{summary['candidate']} - {summary['reference']}", *cells, ""]


def _plain(metric: str, value: float, sign: str = "+") -> str:
    return f"{value:{sign}.3f}" if metric == "nll" else f"{100 * value:{sign}.1f}"


def _contrast(found: dict[str, Any]) -> list[str]:
    p_values = ("-" if p is None else f"{p:.3f}" for p in (found["p"], found["p_holm"]))
    return [f"{found['arm']} - {found['minus']}", change(found), *p_values]
