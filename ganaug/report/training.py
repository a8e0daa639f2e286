"""The section on adversarial training: what the generator made through training, beside both networks' curves."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganaug.modalities.base import Modality
from ganaug.report.run import Repeat, Run
from ganaug.report.svg import Line, LineChart

FRAMES = 8
LOSSES = {"loss_discriminator": ("real", "discriminator D"), "loss_generator": ("synthetic", "generator G")}
SCORES = {"real_logits": ("real", "real rows"), "fake_logits": ("synthetic", "generated rows")}


def training_section(run: Run) -> dict[str, Any]:
    """Sample grids of the first repeat, and the curves of every repeat."""
    return {
        "repeats": len(run.repeats),
        "steps": int(run.repeats[0].history["step"].iloc[-1]),
        "film": _film(run.repeats[0], run.schema.modality),
        "losses": _curves(run, LOSSES),
        "scores": _curves(run, SCORES),
    }


def _film(repeat: Repeat, modality: Modality) -> dict[str, Any] | None:
    if not repeat.grids or not modality.film:
        return None
    frames = []
    for at in sorted({round(at) for at in np.linspace(0, len(repeat.grids) - 1, min(FRAMES, len(repeat.grids)))}):
        step, path = repeat.grids[at]
        shown = modality.show_grid(path, f"Grid of generated rows at training step {step}")
        scores = repeat.history.iloc[int((repeat.history["step"] - step).abs().to_numpy().argmin())]
        frames.append({"step": step, "shown": shown, "real": scores["real_logits"], "fake": scores["fake_logits"]})
    return {"frames": frames, "last": int(repeat.history["step"].iloc[-1]), "repeat": repeat.number}


def _curves(run: Run, columns: dict[str, tuple[str, str]]) -> dict[str, Any]:
    lines = []
    for column, (tone, _) in columns.items():
        for repeat in run.repeats:
            steps, means = (repeat.history[name].to_numpy(dtype=np.float64) for name in ("step", column))
            lines.append(Line(tone, steps, means, _spread(repeat, column) if repeat is run.repeats[0] else None))
    ends = ", ".join(
        f"{words} from {_mean_at(run, column, 0):.2f} to {_mean_at(run, column, -1):.2f}"
        for column, (_, words) in columns.items()
    )
    return {"key": dict(columns.values()), "chart": LineChart(lines), "ends": ends}


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
