"""The first screen: the verdict, every arm with its interval and draws, and what went into the comparison."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ganaug.evaluation.arms import ARMS
from ganaug.evaluation.summary import Results
from ganaug.report.markup import Html, element, key
from ganaug.report.run import Run
from ganaug.report.svg import Interval, interval_plot


def overview(run: Run, results: Results, summary: dict[str, Any], title: str) -> list[Html]:
    """Verdict, interval plots and the figures behind them.

    Parameters
    ----------
    run : Run
        The run.
    results, summary : dicts
        From `ganaug.evaluation.summary`.
    title : str
        What the run is about.
    """
    outcome = element("span", summary["verdict"].replace("_", " "), class_="outcome")
    return [
        element("p", outcome, element("span", title), class_="eyebrow"),
        element("h1", summary["sentence"]),
        _arms_plot(results, summary),
        *([_contrast_plot(results, summary)] if summary["contrast"] else []),
        _facts(run, results, summary),
    ]


def interval_text(mean: float, low: float | None, high: float | None, sign: str = "") -> str:
    """A share and its interval in per cent or points, for example ``"75.9 [73.9, 77.9]"``."""
    numbers = [f"{100 * value:{sign}.1f}" for value in (mean, low, high) if value is not None]
    return numbers[0] if len(numbers) == 1 else f"{numbers[0]} [{numbers[1]}, {numbers[2]}]"


def decisive(found: Sequence[Any], metric: str) -> tuple[float, ...]:
    """The decisive metric of one arm on test rows, draw by draw."""
    return tuple(result["test"][metric] for result in found)


def _arms_plot(results: Results, summary: dict[str, Any]) -> Html:
    metric = summary["metric"]
    rows = []
    for name, arm in summary["arms"].items():
        value = interval_text(arm[metric], arm["low"], arm["high"])
        rows.append(
            Interval(
                label=ARMS[name].label,
                detail=name,
                value=value,
                tone="synthetic" if ARMS[name].synthetic else "real",
                mean=arm[metric],
                low=None if arm["low"] is None else max(arm["low"], 0.0),  # of few draws they leave what a share can be
                high=None if arm["high"] is None else min(arm["high"], 1.0),
                dots=decisive(results[name], metric),
            )
        )
    words = metric.replace("_", " ")
    described = "; ".join(f"{row.label} {row.value}" for row in rows)
    reference = summary["contrast"] and summary["arms"][summary["contrast"]["reference"]][metric]
    return element(
        "figure",
        key({"real": "without synthetic rows", "synthetic": "with synthetic rows"}),
        interval_plot(rows, f"{words} in per cent: {described}", lambda value: f"{100 * value:.4g} %", reference),
        element(
            "figcaption",
            f"{words.capitalize()} on real test rows, in per cent: mean, 95 % interval of the mean, and a dot for each "
            "draw." + (" Dashed: the best arm without synthetic rows." if reference else ""),
        ),
    )


def _contrast_plot(results: Results, summary: dict[str, Any]) -> Html:
    contrast, metric = summary["contrast"], summary["metric"]
    pair = (decisive(results[contrast[side]], metric) for side in ("candidate", "reference"))
    row = Interval(
        label=f"{contrast['candidate']} - {contrast['reference']}",
        detail="",
        value=interval_text(contrast["difference"], contrast["low"], contrast["high"], "+"),
        tone="synthetic",
        mean=contrast["difference"],
        low=contrast["low"],
        high=contrast["high"],
        dots=tuple(candidate - reference for candidate, reference in zip(*pair, strict=True)),
    )
    chart = interval_plot(
        [row], f"Difference in points: {row.value}", lambda value: f"{100 * value:+.4g}" if value else "0", 0.0
    )
    text = "The difference that decides, in points, paired by draw. Both arms were picked on validation rows."
    return element("figure", chart, element("figcaption", text))


def _facts(run: Run, results: Results, summary: dict[str, Any]) -> Html:
    trained = [run.prepared["draws"][str(draw.number)]["rows"]["train"].values() for draw in run.draws]
    labels = sorted({count for counts in trained for count in counts})
    synthetic = max(int(result["n_train"]["synthetic"]) for found in results.values() for result in found)
    wanted, kept = (sum(draw.generated[name] for draw in run.draws) for name in ("candidates", "kept"))
    facts = {
        "real labels a class": f"{labels[0]:,}" if len(labels) == 1 else f"{labels[0]:,} to {labels[-1]:,}",
        "synthetic rows in an arm": f"{synthetic:,}",
        "of generated rows kept": f"{100 * kept / max(wanted, 1):.0f} %",
        "real test rows": f"{next(iter(results.values()))[0]['test']['n']:,}",
        "draws": f"{summary['draws']}",
    }
    return element(
        "dl",
        *(element("div", element("dt", words), element("dd", value)) for words, value in facts.items()),
        class_="facts",
    )
