"""The numbers of a training, and how they change from step to step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Now(NamedTuple):
    """The numbers of one step."""

    learning_rate: float
    condition: float  # how much the label counts, 0 to 1


@dataclass(frozen=True)
class Schedule:
    """The numbers of a training. A step is one optimiser step of each network; a share is of all steps."""

    steps: int
    batch_size: int = 64
    parts: int = 1  # in which a batch goes through the networks, for memory
    learning_rate: float = 2.5e-3  # constant over the first half, then linearly down to FINAL_RATE of it
    betas: tuple[float, float] = (0.0, 0.95)
    penalty_weight: float = 0.1
    penalty_interval: int = 16  # lazy: every so many steps, times as much
    mismatch_weight: float = 0.2  # of telling a real row's label from others; at 1, no better
    anchor_weight: float = 4.0  # of the distance from anchored rows, a quarter of a batch, to what is made of them
    pair_weight: float = 2.0  # of the distance from rows to what is made of another of their class in their style
    style_weight: float = 1.0  # of the squared error of the style that a generated row shows
    condition_ramp: float = 0.01  # share over which the condition is ramped in (arXiv 2201.06578)
    ema_half_life: float = 0.05  # share after which a weight's part in the average has halved
    clip: float = 10.0  # norm that gradients are cut to

    FINAL_RATE = 0.05
    WARM_UP = 100  # steps at most, and a twentieth of them at most

    def at(self, step: int) -> Now:
        """Return the numbers of a step, counted from 0."""
        decay = max(0.0, 2 * step / self.steps - 1)
        warm = min(1.0, (step + 1) / min(self.WARM_UP, 0.05 * self.steps))  # Adam's first steps are not short
        rate = self.learning_rate * warm * (1 - (1 - self.FINAL_RATE) * decay)
        return Now(rate, min(1.0, step / max(1.0, self.condition_ramp * self.steps)))


def auto_steps(rows: int, device: str = "cpu") -> int:
    """Return a budget of steps for so many training rows, and for the type of device.

    On a GPU, where a step costs little, 6,400 for up to 800 rows, then growing with their square root. On a CPU 1,800
    for up to 200, growing alike: what a first look needs (benchmarks/RESULTS.md, time to quality).
    """
    if device == "cpu":
        return int(min(10_000, 1800 * max(1.0, (rows / 200) ** 0.5)))
    return int(min(20_000, 3200 * max(2.0, (rows / 200) ** 0.5)))
