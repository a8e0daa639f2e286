from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t as student
from scipy.stats import ttest_1samp

from ganaug.errors import DataError
from ganaug.evaluation import Estimate, paired_gain
from ganaug.evaluation.stats.design import BENCHMARK, REPEATED, Design
from ganaug.evaluation.stats.estimate import estimate
from ganaug.evaluation.stats.paired import estimate_rows, joint_draws, means, row_covariances


def bits(repeats: int, rows: int, seed: int = 0, p: float = 0.7) -> np.ndarray:
    return np.random.default_rng(seed).random((repeats, rows)) < p


def test_is_the_formula_of_both_sources_of_variance() -> None:
    """s_j^2 / J + Var_i(mean_j d_ij) / n, by class and weighed for balanced accuracy."""
    first, second, y = bits(4, 90), bits(4, 90, 1), np.repeat([0, 1], [30, 60])
    found = paired_gain(first, second, y)
    d = first.astype(float) - second
    of_repeats = (d[:, :30].mean(1) + d[:, 30:].mean(1)) / 2
    of_rows = (d.mean(0)[:30].var(ddof=1) / 30 + d.mean(0)[30:].var(ddof=1) / 60) / 4
    assert found.mean == pytest.approx(of_repeats.mean())
    assert found.error**2 == pytest.approx(of_repeats.var(ddof=1) / 4 + of_rows)
    parts = np.array([d.mean(0)[:30].var(ddof=1) / 120, d.mean(0)[30:].var(ddof=1) / 240])
    assert found.rows_df == pytest.approx(parts.sum() ** 2 / (parts**2 / [29, 59]).sum())
    margins = student.ppf(1 - found.alpha / 2, [3, found.rows_df]) * np.sqrt([of_repeats.var(ddof=1) / 4, of_rows])
    assert found.high - found.mean == pytest.approx(np.hypot(*margins))


def test_rows_of_their_own_leave_the_spread_of_repeats_alone() -> None:
    """Which holds all of it, as each repeat has other rows."""
    first, second = bits(6, 50), bits(6, 50, 1)
    own = paired_gain(first, second, np.zeros(50), shared_test=False)
    assert own.error == pytest.approx(ttest_1samp((first.mean(1) - second.mean(1)), 0)._standard_error)
    wider = paired_gain(first, second, np.zeros(50), shared_test=False, ratio=0.25)
    assert (wider.error / own.error) ** 2 == pytest.approx((1 / 6 + 0.25) * 6)


@pytest.mark.slow
@given(st.integers(2, 6), st.integers(2, 40), st.integers(1, 5), st.integers(0, 1000), st.booleans())
def test_it_is_antisymmetric_bounded_and_indifferent_to_order(repeats, rows, classes, seed, shared) -> None:
    first, second = bits(repeats, rows, seed), bits(repeats, rows, seed + 1)
    y = np.arange(rows) % classes
    found, other = paired_gain(first, second, y, shared), paired_gain(second, first, y, shared)
    assert -1 <= found.mean <= 1
    assert found.mean == pytest.approx(-other.mean)
    assert (found.low is None) == (found.error is None) == (other.error is None)
    order = np.random.default_rng(seed).permutation(rows)
    again = paired_gain(first[:, order], second[:, order], y[order], shared)
    assert again.mean == pytest.approx(found.mean)
    if found.error is not None:
        assert again.error == pytest.approx(found.error)
        assert found.low <= found.mean <= found.high


@pytest.mark.parametrize("shared", [True, False])
def test_no_spread_is_no_certainty(shared: bool) -> None:
    same = bits(5, 100)
    found = paired_gain(same, same, np.arange(100) % 4, shared)
    assert (found.mean, found.low, found.high, found.p_value, found.above(0.005)) == (0.0, None, None, None, None)


def test_a_single_repeat_has_no_interval() -> None:
    found = paired_gain(bits(1, 100), bits(1, 100, 1), np.zeros(100))
    assert (found.repeats, found.low, found.high) == (1, None, None)


def test_a_class_with_one_row_takes_the_spread_of_the_others() -> None:
    first, second = bits(3, 41), bits(3, 41, 1)
    y = np.array([0] * 40 + [1])
    (rare, common), sizes = row_covariances(
        [[[r[y == k].astype(float) for r in first.astype(float) - second] for k in (1, 0)]]
    )
    assert sizes.tolist() == [1, 40]
    assert rare[0, 0] == pytest.approx(40 * common[0, 0])
    assert paired_gain(first, second, y).low is not None
    assert paired_gain(first[:, :2], second[:, :2], np.array([0, 1])).error is not None


def test_a_class_without_rows_in_some_repeats_is_left_out_there() -> None:
    values = [[np.ones(2), np.ones(3)], [np.zeros(2), np.zeros(0)]]
    assert means([values])[:, 0].tolist() == [0.5, 1.0]
    assert estimate_rows(values, Design(REPEATED)).mean == 0.75


@pytest.mark.parametrize(
    ("candidate", "reference", "y", "shared", "words"),
    [
        (np.ones((2, 3)), np.ones((2, 3)), np.zeros(3), True, "bool arrays"),
        (np.ones((2, 3), bool), np.ones((2, 4), bool), np.zeros(3), True, "of one shape"),
        (np.ones(3, bool), np.ones(3, bool), np.zeros(3), True, "repeats, test rows"),
        (np.ones((2, 3), bool), np.ones((2, 3), bool), np.zeros(2), True, "y has shape"),
        (np.ones((2, 0), bool), np.ones((2, 0), bool), np.zeros(0), True, "y has shape"),
        (np.ones((2, 3), bool), np.ones((2, 3), bool), np.array([[0, 1, 1], [1, 1, 0]]), True, "shared_test=False"),
    ],
)
def test_what_cannot_be_paired_is_refused_in_a_sentence(candidate, reference, y, shared, words) -> None:
    with pytest.raises(DataError, match=words):
        paired_gain(candidate, reference, y, shared)


@pytest.mark.parametrize("design", [Design(BENCHMARK), Design(REPEATED, 0.25)])
def test_joint_draws_have_the_margins_of_the_estimates_and_their_correlation(design: Design) -> None:
    rng, repeats, rows = np.random.default_rng(0), 40, 200
    shared = rng.normal(0, 0.3, (repeats, 1)) + rng.normal(0, 1, rows)
    quantities = [[list(shared + rng.normal(0, [[0.2]], (repeats, 1)) + rng.normal(0, 1, rows))] for _ in range(2)]
    drawn = joint_draws(quantities, design, 20_000, rng)
    for values, sample in zip(quantities, drawn.T, strict=True):
        found = estimate_rows(values, design)
        assert sample.mean() == pytest.approx(found.mean, abs=0.01)
        assert sample.std() == pytest.approx(found.error, rel=0.05)
    of_repeats, of_rows = np.cov(means(quantities).T), row_covariances(quantities)[0].sum(0)
    expected = of_repeats * (1 / repeats + design.ratio) + of_rows * design.shared_test
    correlation = expected[0, 1] / np.sqrt(expected[0, 0] * expected[1, 1])
    assert np.corrcoef(drawn.T)[0, 1] == pytest.approx(correlation, abs=0.03)


def test_the_interval_of_a_mean_is_that_of_the_estimates() -> None:
    values = [0.71, 0.74, 0.69, 0.75]
    found = estimate_rows([[np.full(5, value) for value in values]], Design(REPEATED))
    assert found == replace(estimate(values), most=1.0)
    assert isinstance(estimate(values), Estimate)


@pytest.mark.parametrize("look", [2, 3, 5])
def test_no_interval_of_shares_reaches_beyond_what_shares_can_differ_by(look: int) -> None:
    far = np.arange(look) % 2 * 2.0 - 1.0  # all wrong and all right, by turns
    found = estimate_rows([[np.full(5, value) for value in far]], Design(REPEATED))
    assert (found.low, found.high) == (-1.0, 1.0)
    unbounded = estimate(far)
    assert unbounded.low is not None
    assert unbounded.low < -1.0
    assert found.p_value == unbounded.p_value
