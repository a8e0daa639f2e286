"""How many draws it takes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import nct

from ganaug.evaluation.statistics import Estimate, critical

POWER = 0.8
MOST = 1000  # draws; a plan beyond it is no plan


def power(distance: float, spread: float, draws: int | NDArray[np.int64], ratio: float = 0.0) -> NDArray[np.float64]:
    """Chance that the 95 % interval keeps off a boundary that the true mean is a ``distance`` away from.

    Parameters
    ----------
    distance : float
        Of the true mean from the boundary, at least 0.
    spread : float
        Standard deviation of single draws, above 0.
    draws : int or int array
        At least 2.
    ratio : float
        See `ganaug.evaluation.statistics.estimate`.
    """
    error = spread * np.sqrt(1 / np.asarray(draws) + ratio)
    chance: NDArray[np.float64] = nct.sf(critical(draws), np.asarray(draws) - 1, distance / error)
    return chance


def draws_needed(gain: Estimate, rope: float) -> int | None:
    """Return how many draws in all would settle on which side of ``rope`` the true mean lies, at 80 % power.

    The observed spread and mean are taken for the true ones, which after few draws is a rough guess. A mean nearer to
    ``rope`` than ``rope`` is to 0 counts as that far: no plan can tell a gain from itself.

    Returns
    -------
    int or None
        None after a single draw, and where 1,000 draws would not do. Draws that split the same rows anew
        (``gain.ratio`` above 0) only help down to a floor.
    """
    if not gain.spread:
        return None
    planned = np.arange(gain.draws + 1, MOST + 1)
    enough = power(max(abs(gain.mean - rope), rope), gain.spread, planned, gain.ratio) >= POWER
    return int(planned[enough.argmax()]) if enough.any() else None
