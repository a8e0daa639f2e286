from __future__ import annotations

from itertools import combinations

import baycomp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kstest, ttest_1samp
from scipy.stats import t as student

from ganaug.evaluation.statistics import Estimate, estimate, holm, posterior_means

VALUES = [0.71, 0.74, 0.69, 0.75]


def test_is_students_interval_and_test() -> None:
    found, expected = estimate(VALUES), ttest_1samp(VALUES, 0)
    interval = expected.confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high))
    assert found.p_value == pytest.approx(expected.pvalue)
    assert found.mean == pytest.approx(np.mean(VALUES))
    assert found.draws == 4


def test_a_single_draw_has_no_interval() -> None:
    found = estimate([0.7])
    assert found == Estimate(0.7, None, 1)
    assert (found.low, found.high, found.p_value, found.above(0.0)) == (None, None, None, None)


def test_draws_that_agree_to_the_last_digit_leave_no_doubt() -> None:
    found = estimate([0.25, 0.25, 0.25])
    assert (found.low, found.high, found.above(0.25), found.above(0.2)) == (0.25, 0.25, 0.0, 1.0)


def test_the_correction_widens_by_nadeau_and_bengios_factor() -> None:
    plain, corrected = estimate(VALUES), estimate(VALUES, ratio=0.25)
    assert (corrected.high - corrected.mean) / (plain.high - plain.mean) == pytest.approx(np.sqrt((1 / 4 + 0.25) * 4))


@pytest.mark.parametrize("runs", [1, 3])
def test_agrees_with_baycomp_on_repeated_cross_validation(runs: int) -> None:
    rng = np.random.default_rng(0)
    folds, rope = 5, 0.005
    first, second = rng.normal(0.71, 0.02, folds * runs), rng.normal(0.70, 0.02, folds * runs)
    left, _, right = baycomp.two_on_single(second, first, rope=rope, runs=runs)
    found = estimate(first - second, ratio=1 / (folds - 1))
    assert found.above(rope) == pytest.approx(right)
    assert 1 - found.above(-rope) == pytest.approx(left)


@given(mean=st.floats(-0.1, 0.1), spread=st.floats(1e-3, 0.1), draws=st.integers(2, 30), ratio=st.floats(0, 1))
def test_the_interval_and_the_probability_say_the_same(mean: float, spread: float, draws: int, ratio: float) -> None:
    found = Estimate(mean, spread, draws, ratio)
    assert found.above(found.low) == pytest.approx(0.975)
    assert found.above(found.high) == pytest.approx(0.025)
    assert (found.p_value < 0.05) == (found.low > 0 or found.high < 0)


@pytest.mark.parametrize("draws", [3, 10])
def test_covers_the_truth_as_often_as_promised_over_independent_draws(draws: int) -> None:
    generator, rounds = np.random.default_rng(0), 2000
    found = [estimate(generator.normal(0.02, 0.01, draws)) for _ in range(rounds)]
    covered = np.mean([each.low <= 0.02 <= each.high for each in found])
    assert covered == pytest.approx(0.95, abs=3 * np.sqrt(0.95 * 0.05 / rounds))


def test_joint_posterior_has_the_margins_of_the_estimates_and_their_correlation() -> None:
    rng = np.random.default_rng(0)
    shared = rng.normal(size=(6, 1))
    values = shared + rng.normal(0, 0.3, (6, 2))
    drawn = posterior_means(values, 0.25, 4000, rng)
    for column, sample in zip(values.T, drawn.T, strict=True):
        found = estimate(column, 0.25)
        assert kstest(sample, student(5, found.mean, found.error).cdf).pvalue > 0.01
    assert np.corrcoef(drawn.T)[0, 1] == pytest.approx(np.corrcoef(values.T)[0, 1], abs=0.05)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6))
def test_holm_is_the_closed_test_of_bonferroni(p_values: list[float]) -> None:
    """A hypothesis falls only if every set that holds it falls by Bonferroni (Marcus et al., 1976)."""
    sets = [chosen for size in range(1, 7) for chosen in combinations(range(len(p_values)), size)]
    closed = [
        max(min(1.0, len(chosen) * min(p_values[at] for at in chosen)) for chosen in sets if which in chosen)
        for which in range(len(p_values))
    ]
    assert holm(p_values) == pytest.approx(closed)


def test_holm_as_statsmodels_has_it() -> None:
    """From ``multipletests(p, method="holm")`` of statsmodels 0.15."""
    assert holm([0.01, 0.04, 0.03, 0.005, 0.3]) == pytest.approx([0.04, 0.09, 0.09, 0.025, 0.3])


def test_holm_of_nothing() -> None:
    assert holm([]) == []
