"""Means over draws, with intervals that hold.

The unit of replication is one whole draw: split -> GAN seed -> classifier seed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

LEVEL = 0.95  # of every interval


@dataclass(frozen=True)
class Estimate:
    """A mean over draws, and how sure it is: Student's t with ``draws - 1`` degrees of freedom.

    The interval is both the classical one and, under a flat prior, the Bayesian one (the correlated t-test of Corani
    and Benavoli, 2015), so that `above` and the interval never contradict each other.

    Attributes
    ----------
    mean : float
    spread : float or None
        Standard deviation of single draws; None where there is a single one, which allows no interval.
    draws : int
        Number of draws.
    ratio : float
        What dependence between draws adds to the variance, see `estimate`.
    """

    mean: float
    spread: float | None
    draws: int
    ratio: float = 0.0

    @property
    def error(self) -> float | None:
        """Standard error of the mean."""
        return None if self.spread is None else self.spread * math.sqrt(1 / self.draws + self.ratio)

    @property
    def low(self) -> float | None:
        """Lower end of the 95 % interval."""
        return None if self.error is None else self.mean - critical(self.draws) * self.error

    @property
    def high(self) -> float | None:
        """Upper end of the 95 % interval."""
        return None if self.error is None else self.mean + critical(self.draws) * self.error

    @property
    def p_value(self) -> float | None:
        """Two-sided p-value against a true mean of 0."""
        positive = self.above(0.0)
        return None if positive is None else 2 * min(positive, 1 - positive)

    def above(self, threshold: float) -> float | None:
        """Probability that the true mean is above ``threshold``; None after a single draw."""
        if self.error is None:
            return None
        if self.error == 0:
            return float(self.mean > threshold)
        return float(student.sf((threshold - self.mean) / self.error, self.draws - 1))


def critical(draws: int | NDArray[np.int64]) -> float:
    """How many standard errors the 95 % interval reaches to either side."""
    return student.ppf(0.5 + LEVEL / 2, draws - 1)  # type: ignore[no-any-return]


def estimate(values: Sequence[float] | NDArray[np.float64], ratio: float = 0.0) -> Estimate:
    """Estimate a mean over draws.

    Parameters
    ----------
    values : sequence of float
        One value a draw; for a paired comparison, one difference a draw.
    ratio : float, default=0.0
        Test rows over training rows, where all draws split the same rows anew and so are not independent: the variance
        is then corrected as Nadeau and Bengio (2003) do, (1/J + n_test/n_train) s^2. 0: independent draws, s^2 / J.
    """
    sample = np.asarray(values, np.float64)
    spread = float(sample.std(ddof=1)) if len(sample) > 1 else None
    return Estimate(float(sample.mean()), spread, len(sample), ratio)


def posterior_means(
    values: NDArray[np.float64], ratio: float, size: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Draw from what is known of several means at once.

    Parameters
    ----------
    values : float array (J, P)
        P quantities measured in each of J > 1 draws.
    ratio : float
        See `estimate`.
    size : int
        How many to draw.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    float array (size, P)
        From the multivariate t distribution with J - 1 degrees of freedom whose margins are those of `estimate`.
    """
    draws, mean = len(values), values.mean(axis=0)
    normal = rng.standard_normal((size, draws)) @ (values - mean) / math.sqrt(draws - 1)
    shrink = np.sqrt(rng.chisquare(draws - 1, (size, 1)) / (draws - 1))
    means: NDArray[np.float64] = mean + math.sqrt(1 / draws + ratio) * normal / shrink
    return means


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjust p-values so that, of all true null hypotheses, any is rejected at 0.05 with at most that probability.

    Holm (1979); holds whatever the dependence between the tests.
    """
    p, count = np.asarray(p_values, np.float64), len(p_values)
    order = np.argsort(p)
    adjusted = np.empty(count)
    adjusted[order] = np.minimum(np.maximum.accumulate(p[order] * np.arange(count, 0, -1)), 1.0)
    return [float(value) for value in adjusted]
