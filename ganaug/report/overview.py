"""The first screen: the verdict, every arm, the contrasts, what the gain is worth, and what went into it."""

from __future__ import annotations

from typing import Any

import numpy as np

from ganaug.evaluation.downstream.arms import ARMS
from ganaug.evaluation.results import Results, scores
from ganaug.report.numbers import chance, change, interval_text, p_text
from ganaug.report.run import Run
from ganaug.report.svg import Interval, Line, Point, curve_plot, interval_plot
from ganaug.utils.markup import Html, element, fragment, key, table

KEY = {"real": "without synthetic rows", "synthetic": "with synthetic rows", "dropped": "diagnostics, never picked"}


def overview(run: Run, results: Results, summary: dict[str, Any], title: str) -> list[Html]:
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
    outcome = element("span", summary["verdict"].replace("_", " "), class_="outcome")
    first, *others = summary["statement"]
    right, below = [], []
    if summary.get("candidate"):
        right = [_decisive_plot(results, summary), _worth_plot(summary) if summary["real_rows"] else None]
        below = [
            _contrasts_plot(results, summary) if summary["per_contrast"] else None,
            _classifiers(summary) if summary["per_classifier"] else None,
        ]
    return [
        element("p", outcome, element("span", title), class_="eyebrow"),
        element("h1", first),
        *(element("p", sentence) for sentence in others),
        element("div", _arms_plot(results, summary), element("div", *right) if right else None, class_="pair"),
        _facts(run, results, summary),
        fragment(*below),
    ]


def _tone(arm: str) -> str:
    """The colour of an arm, a key of `KEY`."""
    if not ARMS[arm].contender:
        return "dropped"
    return "synthetic" if ARMS[arm].synthetic else "real"


def _points(value: float) -> str:
    """A difference on an axis, in points."""
    return f"{100 * value:+.4g}" if value else "0"


def _arms_plot(results: Results, summary: dict[str, Any]) -> Html:
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
    words = metric.replace("_", " ")
    described = "; ".join(f"{row.label} {row.value}" for row in rows)
    reference = summary.get("reference") and summary["per_arm"][summary["reference"]][metric]
    return element(
        "figure",
        key({name: text for name, text in KEY.items() if name in {row.tone for row in rows}}),
        interval_plot(rows, f"{words} in per cent: {described}", lambda value: f"{100 * value:.4g} %", reference),
        element(
            "figcaption",
            f"{words.capitalize()} on real test rows, in per cent: mean, its 95 % interval (cut off at 0 and 100 %), "
            "and a dot for each repeat." + (" Dashed: the best arm without synthetic rows." if reference else ""),
        ),
    )


def _decisive_plot(results: Results, summary: dict[str, Any]) -> Html:
    found = {end: summary[f"difference_{end}"] for end in ("low", "high")} | {
        "arm": summary["candidate"],
        "minus": summary["reference"],
        "difference": summary["difference"],
    }
    rope = summary["rope"]
    text = (
        "The difference that decides, in points, paired by test row; validation rows picked its two arms. HELPS: the "
        f"interval lies right of the shaded band, which spans the {100 * rope:g} points that do not matter in practice."
    )
    return _differences([_contrast(results, found, "")], rope, text)


def _contrasts_plot(results: Results, summary: dict[str, Any]) -> Html:
    rows = [_contrast(results, found, p_text(found["p_holm"])) for found in summary["per_contrast"].values()]
    text = (
        "What explains the verdict, in points: the other arms against the reference, and what selection is worth. "
        "p is adjusted for the number of contrasts (Holm)."
    )
    return _differences(rows, summary["rope"], text)


def _differences(rows: list[Interval], rope: float, text: str) -> Html:
    described = "; ".join(f"{row.label} {row.value}" for row in rows)
    chart = interval_plot(rows, f"Differences in points: {described}", _points, 0.0, (-rope, rope))
    return element("figure", chart, element("figcaption", text))


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


def _worth_plot(summary: dict[str, Any]) -> Html:
    curve, gain, rows = summary["real_rows"], summary["difference"], summary["equivalent_rows"]
    measured = [Point(each["rows"], each["difference"], each["low"], each["high"]) for each in curve["points"]]
    fitted = Line(
        "real",
        np.array([0.0, *(each["rows"] for each in curve["points"])]),
        np.array([0.0, *(each["fitted"] for each in curve["points"])]),
    )
    worth = _worth_words(summary)
    described = "; ".join(f"{each['rows']:.0f} rows {change(each)}" for each in curve["points"])
    chart = curve_plot(
        fitted, measured, (rows, gain) if gain > 0 else None, f"Gain by real rows: {described}. {worth}", _points
    )
    if curve["direction"] == "up":
        text = "What more real rows of each class buy (blue), trained as the classical arm is"
    else:
        text = (
            "There are no spare real rows, so the curve is built downwards: what the last real rows of each class "
            "bought (blue), as seen by training the classical arm without them"
        )
    return element(
        "figure",
        element("h3", "What the gain is worth in real rows"),
        chart,
        element(
            "figcaption",
            f"{text}: points gained by rows a class, with 95 % intervals and a monotone fit. Dashed: the candidate's "
            f"gain over the reference, read off it. {worth}",
        ),
    )


def _worth_words(summary: dict[str, Any]) -> str:
    """The gain in real rows a class, with its interval, in a sentence."""
    limit = summary["real_rows"]["limit"]
    rows, low, high = (summary[f"equivalent_rows{end}"] for end in ("", "_low", "_high"))

    def words(value: float) -> str:
        return f"more than {limit:.0f}" if value >= limit else f"{value:.0f}"

    interval = "" if low is None else f" (interval: {words(low)} to {words(high)})"
    return f"Reading: {words(rows)} {'row' if words(rows) == '1' else 'rows'} a class{interval}."


def _classifiers(summary: dict[str, Any]) -> Html:
    head = ["classifier", "verdict", "candidate - reference", "difference, points", "P(gain)"]
    found = {summary["classifier"]: summary, **summary["per_classifier"]}
    rows = [
        [
            name,
            each["verdict"].replace("_", " "),
            f"{each['candidate']} - {each['reference']}",
            interval_text(each["difference"], each["difference_low"], each["difference_high"], "+"),
            chance(each["p_gain"]),
        ]
        for name, each in found.items()
    ]
    return table(head, rows, "The same rows, measured by each classifier; the first one decides")


def _facts(run: Run, results: Results, summary: dict[str, Any]) -> Html:
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
    return element(
        "dl",
        *(element("div", element("dt", words), element("dd", value)) for words, value in facts.items()),
        class_="facts",
    )


def _per_class(run: Run, part: str) -> str:
    """How many rows of a class a split has, over all classes and repeats."""
    counts = sorted(
        n for repeat in run.repeats for n in run.prepared["repeats"][str(repeat.number)]["rows"][part].values()
    )
    return f"{counts[0]:,}" if counts[0] == counts[-1] else f"{counts[0]:,} to {counts[-1]:,}"
