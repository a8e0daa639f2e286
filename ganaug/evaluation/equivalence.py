"""What a gain is worth in real rows: the oracle curve read backwards.

The oracle arm trains the ``classical`` arm, or ``real`` where there is no classical augmentation, on more real rows:
spare ones, which no other arm sees. Where there are none it goes *down*: it trains on fewer, and the last rows are what
a gain is compared with. Either way the curve says how many points some real rows bought, from 0 rows and 0 points
upwards, and the candidate's gain is read off it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression

from ganaug.evaluation.results import ORACLE, Result, Results, correct_rows, differences
from ganaug.evaluation.stats.design import Design
from ganaug.evaluation.stats.estimate import Estimate
from ganaug.evaluation.stats.looks import ALPHA, alpha
from ganaug.evaluation.stats.paired import ByClass, estimate_rows, joint_draws, means

SAMPLES = 4000
SEED = 0  # the same report from the same results, to the byte


@dataclass(frozen=True)
class Oracle:
    """What real rows bought.

    Attributes
    ----------
    direction : str
        ``up``: rows beyond those at hand; ``down``: the last of those at hand.
    rows : float array (M,)
        Rows a class, ascending, mean over repeats.
    gains : sequence of length M
        What these rows bought on each test row, by class and repeat.
    design : Design
        How repeats depend on one another.
    """

    direction: str
    rows: NDArray[np.float64]
    gains: Sequence[ByClass]
    design: Design

    @cached_property
    def bought(self) -> list[Estimate]:
        """What each number of rows bought, with intervals of 95 % at this look alone."""
        return [estimate_rows(gains, self.design, stated=ALPHA) for gains in self.gains]

    @property
    def most(self) -> Estimate:
        """What the most rows bought."""
        return self.bought[-1]

    @property
    def fitted(self) -> NDArray[np.float64]:
        """The monotone curve through what was bought, shape (M,)."""
        return self.curve(np.array([each.mean for each in self.bought]))[1][1:]

    def curve(self, gains: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Fit a monotone curve through no rows, no gain: its rows and its gains, shape (M + 1,)."""
        fitted = np.maximum(isotonic_regression(gains).x, 0.0)
        return np.append(0.0, self.rows), np.append(0.0, fitted)


@dataclass(frozen=True)
class EquivalentSampleSize:
    """A gain in real rows a class. The curve ends at 0 and ``limit``, which stand for *none* and *more than*.

    Attributes
    ----------
    rows : float
    low, high : float or None
        Ends of the interval; None after a single repeat.
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


def read_oracle(results: Results, design: Design) -> Oracle | None:
    """Take the oracle's curve out of one classifier's results; None where it, or the arm it extends, was not run."""
    if ORACLE not in results:
        return None
    measured = (point for result in results[ORACLE] for point in result["points"])
    plain = all(point.get("setting", {}).get("strength") == 0 for point in measured)
    extends = "real" if plain else "classical"  # as there is no classical augmentation of tables, say
    if extends not in results:
        return None
    by_repeat = [{point["share"]: point for point in result["points"]} for result in results[ORACLE]]
    shares = sorted(set.intersection(*map(set, by_repeat)), key=abs)
    if not shares:
        return None
    base = results[extends]
    right = correct_rows(base)
    rows, gains = [], []
    for share in shares:
        points: list[Result] = [{**points[share], "classes": base[0]["classes"]} for points in by_repeat]
        more = correct_rows(points)
        gains.append(differences(more, right) if share > 0 else differences(right, more))
        pairs = zip(points, base, strict=True)
        rows.append(np.mean([abs(point["n_real"] - result["n_train"]["real"]) for point, result in pairs]))
    return Oracle("up" if shares[0] > 0 else "down", np.array(rows) / len(right), gains, design)


def equivalent_rows(oracle: Oracle, gains: ByClass) -> EquivalentSampleSize:
    """Read off how many real rows a class would have bought a gain.

    The interval pushes what is known of the gain and of the whole curve, see `joint_draws`, through the fit and its
    inverse. Resampling whole repeats instead would give too narrow an interval after few of them (three have but ten
    distinct resamples) and know nothing of dependent ones; inverting repeat by repeat averages over ends of the curve
    that single, noisy repeats leave all the time.

    Parameters
    ----------
    oracle : Oracle
        The curve, J repeats.
    gains : sequence
        Candidate minus reference on each test row, by class and repeat: the same rows and repeats in the same order.
    """
    measured = [gains, *oracle.gains]

    def read(bought: NDArray[np.float64]) -> float:
        return invert(*oracle.curve(bought[1:]), bought[0])

    mean, repeats = means(measured).mean(axis=0), len(gains[0])
    low = high = None
    if repeats > 1:
        known = joint_draws(measured, oracle.design, SAMPLES, np.random.default_rng(SEED))
        tail = alpha(repeats) / 2
        low, high = (float(end) for end in np.quantile([read(bought) for bought in known], [tail, 1 - tail]))
    return EquivalentSampleSize(read(mean), low, high, float(oracle.rows[-1]), oracle.direction)


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
