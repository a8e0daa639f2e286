"""Means over repeats, with intervals that hold.

The unit of replication is one whole repeat: split -> GAN seed -> classifier seed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.stats import t as student

from ganaug.evaluation.stats.looks import ALPHA, alpha


@dataclass(frozen=True)
class Estimate:
    """A mean over repeats, and how sure it is.

    Two things could have come out otherwise: the repeats (training rows, GAN, classifier), and the test rows where all
    repeats share them. Student's t gives a margin for either, and the squares of both add up (Howe, 1974). One margin
    from the sum of variances, with Satterthwaite's degrees of freedom, is too narrow after few repeats: where these
    agree by chance, it takes its degrees of freedom from the many test rows. No spread is no certainty: where nothing
    varied there is no interval.

    Attributes
    ----------
    mean : float
    spread : float or None
        Standard deviation of single repeats; None where there is a single one, which allows no interval.
    repeats : int
        Number of repeats.
    ratio : float
        What dependence between repeats adds to the variance, in variances of one: test rows over training rows where
        all repeats split the same rows anew (Nadeau and Bengio, 2003), else 0.
    rows_variance : float
        Variance of the mean that the choice of shared test rows brings; 0 where repeats have test rows of their own.
    rows_df : float
        Degrees of freedom of ``rows_variance``.
    look : int or None
        Number of repeats after which this is looked at, see `ganaug.evaluation.stats.looks`; None: ``repeats``.
    stated : float or None
        Error that its interval may make, where nothing is decided by it; None: what this look may spend.
    most : float
        The largest size that the mean can have, 1 of shares and of their differences: its interval ends there.
    """

    mean: float
    spread: float | None
    repeats: int
    ratio: float = 0.0
    rows_variance: float = 0.0
    rows_df: float = math.inf
    look: int | None = None
    stated: float | None = None
    most: float = math.inf

    @property
    def repeats_error(self) -> float:
        """Standard error that the repeats bring; 0 after a single one, which tells nothing of it."""
        return 0.0 if self.spread is None else self.spread * math.sqrt(1 / self.repeats + self.ratio)

    @property
    def error(self) -> float | None:
        """Standard error of the mean; None after a single repeat, and where nothing varied."""
        error = math.hypot(self.repeats_error, math.sqrt(self.rows_variance))
        return None if self.spread is None or error < 1e-9 else error

    @property
    def alpha(self) -> float:
        """Error that the interval may make: it covers ``1 - alpha``; those of all looks together cover 95 %."""
        return self.stated or alpha(self.look or self.repeats)

    @property
    def low(self) -> float | None:
        """Lower end of the interval."""
        return None if self.error is None else max(self.mean - self.margin(self.alpha), -self.most)

    @property
    def high(self) -> float | None:
        """Upper end of the interval."""
        return None if self.error is None else min(self.mean + self.margin(self.alpha), self.most)

    @property
    def p_value(self) -> float | None:
        """Two-sided p-value against a mean of 0, valid whenever one looks: below 0.05 if the interval excludes 0."""
        positive = self.above(0.0)
        return None if positive is None else min(1.0, 2 * min(positive, 1 - positive) * ALPHA / self.alpha)

    def margin(self, alpha: float) -> float:
        """Return how far an interval that covers ``1 - alpha`` reaches to either side."""
        ours, theirs = student.ppf(1 - alpha / 2, [max(self.repeats - 1, 1), self.rows_df])
        return math.hypot(ours * self.repeats_error, theirs * math.sqrt(self.rows_variance))

    def above(self, threshold: float) -> float | None:
        """Confidence that the true mean is above ``threshold``, at this look alone; None where there is no interval.

        The one-sided level of the interval that ends at ``threshold``.
        """
        if self.error is None:
            return None
        distance = abs(self.mean - threshold)
        if self.margin(1 - 1e-12) >= distance:
            return 0.5
        if self.margin(1e-12) <= distance:
            below = 0.0
        else:
            below = brentq(lambda alpha: self.margin(alpha) - distance, 1e-12, 1 - 1e-12, xtol=1e-13) / 2
        return below if self.mean < threshold else 1 - below


def estimate(
    values: Sequence[float] | NDArray[np.float64],
    ratio: float = 0.0,
    look: int | None = None,
    stated: float | None = None,
) -> Estimate:
    """Estimate a mean over repeats of which single test rows are not known, or not shared.

    Parameters
    ----------
    values : sequence of float
        One value a repeat; for a paired comparison, one difference a repeat.
    ratio, look, stated : see `Estimate`
    """
    sample = np.asarray(values, np.float64)
    spread = float(sample.std(ddof=1)) if len(sample) > 1 else None
    return Estimate(float(sample.mean()), spread, len(sample), ratio, look=look, stated=stated)


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjust p-values so that, of all true null hypotheses, any is rejected at 0.05 with at most that probability.

    Holm (1979); holds whatever the dependence between the tests.
    """
    p, count = np.asarray(p_values, np.float64), len(p_values)
    order = np.argsort(p)
    adjusted = np.empty(count)
    adjusted[order] = np.minimum(np.maximum.accumulate(p[order] * np.arange(count, 0, -1)), 1.0)
    return [float(value) for value in adjusted]
