from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import average_precision_score, balanced_accuracy_score, roc_curve

from ganaug.metrics.ranking import average_precision
from ganaug.metrics.thresholds import SHOWN, choose_weights, decide, trade


def unequal(n: int = 1000, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    labels = (random.random(n) < 0.1).astype(np.int64)
    score = 1 / (1 + np.exp(-(random.normal(size=n) + 2 * labels - 3)))
    return labels, np.stack([1 - score, score], 1)


def test_two_classes_get_about_the_best_threshold_that_there_is():
    labels, probabilities = unequal()
    false, true, _ = roc_curve(labels, probabilities[:, 1], drop_intermediate=False)
    best = ((true + 1 - false) / 2).max()
    chosen = decide(probabilities, choose_weights(labels, probabilities))
    assert best - 0.01 < balanced_accuracy_score(labels, chosen) <= best
    assert balanced_accuracy_score(labels, probabilities.argmax(1)) < best - 0.1


def test_it_carries_over_to_other_rows_where_the_prior_is_the_best_weight():
    weights = choose_weights(*unequal())
    labels, probabilities = unequal(seed=1)
    ideal = balanced_accuracy_score(labels, decide(probabilities, np.array([1, 9])))
    assert balanced_accuracy_score(labels, decide(probabilities, weights)) > ideal - 0.03


def test_few_rows_of_equal_classes_move_nothing():
    random = np.random.default_rng(0)
    labels = np.repeat(np.arange(5), 8)
    probabilities = random.dirichlet(np.ones(5), 40)
    assert choose_weights(labels, probabilities).tolist() == [1] * 5


def test_nothing_changes_where_nothing_gets_better():
    probabilities = np.array([[0.9, 0.1], [0.2, 0.8], [0.7, 0.3], [0.4, 0.6]])
    assert choose_weights(np.array([0, 1, 0, 1]), probabilities).tolist() == [1, 1]


@settings(max_examples=80, deadline=None)
@given(arrays(np.float64, (12, 3), elements=st.floats(0, 1)), st.lists(st.integers(0, 2), min_size=12, max_size=12))
def test_it_is_never_worse_on_the_rows_that_chose(raw, labels):
    codes = np.array(labels)
    probabilities = (raw + 1e-3) / (raw + 1e-3).sum(1, keepdims=True)
    weights = choose_weights(codes, probabilities)
    assert np.isfinite(weights).all()
    assert (weights > 0).all()
    assert np.log(weights).mean() == pytest.approx(0, abs=1e-9)

    def recall(chosen):
        return np.mean([(chosen[codes == code] == code).mean() for code in np.unique(codes)])

    assert recall(decide(probabilities, weights)) >= recall(probabilities.argmax(1)) - 1e-9


def test_favouring_rare_classes_gains_on_them_and_costs_common_ones():
    labels, probabilities = unequal()
    trained, rare = np.array([90, 3]), np.array([False, True])
    found = trade(labels, probabilities, np.ones(2), trained, rare)
    recalls = [(probabilities.argmax(1)[labels == code] == code).mean() for code in (0, 1)]
    assert [found["common"][0], found["rare"][0]] == pytest.approx(recalls)
    along = {kind: np.array(values[1:]) for kind, values in found.items()}
    assert all(len(values) == len(SHOWN) for values in along.values())
    assert (np.diff(along["rare"]) >= 0).all()
    assert (np.diff(along["common"]) <= 0).all()
    assert along["rare"][-1] > along["rare"][0] + 0.2
    assert [values[SHOWN.tolist().index(0)] for values in along.values()] == pytest.approx(recalls[::-1])


def test_there_is_no_trade_where_one_kind_of_classes_is_not_tested():
    labels, probabilities = unequal()
    trained = np.array([90, 3])
    assert trade(labels, probabilities, np.ones(2), trained, np.zeros(2, bool)) == {}
    only = labels == 0
    assert trade(labels[only], probabilities[only], np.ones(2), trained, np.array([False, True])) == {}


def test_probabilities_of_zero_and_one_are_no_trouble():
    assert np.isfinite(choose_weights(np.array([0, 1, 1]), np.array([[1.0, 0], [1, 0], [0, 1]]))).all()


def test_average_precision_is_the_mean_over_classes():
    labels, probabilities = unequal()
    by_hand = [average_precision_score(labels == code, probabilities[:, code]) for code in (0, 1)]
    assert average_precision(labels, probabilities) == pytest.approx(np.mean(by_hand))
    nothing = np.full_like(probabilities, 0.5)
    assert average_precision(labels, nothing) == pytest.approx(0.5)
    assert average_precision(np.array([0, 0]), np.array([[0.5, 0.5, 0], [0.9, 0, 0.1]])) == 1
