"""Whether the verdict errs as rarely, and finds as often, as it says: on simulated runs, in both modes."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from numpy.typing import NDArray

from ganaug.evaluation.power import draws_needed, power
from ganaug.evaluation.statistics import Estimate, estimate
from ganaug.evaluation.verdict import ROPE, decide

ROUNDS = 1000
TRAINED, TESTED = 80, 20
RATIO = TESTED / TRAINED


def independent(gain: float, spread: float, draws: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Runs of benchmark mode: each draw has training rows of its own. Shape (runs, draws)."""
    return rng.normal(gain, spread, (ROUNDS, draws))


def correlated(gain: float, spread: float, draws: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Runs of user-data mode as Nadeau and Bengio model them: draws correlate by the share of test rows."""
    shared = TESTED / (TRAINED + TESTED)
    common = rng.normal(0, spread * np.sqrt(shared), (ROUNDS, 1))
    return gain + common + rng.normal(0, spread * np.sqrt(1 - shared), (ROUNDS, draws))


def shares(runs: NDArray[np.float64], ratio: float) -> dict[str, float]:
    counts = Counter(decide(estimate(run, ratio)) for run in runs)
    return {verdict: count / len(runs) for verdict, count in counts.items()}


MODES = pytest.mark.parametrize(("simulate", "ratio"), [(independent, 0.0), (correlated, RATIO)])


@MODES
@pytest.mark.parametrize("draws", [3, 10])
def test_without_a_gain_that_matters_it_helps_no_more_often_than_promised(simulate, ratio, draws) -> None:
    """At the worst null hypothesis, a gain of exactly the least that matters, the rate is 2.5 %; without any, less."""
    rng = np.random.default_rng(0)
    error = 3 * np.sqrt(0.025 * 0.975 / ROUNDS)
    assert shares(simulate(ROPE, 0.01, draws, rng), ratio).get("HELPS", 0.0) == pytest.approx(0.025, abs=error)
    found = shares(simulate(0.0, 0.01, draws, rng), ratio)
    assert found.get("HELPS", 0.0) < 0.025
    assert found.get("HARMS", 0.0) < 0.025


@MODES
@pytest.mark.parametrize(("gain", "verdict"), [(0.02, "HELPS"), (-0.01, "NO_BENEFIT")])
def test_a_planted_effect_is_found_as_often_as_predicted(simulate, ratio, gain, verdict) -> None:
    spread, draws = 0.015, 8
    found = shares(simulate(gain, spread, draws, np.random.default_rng(1)), ratio)
    # the sample's variance of correlated draws is smaller, which the correction is made for
    observed = spread * (1.0 if ratio == 0 else np.sqrt(TRAINED / (TRAINED + TESTED)))
    predicted = float(power(abs(gain - ROPE), observed, draws, ratio))
    settled = found[verdict] + (found.get("HARMS", 0.0) if gain < 0 else 0.0)
    assert settled == pytest.approx(predicted, abs=3 * np.sqrt(predicted * (1 - predicted) / ROUNDS))
    assert 0.2 < predicted < 0.95


def test_the_draws_needed_settle_it_four_times_out_of_five() -> None:
    pilot = Estimate(0.015, 0.01, 3)
    planned = draws_needed(pilot, ROPE)
    assert planned is not None
    rng = np.random.default_rng(2)
    enough, fewer = (
        shares(independent(pilot.mean, 0.01, draws, rng), 0.0)["HELPS"] for draws in (planned, planned - 2)
    )
    assert enough > 0.8 - 0.03
    assert fewer < 0.8


def test_a_gain_at_the_edge_is_planned_for_as_if_it_were_none_or_twice_as_much() -> None:
    at_the_edge, twice, none = (draws_needed(Estimate(mean, 0.01, 3), ROPE) for mean in (ROPE, 2 * ROPE, 0.0))
    assert at_the_edge == twice == none
    assert none is not None


def test_more_draws_of_the_same_rows_only_help_down_to_a_floor() -> None:
    assert draws_needed(Estimate(0.02, 0.05, 3, ratio=0.25), ROPE) is None
    assert draws_needed(Estimate(0.02, 0.05, 3), ROPE) is not None
    assert draws_needed(Estimate(0.02, None, 1), ROPE) is None


def split_and_judge(rng: np.random.Generator) -> NDArray[np.float64]:
    """Compare two equally good classifiers on 15 random splits of one finite data set.

    Each looks at one feature and says the class whose training mean is nearer; both features tell equally much.
    """
    labels = np.arange(TRAINED + TESTED) % 2
    features = rng.normal(size=(2, len(labels))) + 0.8 * labels
    order = np.argsort(rng.random((15, len(labels))), axis=1)
    test, train = order[:, :TESTED], order[:, TESTED:]
    right = []
    for feature in features:
        x, is_one = feature[train], labels[train] == 1
        middle = ((x * is_one).sum(1) / is_one.sum(1) + (x * ~is_one).sum(1) / (~is_one).sum(1)) / 2
        right.append(((feature[test] > middle[:, None]) == (labels[test] == 1)).mean(1))
    return right[0] - right[1]


def test_on_repeated_splits_of_one_data_set_the_naive_interval_fails_and_the_corrected_one_holds() -> None:
    rng, rounds = np.random.default_rng(3), 1000
    runs = [split_and_judge(rng) for _ in range(rounds)]
    naive, corrected = (
        np.mean([decide(estimate(run, ratio), rope=0.0) == "HELPS" for run in runs]) for ratio in (0.0, RATIO)
    )
    assert naive > 0.1
    assert corrected <= 0.025 + 3 * np.sqrt(0.025 * 0.975 / rounds)
