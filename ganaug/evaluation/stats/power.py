"""How many repeats, or test rows, it takes."""

from __future__ import annotations

import math
from dataclasses import replace

from scipy.stats import nct

from ganaug.evaluation.stats.estimate import Estimate
from ganaug.evaluation.stats.looks import PLAN

POWER = 0.8


def power(distance: float, planned: Estimate) -> float:
    """Chance that the interval of ``planned`` keeps off a boundary that its true mean is a ``distance`` away from.

    Exact where either the repeats or the test rows bring all of the error; the degrees of freedom between the two are
    those of Satterthwaite (1946).
    """
    if planned.error is None:
        return 0.0
    share = (planned.repeats_error / planned.error) ** 2
    df = 1 / (share**2 / (planned.repeats - 1) + (1 - share) ** 2 / planned.rows_df)
    return float(nct.sf(planned.margin(planned.alpha) / planned.error, min(df, 1e6), distance / planned.error))


def repeats_needed(gain: Estimate, rope: float) -> int | None:
    """Return after which planned look it would be settled on which side of ``rope`` the true mean lies.

    At 80 % power. The observed mean and spreads are taken for the true ones, which after few repeats is a rough guess.
    A mean nearer to ``rope`` than ``rope`` is to 0 counts as that far: no plan can tell a gain from itself.

    Returns
    -------
    int or None
        None where there is no interval, and where no planned look would do: more repeats help neither against the luck
        of shared test rows, nor, beyond a floor, where all split the same rows anew.
    """
    distance = _distance(gain, rope)
    later = (replace(gain, repeats=repeats, look=None) for repeats in PLAN if repeats > gain.repeats)
    return next((planned.repeats for planned in later if power(distance, planned) >= POWER), None)


def rows_needed(gain: Estimate, rope: float, rows: int) -> int | None:
    """Return how many test rows would settle it where no number of repeats does, with as many as the next look plans.

    Parameters
    ----------
    gain : Estimate
        From ``rows`` shared test rows.
    rope : float
    rows : int

    Returns
    -------
    int or None
        None where test rows are not what is lacking.
    """
    if gain.error is None or not gain.rows_variance:
        return None
    repeats = next((planned for planned in PLAN if planned > gain.repeats), gain.repeats)
    for times in (2, 3, 5, 10, 20, 50, 100):
        more = replace(gain, repeats=repeats, look=None, rows_variance=gain.rows_variance / times,
                       rows_df=gain.rows_df * times if gain.rows_df < math.inf else math.inf)  # fmt: skip
        if power(_distance(gain, rope), more) >= POWER:
            return rows * times
    return None


def _distance(gain: Estimate, rope: float) -> float:
    return max(abs(gain.mean - rope), rope)
