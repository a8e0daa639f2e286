"""The section on adversarial training: what the generator made through training, beside both networks' curves."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ganaug.modalities.base import Modality
from ganaug.report.run import Repeat, Run
from ganaug.report.svg import Line, line_chart
from ganaug.utils.markup import Html, counted, element, fragment, key

FRAMES = 8
LOSSES = {"loss_discriminator": ("real", "discriminator D"), "loss_generator": ("synthetic", "generator G")}
SCORES = {"real_logits": ("real", "real rows"), "fake_logits": ("synthetic", "generated rows")}


def training_section(run: Run) -> Html:
    """Sample grids of the first repeat, with a slider, and the curves of every repeat."""
    losses = _curves(
        run,
        "Losses",
        LOSSES,
        "What each network tries to lower. Neither has to fall; what counts is that neither runs away.",
    )
    scores = _curves(
        run,
        "D's scores",
        SCORES,
        "Logits, higher means taken for real: their means, and of the first repeat the distributions, a standard "
        "deviation to either side. The more they overlap, the harder real and generated rows are to tell apart.",
    )
    return fragment(
        element("h2", "The two networks through training"),
        element(
            "p",
            "The generator G learns to be taken for real by the discriminator D, which learns to tell its rows from "
            f"real ones, in {run.repeats[0].history['step'].iloc[-1]:,} steps. Curves: one line for each of "
            f"{counted(len(run.repeats), 'repeat')}.",
        ),
        element("div", _film(run.repeats[0], run.schema.modality), element("div", losses, scores), class_="columns"),
    )


def _film(repeat: Repeat, modality: Modality) -> Html | None:
    """The sample grids: a strip that scrolls sideways, which the page's script turns into a slider."""
    if not repeat.grids or not modality.film:
        return None
    frames = []
    last = int(repeat.history["step"].iloc[-1])
    for at in sorted({round(at) for at in np.linspace(0, len(repeat.grids) - 1, min(FRAMES, len(repeat.grids)))}):
        step, path = repeat.grids[at]
        picture = modality.show_grid(path, f"Grid of generated rows at training step {step}")
        heading = element("b", f"Step {step:,}"), f" of {last:,}, repeat {repeat.number}. "
        caption = element("figcaption", *heading, element("span", _scores(repeat, step)))
        frames.append(element("figure", picture, caption, data_step=step))
    end = len(frames) - 1
    slider = element("input", type="range", class_="slider", min=0, max=end, value=end, aria_label="Training step")
    return element("div", element("div", *frames, class_="film"), slider, class_="player", data_last=last)


def _scores(repeat: Repeat, step: int) -> str:
    history: pd.DataFrame = repeat.history
    at = history.iloc[int((history["step"] - step).abs().to_numpy().argmin())]
    return f"D gives real rows {at['real_logits']:+.2f} and generated ones {at['fake_logits']:+.2f} on average."


def _curves(run: Run, title: str, columns: dict[str, tuple[str, str]], text: str) -> Html:
    lines = []
    for column, (tone, _) in columns.items():
        for repeat in run.repeats:
            steps, means = (repeat.history[name].to_numpy(dtype=np.float64) for name in ("step", column))
            lines.append(Line(tone, steps, means, _spread(repeat, column) if repeat is run.repeats[0] else None))
    ends = ", ".join(
        f"{words} from {_mean_at(run, column, 0):.2f} to {_mean_at(run, column, -1):.2f}"
        for column, (_, words) in columns.items()
    )
    chart = line_chart(lines, f"{title} over training steps: {ends}.")
    return element("figure", element("h3", title), key(dict(columns.values())), chart, element("figcaption", text))


def _spread(repeat: Repeat, column: str) -> NDArray[np.float64] | None:
    """The standard deviation about a mean logit; None for other curves, and in runs of releases before it was kept."""
    squares = column.replace("_logits", "_squares")
    if squares == column or squares not in repeat.history:
        return None
    mean, square = (repeat.history[name].to_numpy(dtype=np.float64) for name in (column, squares))
    spread: NDArray[np.float64] = np.sqrt(np.maximum(square - mean**2, 0))
    return spread


def _mean_at(run: Run, column: str, at: int) -> float:
    return float(np.mean([repeat.history[column].iloc[at] for repeat in run.repeats]))
