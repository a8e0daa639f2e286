"""The section on fidelity: how near synthetic rows come to real ones, before and after selection, beside real ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ganaug.evaluation.fidelity import average
from ganaug.evaluation.results import Results
from ganaug.report.run import Run

Means = dict[str, dict[str, float | None]]


@dataclass(frozen=True)
class Measure:
    """How a number is shown: times ``factor``, with so many decimals, and in words."""

    title: str
    factor: float
    decimals: int
    better: str
    text: str

    def show(self, value: float | None) -> str:
        """Write one value; a dash where there were too few rows for it."""
        return "-" if value is None else f"{self.factor * value:,.{self.decimals}f}"


MEASURES = {
    "hit_rate": Measure(
        "Class hit rate, %",
        100,
        1,
        "higher",
        "rows that a classifier trained on the training rows takes for the class they claim. Selection asks a teacher "
        "trained on the same rows, so after it this is partly of its making.",
    ),
    "precision": Measure("Precision, %", 100, 1, "higher", "synthetic rows that lie among real ones: are they real?"),
    "density": Measure(
        "Density",
        1,
        2,
        "higher",
        "how thick real rows lie about a synthetic one. Far above that of real rows, synthetic ones crowd.",
    ),
    "recall": Measure("Recall, %", 100, 1, "higher", "real rows that lie among synthetic ones: is all there?"),
    "coverage": Measure(
        "Coverage, %",
        100,
        1,
        "higher",
        "real rows with a synthetic one nearby; stray rows sway it less than recall.",
    ),
    "kid": Measure(
        "KID x 1,000", 1000, 1, "lower", "distance of the two distributions; about 0, on either side, where they agree."
    ),
    "frechet": Measure(
        "Fréchet distance",
        1,
        1,
        "lower",
        "the same by means and covariances. Few rows inflate it, and the value of real rows alike.",
    ),
}
COLUMNS = ("before", "after", "real_vs_real")
UTILITY = Measure(
    "Accuracy of training on these alone, %",
    100,
    1,
    "higher",
    "of the arm synthetic, and of the arm real in the column of real rows, which are the training rows here. By class: "
    "see recall.",
)


def fidelity_section(run: Run, results: Results, metric: str) -> dict[str, Any]:
    """Rows of tables overall and by class, means over repeats, with what each number means.

    Parameters
    ----------
    run : Run
        The run.
    results : dict
        From `ganaug.evaluation.summary.read_results`; the arms ``synthetic`` and ``real`` give the accuracies.
    metric : str
        The accuracy that is shown.
    """
    found = [repeat.fidelity for repeat in run.repeats]
    by_class = {name: average([each["per_class"][name] for each in found]) for name in run.schema.classes}
    return {
        "setting": found[0],
        "repeats": len(found),
        "overall": _overall(average([each["overall"] for each in found]), results, metric),
        "measures": [*MEASURES.values(), UTILITY],
        "comparison": run.schema.modality.show_comparison(found[0].get("of_modality", {})),
        "weakest": _weakest(by_class),
        "titles": [measure.title for measure in MEASURES.values()],
        "after": _by_class(by_class, "after"),
        "before": _by_class(by_class, "before"),
    }


def _overall(means: Means, results: Results, metric: str) -> list[list[str]]:
    rows = [
        [measure.title, *(measure.show(means[which][name]) for which in COLUMNS), measure.better]
        for name, measure in MEASURES.items()
    ]
    if "synthetic" in results:
        kept, real = (_mean(results, arm, metric) for arm in ("synthetic", "real"))
        rows.append([UTILITY.title, "-", UTILITY.show(kept), UTILITY.show(real), UTILITY.better])
    return rows


def _mean(results: Results, arm: str, metric: str) -> float | None:
    return float(np.mean([result["test"][metric] for result in results[arm]])) if arm in results else None


def _weakest(by_class: dict[str, Means]) -> dict[str, str] | None:
    """Name the class whose kept rows cover least of what real rows cover."""
    shares = {
        name: means["after"]["coverage"] / means["real_vs_real"]["coverage"]
        for name, means in by_class.items()
        if means["after"]["coverage"] is not None and means["real_vs_real"]["coverage"]
    }
    if not shares:
        return None
    name = min(shares, key=lambda each: shares[each])
    shown = {which: MEASURES["coverage"].show(by_class[name][which]["coverage"]) for which in ("after", "real_vs_real")}
    return {"name": name, **shown}


def _by_class(by_class: dict[str, Means], which: str) -> list[list[str]]:
    rows = []
    for name, means in by_class.items():
        pairs = (
            (measure.show(means[which][key]), measure.show(means["real_vs_real"][key]))
            for key, measure in MEASURES.items()
        )
        rows.append([name, *(f"{value} ({real})" for value, real in pairs)])
    return rows
