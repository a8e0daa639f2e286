"""The sections made of curves: the two players' losses and scores, and what selection saw."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ganaug.report.markup import Html, element, fragment
from ganaug.report.run import Run
from ganaug.report.svg import Line, line_chart, mirrored_histogram, ticks

SCORE_WORDS = {
    "confidence": (
        "Teacher's confidence",
        "How probable a classifier trained on the training rows alone finds the class that the row claims.",
    ),
    "realism": ("Realism", "How probably real the discriminator finds the row."),
    "nearest_distance": (
        "Distance to the nearest training row",
        "Root-mean-square pixel difference; 0 is a copy.",
    ),
}


def curves_section(run: Run) -> Html:
    """Losses and mean scores of every draw's training, over its steps."""
    losses = _chart_of(
        run,
        "Losses",
        {"loss_discriminator": ("real", "discriminator"), "loss_generator": ("synthetic", "generator")},
        "What each player tries to lower. In a game neither has to fall: what counts is that neither runs away.",
    )
    scores = _chart_of(
        run,
        "The discriminator's score",
        {"real_logits": ("real", "real rows"), "fake_logits": ("synthetic", "generated rows")},
        "Mean logit; higher means taken for real. The nearer the lines, the harder the two are to tell apart.",
    )
    return element(
        "section",
        element("h2", "Losses and scores over training"),
        element("p", f"One line for each of {_count(len(run.draws), 'draw')}."),
        element("div", losses, scores, class_="columns"),
        id="curves",
    )


def selection_section(run: Run, thresholds: dict[str, float]) -> Html:
    """Distributions of the selection's scores over kept and dropped candidates of all draws.

    Parameters
    ----------
    run : Run
        The run.
    thresholds : dict of str to float
        The score below which a row was dropped, where there is one.
    """
    candidates = pd.concat([draw.candidates for draw in run.draws], ignore_index=True)
    kept = candidates["kept"].to_numpy(dtype=bool)
    charts = []
    for score, (title, text) in SCORE_WORDS.items():
        values = candidates[score].to_numpy(dtype=np.float64)
        charts.append(_histogram(title, text, values[kept], values[~kept], thresholds.get(score)))
    return element(
        "section",
        element("h2", "What selection kept and dropped"),
        element(
            "p",
            f"All {len(candidates):,} candidates of {_count(len(run.draws), 'draw')}: "
            f"{int(kept.sum()):,} kept, {int((~kept).sum()):,} dropped. Kept rows grow upwards, dropped rows downwards, to one scale.",
        ),
        _key({"synthetic": "kept", "dropped": "dropped"}),
        element("div", *charts, class_="columns"),
        id="selection",
    )


def _chart_of(run: Run, title: str, columns: dict[str, tuple[str, str]], text: str) -> Html:
    lines = [
        Line(tone, draw.history["step"].to_numpy(dtype=np.float64), draw.history[column].to_numpy(dtype=np.float64))
        for column, (tone, _) in columns.items()
        for draw in run.draws
    ]
    ends = ", ".join(
        f"{words} from {_mean_at(run, column, 0):.2f} to {_mean_at(run, column, -1):.2f}"
        for column, (_, words) in columns.items()
    )
    return element(
        "figure",
        element("h3", title),
        _key(dict(columns.values())),
        line_chart(lines, f"{title} over training steps: {ends}."),
        element("figcaption", text),
    )


def _histogram(
    title: str, text: str, kept: NDArray[np.float64], dropped: NDArray[np.float64], threshold: float | None
) -> Html:
    values = np.concatenate([kept, dropped])
    axis = ticks(float(values.min()), float(values.max()))
    medians = ", ".join(
        f"median {np.median(part):.2f} of {len(part):,} {word}" for part, word in ((kept, "kept"), (dropped, "dropped")) if len(part)
    )
    shown = threshold if threshold is not None and axis[0] < threshold < axis[-1] else None
    limit = None if threshold is None else f" Rows below {threshold:g} were dropped" + (" (dashed line)." if shown else ".")
    return element(
        "figure",
        element("h3", title),
        mirrored_histogram(kept, dropped, axis[0], axis[-1], f"{title}: {medians}.", shown),
        element("figcaption", fragment([text, limit])),
    )


def _key(words: dict[str, str]) -> Html:
    return element("p", element("span", *(element("span", word, class_=tone) for tone, word in words.items()), class_="key"), class_="note")


def _mean_at(run: Run, column: str, at: int) -> float:
    return float(np.mean([draw.history[column].iloc[at] for draw in run.draws]))


def _count(n: int, word: str) -> str:
    return f"{n} {word}" + ("" if n == 1 else "s")
