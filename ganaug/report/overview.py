"""The first screen: the verdict, every arm, the contrasts, what the gain is worth, and what went into it."""

from __future__ import annotations

from typing import Any

import numpy as np

from ganaug.evaluation.downstream.arms import ARMS
from ganaug.evaluation.results import Results, scores
from ganaug.report.numbers import chance, change, interval_text, p_text
from ganaug.report.run import Run
from ganaug.report.svg import CurvePlot, Interval, IntervalPlot, Line, Point
from ganaug.utils.words import spanned

KEY = {"real": "without synthetic rows", "synthetic": "with synthetic rows", "dropped": "diagnostics, never picked"}


def overview(run: Run, results: Results, summary: dict[str, Any], title: str) -> dict[str, Any]:
    """Verdict, interval plots and the figures behind them.

    Parameters
    ----------
    run : Run
        The run.
    results : mapping
        Of the deciding classifier, without the oracle; see `ganaug.evaluation.results`.
    summary : dict
        From `ganaug.evaluation.summary`.
    title : str
        What the run is about.
    """
    compared = bool(summary.get("candidate"))
    arms = _arms_plot(results, summary)
    tones = {row.tone for row in arms.rows}
    return {
        "outcome": summary["verdict"].replace("_", " "),
        "title": title,
        "statement": summary["statement"],
        "metric": summary["metric"].replace("_", " "),
        "key": {tone: text for tone, text in KEY.items() if tone in tones},
        "arms": arms,
        "rope": f"{100 * summary['rope']:g}",
        "decisive": _decisive_plot(results, summary) if compared else None,
        "worth": _worth(summary) if compared and summary["real_rows"] else None,
        "contrasts": _contrasts_plot(results, summary) if compared and summary["per_contrast"] else None,
        "classifiers": _classifiers(summary) if compared and summary["per_classifier"] else None,
        "facts": _facts(run, results, summary),
    }


def _tone(arm: str) -> str:
    """The colour of an arm, a key of `KEY`."""
    if not ARMS[arm].contender:
        return "dropped"
    return "synthetic" if ARMS[arm].synthetic else "real"


def _points(value: float) -> str:
    """A difference on an axis, in points."""
    return f"{100 * value:+.4g}" if value else "0"


def _arms_plot(results: Results, summary: dict[str, Any]) -> IntervalPlot:
    metric = summary["metric"]
    rows = [
        Interval(
            label=ARMS[name].label,
            detail=name,
            value=interval_text(arm[metric], arm["low"], arm["high"]),
            tone=_tone(name),
            mean=arm[metric],
            low=arm["low"],
            high=arm["high"],
            dots=tuple(scores(results[name])),
        )
        for name, arm in summary["per_arm"].items()
    ]
    reference = summary.get("reference") and summary["per_arm"][summary["reference"]][metric]
    return IntervalPlot(rows, lambda value: f"{100 * value:.4g} %", reference)


def _decisive_plot(results: Results, summary: dict[str, Any]) -> IntervalPlot:
    found = {end: summary[f"difference_{end}"] for end in ("low", "high")} | {
        "arm": summary["candidate"],
        "minus": summary["reference"],
        "difference": summary["difference"],
    }
    return _differences([_contrast(results, found, "")], summary["rope"])


def _contrasts_plot(results: Results, summary: dict[str, Any]) -> IntervalPlot:
    rows = [_contrast(results, found, p_text(found["p_holm"])) for found in summary["per_contrast"].values()]
    return _differences(rows, summary["rope"])


def _differences(rows: list[Interval], rope: float) -> IntervalPlot:
    return IntervalPlot(rows, _points, 0.0, (-rope, rope))


def _contrast(results: Results, found: dict[str, Any], detail: str) -> Interval:
    arm, minus = found["arm"], found["minus"]
    return Interval(
        label=f"{arm} - {minus}",
        detail=detail,
        value=change(found),
        tone=_tone(arm),
        mean=found["difference"],
        low=found["low"],
        high=found["high"],
        dots=tuple(scores(results[arm]) - scores(results[minus])),
    )


def _worth(summary: dict[str, Any]) -> dict[str, Any]:
    """What the gain is worth in real rows: a curve, in words, and what it says."""
    curve, gain = summary["real_rows"], summary["difference"]
    points = curve["points"]
    fitted = Line(
        "real",
        np.array([0.0, *(each["rows"] for each in points)]),
        np.array([0.0, *(each["fitted"] for each in points)]),
    )
    measured = [Point(each["rows"], each["difference"], each["low"], each["high"]) for each in points]
    reading = (summary["equivalent_rows"], gain) if gain > 0 else None
    return {
        "curve": CurvePlot(fitted, measured, reading, _points),
        "described": "; ".join(f"{each['rows']:.0f} rows {change(each)}" for each in points),
        "direction": curve["direction"],
        "reading": _worth_words(summary),
    }


def _worth_words(summary: dict[str, Any]) -> str:
    """The gain in real rows a class, with its interval, in a sentence."""
    limit = summary["real_rows"]["limit"]
    rows, low, high = (summary[f"equivalent_rows{end}"] for end in ("", "_low", "_high"))

    def words(value: float) -> str:
        return f"more than {limit:.0f}" if value >= limit else f"{value:.0f}"

    interval = "" if low is None else f" (interval: {words(low)} to {words(high)})"
    return f"Reading: {words(rows)} {'row' if words(rows) == '1' else 'rows'} a class{interval}."


def _classifiers(summary: dict[str, Any]) -> list[list[str]]:
    found = {summary["classifier"]: summary, **summary["per_classifier"]}
    return [
        [
            name,
            each["verdict"].replace("_", " "),
            f"{each['candidate']} - {each['reference']}",
            interval_text(each["difference"], each["difference_low"], each["difference_high"], "+"),
            chance(each["p_gain"]),
        ]
        for name, each in found.items()
    ]


def _facts(run: Run, results: Results, summary: dict[str, Any]) -> dict[str, str]:
    shown = summary.get("candidate") or next(iter(results))
    facts = {
        "real labels a class to train on": _per_class(run, "train"),
        "more, to choose settings and arms by": _per_class(run, "validation"),
        "synthetic rows in the candidate": f"{summary['per_arm'][shown]['synthetic_rows']:,.0f}",
        "real test rows": f"{next(iter(results.values()))[0]['test']['n']:,}",
        "repeats": f"{summary['repeats']}",
    }
    covers = "the deciding interval covers, so that those of all looks cover 95 %"
    facts[covers] = f"{100 * summary['look']['coverage']:.4g} %"
    if summary.get("candidate"):
        facts["repeats whose candidate used synthetic rows"] = f"{summary['used_repeats']}"
    if summary.get("p_gain") is not None:
        facts[f"confidence in a gain above {100 * summary['rope']:g} points"] = chance(summary["p_gain"])
    if summary.get("repeats_needed"):
        facts["repeats that would settle it, about"] = f"{summary['repeats_needed']:,}"
    if summary.get("test_rows_needed"):
        facts["test rows that would settle it, about"] = f"{summary['test_rows_needed']:,}"
    return facts


def _per_class(run: Run, part: str) -> str:
    """How many rows of a class a split has, over all classes and repeats."""
    counts = sorted(
        n for repeat in run.repeats for n in run.prepared["repeats"][str(repeat.number)]["rows"][part].values()
    )
    return spanned(counts[0], counts[-1])
