"""What a gain is worth in real rows: the oracle curve read backwards.

The oracle arm trains the ``classical`` arm on more real rows: spare ones, which no other arm sees. Where there are none
it goes *down*: it trains on fewer, and the last rows are what a gain is compared with. Either way the curve says how
many points some real rows bought, from 0 rows and 0 points upwards, and the candidate's gain is read off it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression

from ganaug.evaluation.results import DECISIVE, ORACLE, Results
from ganaug.evaluation.statistics import LEVEL, Estimate, estimate, posterior_means

SAMPLES = 1000
SEED = 0  # the same report from the same results, to the byte


@dataclass(frozen=True)
class Oracle:
    """What real rows bought.

    Attributes
    ----------
    direction : str
        ``up``: rows beyond those at hand; ``down``: the last of those at hand.
    rows : float array (M,)
        Rows a class, ascending, mean over draws.
    gains : float array (J, M)
        The points of the decisive metric that these rows bought in each draw.
    ratio : float
        See `ganaug.evaluation.statistics.estimate`.
    """

    direction: str
    rows: NDArray[np.float64]
    gains: NDArray[np.float64]
    ratio: float = 0.0

    @property
    def most(self) -> Estimate:
        """What the most rows bought."""
        return estimate(self.gains[:, -1], self.ratio)

    def curve(self, gains: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Fit a monotone curve through no rows, no gain: its rows and its gains, shape (M + 1,)."""
        fitted = np.maximum(isotonic_regression(gains).x, 0.0)
        return np.append(0.0, self.rows), np.append(0.0, fitted)


@dataclass(frozen=True)
class Worth:
    """A gain in real rows a class. The curve ends at 0 and ``limit``, which stand for *none* and *more than*.

    Attributes
    ----------
    rows : float
    low, high : float or None
        Ends of the 95 % interval; None after a single draw.
    limit : float
        How many rows the oracle measured.
    direction : str
        See `Oracle`.
    """

    rows: float
    low: float | None
    high: float | None
    limit: float
    direction: str


def read_oracle(results: Results, ratio: float) -> Oracle | None:
    """Take the oracle's curve out of one classifier's results; None where it, or the classical arm, was not run."""
    if not {ORACLE, "classical"} <= set(results):
        return None
    drawn = [{point["share"]: point for point in result["points"]} for result in results[ORACLE]]
    shares = sorted(set.intersection(*map(set, drawn)), key=abs)
    if not shares:
        return None
    sign = 1.0 if shares[0] > 0 else -1.0
    rows, gains = [], []
    for points, base in zip(drawn, results["classical"], strict=True):
        classes = len(base["classes"])
        rows.append([sign * (points[share]["n_real"] - base["n_train"]["real"]) / classes for share in shares])
        gains.append([sign * (points[share]["test"][DECISIVE] - base["test"][DECISIVE]) for share in shares])
    return Oracle("up" if sign > 0 else "down", np.mean(rows, axis=0), np.array(gains), ratio)


def equivalent_rows(oracle: Oracle, gains: NDArray[np.float64]) -> Worth:
    """Read off how many real rows a class would have bought a gain.

    The interval pushes what is known of the gain and of the whole curve, a multivariate t distribution, through the fit
    and its inverse. Resampling whole draws instead would give too narrow an interval after few draws (three have but
    ten distinct resamples) and know nothing of dependent ones; inverting draw by draw averages over ends of the curve
    that single, noisy draws leave all the time.

    Parameters
    ----------
    oracle : Oracle
        The curve, J draws.
    gains : float array (J,)
        Candidate minus reference in the same draws, in the same order.
    """
    measured = np.column_stack([gains, oracle.gains])

    def read(means: NDArray[np.float64]) -> float:
        return invert(*oracle.curve(means[1:]), means[0])

    low = high = None
    if len(gains) > 1:
        known = posterior_means(measured, oracle.ratio, SAMPLES, np.random.default_rng(SEED))
        tail = (1 - LEVEL) / 2
        low, high = (float(end) for end in np.quantile([read(means) for means in known], [tail, 1 - tail]))
    return Worth(read(measured.mean(axis=0)), low, high, float(oracle.rows[-1]), oracle.direction)


def invert(rows: NDArray[np.float64], curve: NDArray[np.float64], gain: float) -> float:
    """Return the fewest rows at which the curve, straight between its points, reaches ``gain``, or else its end.

    Examples
    --------
    >>> invert(np.array([0.0, 10.0, 20.0]), np.array([0.0, 0.02, 0.02]), 0.01)
    5.0
    """
    if gain <= 0:
        return 0.0
    if gain > curve[-1]:
        return float(rows[-1])
    after = int(np.searchsorted(curve, gain))
    return float(np.interp(gain, curve[after - 1 : after + 1], rows[after - 1 : after + 1]))
