"""Does the verdict err as rarely as it says? On simulated runs with crossed effects; a benchmark runs more of them."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from crossed import World, follow_advice

from ganaug.evaluation.stats.estimate import Estimate, estimate
from ganaug.evaluation.stats.paired import paired_gain
from ganaug.evaluation.verdict import decide

WORLDS = {
    "9 % disagree": World(2500, taste=0.25, noise=0.15, luck=0.02),
    "18 % disagree": World(2500, taste=0.6, noise=0.3, luck=0.02),
    "few test rows": World(120, classes=4, taste=0.4, noise=0.3, luck=0.02),
    "lucky repeats": World(600, taste=0.1, noise=0.5, luck=0.1),
    "test rows alone": World(600, taste=0.6, noise=0.0, luck=0.0),
}


def error_of(share: float, rounds: int) -> float:
    """Three standard errors of a share of so many rounds."""
    return 3 * np.sqrt(share * (1 - share) / rounds)


def above_zero(found: Estimate) -> bool:
    """Whether an interval of 95 % at this look alone lies above 0."""
    return found.error is not None and found.mean > found.margin(0.05)


@pytest.mark.slow
@pytest.mark.parametrize("world", WORLDS.values(), ids=WORLDS)
def test_equal_classifiers_are_told_apart_no_more_often_than_promised(world: World) -> None:
    """At a single look, whose interval of 95 % is what the others are built on; without the test rows it is not."""
    rng, rounds, wrong, naive = np.random.default_rng(0), 200, 0, 0
    for _ in range(rounds):
        first, second = world.run(10, rng)
        wrong += above_zero(paired_gain(first, second, world.y))
        naive += above_zero(estimate(first.mean(1) - second.mean(1)))
    assert wrong / rounds <= 0.025 + error_of(0.025, rounds)
    if world.taste > 0.2 and world.luck:
        assert naive / rounds > 0.06


@pytest.mark.slow
@pytest.mark.parametrize("world", WORLDS.values(), ids=WORLDS)
def test_adding_repeats_after_a_look_misleads_in_five_per_cent_at_most(world: World) -> None:
    rng, rounds = np.random.default_rng(1), 100
    found = Counter(follow_advice(*world.run(40, rng), world.y)[0] for _ in range(rounds))
    assert found["HELPS"] / rounds <= 0.05
    assert found["HARMS"] / rounds <= 0.05


@pytest.mark.parametrize("world", [World(400, 2, taste=0.3, luck=0.0), World(400, 2, taste=0.1, luck=0.2)])
@pytest.mark.slow
def test_looking_after_every_repeat_misleads_in_five_per_cent_at_most(world: World) -> None:
    rng, rounds, wrong = np.random.default_rng(2), 60, 0
    for _ in range(rounds):
        first, second = world.run(40, rng)
        looks = (paired_gain(first[:n], second[:n], world.y) for n in range(2, 41))
        wrong += any(look.low is not None and (look.low > 0 or look.high < 0) for look in looks)
    assert wrong / rounds <= 0.05 + error_of(0.05, rounds)


def test_a_real_gain_is_found() -> None:
    world, rng = World(5000, taste=0.2, noise=0.3, luck=0.03, gain=0.15), np.random.default_rng(3)
    found = Counter(follow_advice(*world.run(40, rng), world.y)[0] for _ in range(40))
    assert found["HELPS"] >= 36
    assert not found["HARMS"] + found["NO_BENEFIT"]


@pytest.mark.slow
def test_a_gain_that_does_not_matter_is_ruled_out() -> None:
    """Classifiers that nearly agree, on many test rows."""
    world, rng = World(20_000, taste=0.02, noise=0.05, luck=0.005), np.random.default_rng(4)
    found = Counter(follow_advice(*world.run(40, rng), world.y)[0] for _ in range(20))
    assert found["NO_BENEFIT"] >= 18


def split_and_compare(rng: np.random.Generator, rows: int, tested: int, trained: int, shift: float = 0.0) -> Estimate:
    """Compare two classifiers on 10 random splits of one finite data set, cut to ``trained`` training rows.

    Each looks at one feature and says the class whose training mean is nearer; both features tell equally much, but for
    ``shift``, which the candidate's has more.
    """
    labels = np.arange(rows) % 2
    features = rng.normal(size=(2, rows)) + np.array([[0.8 + shift], [0.8]]) * labels
    order = np.argsort(rng.random((10, rows)), axis=1)
    test, train = order[:, :tested], order[:, tested : tested + trained]
    right = []
    for feature in features:
        x, is_one = feature[train], labels[train] == 1
        middle = ((x * is_one).sum(1) / is_one.sum(1) + (x * ~is_one).sum(1) / (~is_one).sum(1)) / 2
        right.append((feature[test] > middle[:, None]) == (labels[test] == 1))
    return paired_gain(*right, labels[test], shared_test=False, ratio=tested / (rows - tested))


def test_on_repeated_splits_the_ratio_before_the_cut_holds_and_still_concludes() -> None:
    """200 rows, 40 to test, cut to 40: the ratio after the cut would be four times too large."""
    rng, rounds = np.random.default_rng(5), 300
    null = [split_and_compare(rng, 200, 40, 40) for _ in range(rounds)]
    assert np.mean([above_zero(found) for found in null]) <= 0.025 + error_of(0.025, rounds)
    strong = [split_and_compare(rng, 200, 40, 40, shift=2.0) for _ in range(50)]
    assert np.mean([decide(found) == "HELPS" for found in strong]) > 0.8
