from __future__ import annotations

from itertools import combinations

import baycomp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ttest_1samp

from ganaug.evaluation.stats.estimate import Estimate, estimate, holm
from ganaug.evaluation.stats.looks import ALPHA, alpha

VALUES = [0.71, 0.74, 0.69, 0.75]


def test_is_students_interval_and_test_at_the_level_of_this_look() -> None:
    found, expected = estimate(VALUES), ttest_1samp(VALUES, 0)
    interval = expected.confidence_interval(1 - alpha(4))
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high))
    assert found.p_value == pytest.approx(expected.pvalue * ALPHA / alpha(4), abs=1e-9)
    assert found.mean == pytest.approx(np.mean(VALUES))
    assert found.repeats == 4


def test_part_of_the_repeats_is_looked_at_with_all_of_them() -> None:
    assert estimate(VALUES, look=10).high - estimate(VALUES, look=5).high < 0
    assert estimate(VALUES, look=10).alpha == alpha(10)


def test_a_single_repeat_has_no_interval() -> None:
    found = estimate([0.7])
    assert found == Estimate(0.7, None, 1)
    assert (found.low, found.high, found.p_value, found.above(0.0)) == (None, None, None, None)


def test_repeats_that_agree_to_the_last_digit_leave_all_doubt() -> None:
    found = estimate([0.25, 0.25, 0.25])
    assert (found.low, found.high, found.above(0.25), found.above(0.2), found.p_value) == (None,) * 5


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


@pytest.mark.slow
@given(
    mean=st.floats(-0.1, 0.1), spread=st.floats(1e-3, 0.1), repeats=st.integers(2, 30), ratio=st.floats(0, 1),
    rows_variance=st.floats(0, 0.01), rows_df=st.floats(1, 1e4),
)  # fmt: skip
def test_the_interval_and_the_confidence_say_the_same(mean, spread, repeats, ratio, rows_variance, rows_df) -> None:
    found = Estimate(mean, spread, repeats, ratio, rows_variance, rows_df)
    assert found.above(found.low) == pytest.approx(1 - found.alpha / 2)
    assert found.above(found.high) == pytest.approx(found.alpha / 2)
    if abs(found.p_value - ALPHA) > 1e-6:
        assert (found.p_value < ALPHA) == (found.low > 0 or found.high < 0)


@given(spread=st.floats(1e-3, 0.1), repeats=st.integers(2, 30), rows=st.floats(1e-6, 0.01))
def test_the_margin_is_that_of_either_source_where_the_other_brings_nothing_and_never_less(
    spread, repeats, rows
) -> None:
    both, repeats_alone = Estimate(0.0, spread, repeats, 0.0, rows, 500), Estimate(0.0, spread, repeats)
    rows_alone = Estimate(0.0, 0.0, repeats, 0.0, rows, 500)
    assert both.high >= max(repeats_alone.high, rows_alone.high)
    assert both.high == pytest.approx(np.hypot(repeats_alone.high, rows_alone.high))


@pytest.mark.parametrize("repeats", [3, 10])
def test_covers_the_truth_as_often_as_promised_over_independent_repeats(repeats: int) -> None:
    generator, rounds = np.random.default_rng(0), 2000
    found = [estimate(generator.normal(0.02, 0.01, repeats)) for _ in range(rounds)]
    covered = np.mean([abs(each.mean - 0.02) <= each.margin(0.05) for each in found])
    assert covered == pytest.approx(0.95, abs=3 * np.sqrt(0.95 * 0.05 / rounds))


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
