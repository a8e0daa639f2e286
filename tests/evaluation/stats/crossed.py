"""Simulated runs with crossed effects: test rows x repeats, as two classifiers tested on the same rows have them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ganaug.evaluation.stats.looks import PLAN
from ganaug.evaluation.stats.paired import paired_gain
from ganaug.evaluation.stats.power import repeats_needed
from ganaug.evaluation.verdict import ROPE, decide

Bits = NDArray[np.bool_]


@dataclass(frozen=True)
class World:
    """Two classifiers whose margin on a row in a repeat adds up from what the row, the repeat, and both together bring.

    Attributes
    ----------
    rows, classes : int
        Test rows, the same for all repeats, and classes of equal size.
    taste : float
        Standard deviation of what a classifier makes of a row in every repeat: kinds of rows that suit it.
    luck : float
        Of what it makes of all rows in one repeat: a lucky training.
    noise : float
        Of what it makes of one row in one repeat.
    gain : float
        By how much the candidate's margin is higher.
    skill : float
        Mean margin; difficulty of rows has standard deviation 1.
    """

    rows: int
    classes: int = 10
    taste: float = 0.3
    luck: float = 0.03
    noise: float = 0.3
    gain: float = 0.0
    skill: float = 1.0

    @property
    def y(self) -> NDArray[np.int64]:
        """Labels of the test rows."""
        return np.arange(self.rows) % self.classes

    def run(self, repeats: int, rng: np.random.Generator) -> tuple[Bits, Bits]:
        """Draw test rows and repeats: whether candidate and reference were right, shape (repeats, rows) each."""
        difficulty = rng.standard_normal(self.rows)
        together = self.luck * rng.standard_normal((repeats, 1))  # training rows that are good for both
        first, second = (
            self.skill
            + gain
            + difficulty
            + self.taste * rng.standard_normal(self.rows)
            + together
            + self.luck * rng.standard_normal((repeats, 1))
            + self.noise * rng.standard_normal((repeats, self.rows))
            > 0
            for gain in (self.gain, 0.0)
        )
        return first, second


def follow_advice(first: Bits, second: Bits, y: NDArray[np.int64]) -> tuple[str, int]:
    """Run 3 repeats, look, and add those that the report asks for, until it is settled or all are used.

    Where the report has no advice, go on to the next planned look, as people do.
    """
    repeats = min(PLAN)
    while True:
        gain = paired_gain(first[:repeats], second[:repeats], y)
        verdict, later = decide(gain), [planned for planned in PLAN if repeats < planned <= len(first)]
        if verdict != "INCONCLUSIVE" or not later:
            return verdict, repeats
        repeats = min(repeats_needed(gain, ROPE) or min(later), len(first))
