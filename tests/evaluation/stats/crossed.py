"""Simulated runs with crossed effects: test rows x repeats, as two classifiers tested on the same rows have them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

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
