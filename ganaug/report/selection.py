"""The section on selection: the scores of kept and dropped candidates, and how many of each there were."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ganaug.report.run import SCORES, Repeat, Run
from ganaug.report.svg import MirroredHistogram, ticks
from ganaug.synthesis.filters import Filter, Threshold


def selection_section(run: Run, filters: Sequence[tuple[str, Filter]]) -> dict[str, Any]:
    """Distributions of the scores over all candidates, what each filter dropped, and the numbers of each repeat.

    Parameters
    ----------
    run : Run
        The run.
    filters : sequence of (str, Filter)
        Those that the run used, in their order, with their names.
    """
    thresholds = {name: used.threshold for name, used in filters if isinstance(used, Threshold)}
    candidates = pd.concat([repeat.candidates for repeat in run.repeats], ignore_index=True)
    kept = candidates["kept"].to_numpy(dtype=bool)
    names = [name for name, _ in filters]
    return {
        "kept": int(kept.sum()),
        "dropped": int((~kept).sum()),
        "scores": {score: _scores(candidates[score], kept, thresholds.get(score)) for score in SCORES},
        "filters": names,
        "reasons": list(run.reasons.values()),
        "repeats": [_repeat(run, repeat) for repeat in run.repeats],
        **_dropped(candidates, run.schema.classes, names),
    }


def _scores(scores: pd.Series[float], kept: NDArray[np.bool_], threshold: float | None) -> dict[str, Any]:
    values: NDArray[np.float64] = np.asarray(scores, np.float64)
    above, below = values[kept], values[~kept]
    axis = ticks(float(values.min()), float(values.max()))
    parts = [(part, word) for part, word in ((above, "kept"), (below, "dropped")) if len(part)]
    medians = ", ".join(f"median {np.median(part):.2f} of {len(part):,} {word}" for part, word in parts)
    shown = threshold if threshold is not None and axis[0] < threshold < axis[-1] else None
    return {"chart": MirroredHistogram(above, below, axis, shown), "medians": medians}


def _dropped(candidates: pd.DataFrame, classes: Sequence[str], names: Sequence[str]) -> dict[str, Any]:
    """How many rows each filter looked at, and what it dropped of them and of each class."""
    left, columns = len(candidates), []
    for name in names:
        labels = candidates["label"][candidates["reason"] == name]
        of_class = np.bincount(labels, minlength=len(classes))
        share = f"{100 * len(labels) / left:.1f} %" if left else "-"
        columns.append([f"{left:,}", f"{len(labels):,}", share, *(f"{n:,}" for n in of_class)])
        left -= len(labels)
    words = ("looked at", "dropped", "share dropped")
    rows = [(word, cells) for word, *cells in zip((*words, *classes), *columns, strict=True)]
    return {"by_filter": rows[: len(words)], "by_class": rows[len(words) :]}


def _repeat(run: Run, repeat: Repeat) -> list[str]:
    numbers = repeat.generated
    counts = (f"{numbers[name]:,}" for name in ("wanted", "candidates", "kept"))
    reasons = (f"{numbers['dropped'].get(reason, 0):,}" for reason in run.reasons)
    return [f"Repeat {repeat.number}", *counts, *reasons, f"{numbers['copy_distance']:.3f}"]
