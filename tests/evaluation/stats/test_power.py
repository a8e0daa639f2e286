"""Whether the verdict finds as often as it plans to; how rarely it errs is in test_simulated.py."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ganaug.evaluation.stats.estimate import Estimate, estimate
from ganaug.evaluation.stats.looks import PLAN
from ganaug.evaluation.stats.power import power, repeats_needed, rows_needed
from ganaug.evaluation.verdict import ROPE, decide

ROUNDS = 1000


@pytest.mark.slow
@pytest.mark.parametrize("ratio", [0.0, 0.25])
@pytest.mark.parametrize(("gain", "verdict"), [(0.025, "HELPS"), (-0.015, "NO_BENEFIT")])
def test_a_planted_effect_is_found_as_often_as_predicted(gain: float, verdict: str, ratio: float) -> None:
    """Repeats correlate by the share of test rows, as Nadeau and Bengio model them."""
    spread, repeats, rng = 0.015, 10, np.random.default_rng(1)
    shared = ratio / (1 + ratio)
    common = rng.normal(0, spread * np.sqrt(shared), (ROUNDS, 1))
    runs = gain + common + rng.normal(0, spread * np.sqrt(1 - shared), (ROUNDS, repeats))
    found = [decide(estimate(run, ratio)) for run in runs]
    settled = np.mean([each == verdict or (gain < 0 and each == "HARMS") for each in found])
    observed = spread * np.sqrt(1 - shared)  # the sample's variance of correlated repeats is smaller
    assert settled == pytest.approx(power(abs(gain - ROPE), Estimate(gain, observed, repeats, ratio)), abs=0.05)


@pytest.mark.slow
def test_power_with_shared_test_rows_is_that_of_simulated_runs() -> None:
    repeats, rng = 10, np.random.default_rng(2)
    planned = Estimate(0.02, 0.01, repeats, 0.0, 0.003**2, 2000)
    settled = 0
    for _ in range(ROUNDS):
        values = planned.mean + rng.normal(0, 0.003) + rng.normal(0, 0.01, repeats)
        settled += decide(replace(planned, mean=values.mean(), spread=values.std(ddof=1))) == "HELPS"
    assert settled / ROUNDS == pytest.approx(power(planned.mean - ROPE, planned), abs=0.06)


@given(st.floats(-0.05, 0.05), st.floats(1e-3, 0.05), st.integers(1, 50), st.floats(0, 1e-4))
def test_what_is_advised_is_a_planned_look_to_come(mean: float, spread: float, repeats: int, rows: float) -> None:
    found = repeats_needed(Estimate(mean, spread if repeats > 1 else None, repeats, 0.0, rows, 1000), ROPE)
    assert found is None or (found in PLAN and found > repeats)


def test_a_larger_gain_takes_fewer_repeats() -> None:
    asked = [repeats_needed(Estimate(gain, 0.02, 3), ROPE) for gain in (0.02, 0.03, 0.06)]
    assert asked == [40, 20, 10]


def test_a_gain_near_the_boundary_is_planned_as_if_it_were_none() -> None:
    near, none = (repeats_needed(Estimate(gain, 0.005, 3), ROPE) for gain in (ROPE, 0.0))
    assert near == none is not None


def test_more_repeats_of_the_same_rows_only_help_down_to_a_floor() -> None:
    assert repeats_needed(Estimate(0.02, 0.05, 3, ratio=0.25), ROPE) is None
    assert repeats_needed(Estimate(0.03, 0.02, 3), ROPE) is not None
    assert repeats_needed(Estimate(0.02, None, 1), ROPE) is None


def test_more_repeats_do_not_help_against_the_luck_of_the_test_rows_more_test_rows_do() -> None:
    """A hundred test rows: a standard error of two points."""
    few = Estimate(0.015, 0.004, 10, 0.0, 0.02**2, 99)
    assert repeats_needed(few, ROPE) is None
    needed = rows_needed(few, ROPE, 100)
    assert needed is not None
    assert needed > 1000
    assert rows_needed(Estimate(0.015, 0.05, 10), ROPE, 100) is None
    assert rows_needed(Estimate(0.0, None, 1), ROPE, 100) is None
