"""Means over draws, with intervals that hold.

The unit of replication is one whole draw: split -> GAN seed -> classifier seed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import t as student


@dataclass(frozen=True)
class Estimate:
    """A mean over draws.

    Attributes
    ----------
    mean : float
    low, high : float or None
        Ends of the interval; None where a single draw allows none.
    draws : int
        Number of draws.
    """

    mean: float
    low: float | None
    high: float | None
    draws: int


def estimate(values: Sequence[float], test_ratio: float | None = None, level: float = 0.95) -> Estimate:
    """Estimate a mean over draws by Student's t.

    Parameters
    ----------
    values : sequence of float
        One value a draw; for a paired comparison, one difference a draw.
    test_ratio : float, optional
        Test rows over training rows, where all draws split the same rows anew and so are not independent: the variance
        is then corrected as Nadeau and Bengio (2003) do, (1/J + n_test/n_train) s^2. None: draws with disjoint training
        rows and a fixed test set, the plain s^2 / J.
    level : float
        Coverage of the interval.

    Returns
    -------
    Estimate
    """
    sample = np.asarray(values, np.float64)
    draws = len(sample)
    mean = float(sample.mean())
    if draws == 1:
        return Estimate(mean, None, None, 1)
    spread = float(sample.std(ddof=1)) * math.sqrt(1 / draws + (test_ratio or 0.0))
    half = float(student.ppf(0.5 + level / 2, draws - 1)) * spread
    return Estimate(mean, mean - half, mean + half, draws)


def paired_difference(
    first: Sequence[float], second: Sequence[float], test_ratio: float | None = None, level: float = 0.95
) -> Estimate:
    """Estimate the mean of ``first - second``, draw by draw; see `estimate`."""
    return estimate([a - b for a, b in zip(first, second, strict=True)], test_ratio, level)


def decide(difference: Estimate, rope: float) -> str:
    """Say what an estimated gain means.

    Parameters
    ----------
    difference : Estimate
        Candidate minus reference, higher is better.
    rope : float
        Gains between ``-rope`` and ``rope`` are no gain in practice.

    Returns
    -------
    str
        HELPS (the interval lies above 0), HARMS (below 0), NO_BENEFIT (inside the rope), else INCONCLUSIVE.
        An interval that is above 0 and inside the rope is NO_BENEFIT: sure, but of no use.
    """
    low, high = difference.low, difference.high
    if low is None or high is None:
        return "INCONCLUSIVE"
    if -rope <= low and high <= rope:
        return "NO_BENEFIT"
    if low > 0:
        return "HELPS"
    return "HARMS" if high < 0 else "INCONCLUSIVE"
