from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import ttest_1samp

from ganaug.evaluation.statistics import Estimate, decide, estimate, paired_difference


def test_is_students_interval():
    values = [0.71, 0.74, 0.69, 0.75]
    found, expected = estimate(values), ttest_1samp(values, 0).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))
    assert found.mean == pytest.approx(np.mean(values))
    assert found.draws == 4


def test_a_single_draw_has_no_interval():
    assert estimate([0.7]) == Estimate(0.7, None, None, 1)


def test_pairing_removes_what_the_draws_share():
    hard_and_easy = np.array([0.5, 0.7, 0.9])
    found = paired_difference(hard_and_easy + np.array([0.02, 0.021, 0.019]), hard_and_easy)
    assert found.mean == pytest.approx(0.02)
    assert found.low > 0.01


def test_pairs_must_match():
    with pytest.raises(ValueError, match="zip"):
        paired_difference([0.1, 0.2], [0.1])


def test_the_correction_widens_by_nadeau_and_bengios_factor():
    values = [0.71, 0.74, 0.69, 0.75]
    plain, corrected = estimate(values), estimate(values, test_ratio=0.25)
    assert (corrected.high - corrected.mean) / (plain.high - plain.mean) == pytest.approx(np.sqrt((1 / 4 + 0.25) * 4))


@pytest.mark.parametrize("draws", [3, 10])
def test_covers_the_truth_as_often_as_promised_over_independent_draws(draws):
    generator = np.random.default_rng(0)
    rounds = 2000
    found = [estimate(generator.normal(0.02, 0.01, draws)) for _ in range(rounds)]
    covered = np.mean([each.low <= 0.02 <= each.high for each in found])
    assert covered == pytest.approx(0.95, abs=3 * np.sqrt(0.95 * 0.05 / rounds))


def test_repeated_splits_of_the_same_rows_need_the_correction():
    """Two rules that are equally good in truth, compared on 10 random splits of the same 60 rows, many times over."""
    generator = np.random.default_rng(1)
    rows, tested, rounds = 60, 12, 400
    missed = {None: 0, tested / (rows - tested): 0}
    for _ in range(rounds):
        x, noise = generator.normal(size=rows), generator.normal(size=rows)
        gains = []
        for _ in range(10):
            order = generator.permutation(rows)
            test, train = order[:tested], order[tested:]
            gains.append(np.mean((x[test] - x[train].mean()) ** 2) - np.mean((noise[test] - noise[train].mean()) ** 2))
        for ratio in missed:
            found = estimate(gains, ratio)
            missed[ratio] += not found.low <= 0 <= found.high
    naive, corrected = (count / rounds for count in missed.values())
    assert naive > 0.15
    assert corrected < 0.08


@pytest.mark.parametrize(
    ("low", "high", "decision"),
    [
        (0.001, 0.02, "HELPS"),
        (-0.02, -0.001, "HARMS"),
        (-0.004, 0.004, "NO_BENEFIT"),
        (0.001, 0.004, "NO_BENEFIT"),
        (-0.004, 0.02, "INCONCLUSIVE"),
        (None, None, "INCONCLUSIVE"),
    ],
)
def test_decides(low, high, decision):
    assert decide(Estimate(0.0, low, high, 3), rope=0.005) == decision
