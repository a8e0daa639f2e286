"""The section on selection: the scores of kept and dropped candidates, and how many of each there were."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ganaug.report.run import Run
from ganaug.report.svg import mirrored_histogram, ticks
from ganaug.synthesis.filters import Filter, Threshold
from ganaug.utils.markup import Html, counted, element, fragment, key, named, table

SCORE_WORDS = {
    "confidence": (
        "Teacher's confidence",
        "How probable a classifier trained on the training rows alone finds the class that the row claims.",
    ),
    "realism": (
        "Realism",
        "How probably real the discriminator finds the row; 0.5 lies midway between real and generated training rows.",
    ),
    "density": (
        "Density",
        "How many training rows of its class lie about it, in the teacher's features; about 1 for rows like them.",
    ),
    "nearest_distance": (
        "Distance to the training rows",
        "To the nearest one, as root-mean-square difference; 0 is a copy.",
    ),
}


def selection_section(run: Run, filters: Sequence[tuple[str, Filter]]) -> Html:
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
    charts = []
    for score, (title, text) in SCORE_WORDS.items():
        values = candidates[score].to_numpy(dtype=np.float64)
        charts.append(_histogram(title, text, values[kept], values[~kept], thresholds.get(score)))
    return fragment(
        element("h2", "What selection kept and dropped"),
        element(
            "p",
            f"All candidates of {counted(len(run.repeats), 'repeat')}, on one scale: kept rows grow upwards, dropped "
            "ones downwards.",
        ),
        key({"synthetic": f"{int(kept.sum()):,} kept", "dropped": f"{int((~kept).sum()):,} dropped"}),
        element("div", *charts, class_="columns"),
        _by_filter(candidates, run, [name for name, _ in filters]),
        _numbers(run),
    )


def _histogram(
    title: str, text: str, kept: NDArray[np.float64], dropped: NDArray[np.float64], threshold: float | None
) -> Html:
    values = np.concatenate([kept, dropped])
    axis = ticks(float(values.min()), float(values.max()))
    parts = [(part, word) for part, word in ((kept, "kept"), (dropped, "dropped")) if len(part)]
    medians = ", ".join(f"median {np.median(part):.2f} of {len(part):,} {word}" for part, word in parts)
    shown = threshold if threshold is not None and axis[0] < threshold < axis[-1] else None
    limit = "" if shown is None else f" Below {shown:g} (dashed) a row was dropped."
    chart = mirrored_histogram(kept, dropped, axis, f"{title}: {medians}.", shown)
    return element("figure", element("h3", title), chart, element("figcaption", text + limit))


def _by_filter(candidates: pd.DataFrame, run: Run, names: Sequence[str]) -> Html:
    """How many rows each filter looked at, and what it dropped of them and of each class."""
    left, columns = len(candidates), []
    for name in names:
        labels = candidates["label"][candidates["reason"] == name]
        of_class = np.bincount(labels, minlength=len(run.schema.classes))
        share = f"{100 * len(labels) / left:.1f} %" if left else "-"
        columns.append([f"{left:,}", f"{len(labels):,}", share, *(f"{n:,}" for n in of_class)])
        left -= len(labels)
    words = ("looked at", "dropped", "share dropped", *map(named, run.schema.classes))
    rows = ([word, *cells] for word, *cells in zip(words, *columns, strict=True))
    caption = "What each filter dropped, in their order; of all repeats together, and of each class"
    return table(["", *(element("code", name) for name in names)], rows, caption)


def _numbers(run: Run) -> Html:
    rows = []
    for repeat in run.repeats:
        numbers = repeat.generated
        reasons = (f"{numbers['dropped'].get(reason, 0):,}" for reason in run.reasons)
        counts = (f"{numbers[name]:,}" for name in ("wanted", "candidates", "kept"))
        rows.append([f"Repeat {repeat.number}", *counts, *reasons, f"{numbers['copy_distance']:.3f}"])
    head = ["", "wanted", "candidates", "kept", *run.reasons.values(), "copy below"]
    caption = "Candidates of each repeat, why rows were dropped, and the distance below which a row counts as a copy"
    return table(head, rows, caption)
