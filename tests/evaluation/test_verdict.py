from __future__ import annotations

import numpy as np
import pytest
from made_up import result, results

from ganaug.evaluation.statistics import Estimate, estimate
from ganaug.evaluation.verdict import ROPE, conclude, decide, judge

SURE = {"gain": [0.020, 0.021, 0.022], "none": [0.001, 0.0, 0.001], "harm": [-0.020, -0.021, -0.022]}
OPEN = [0.03, -0.01, 0.0]


def between(low: float, high: float) -> Estimate:
    """An estimate from 3 draws with this interval."""
    unit = estimate([-1.0, 0.0, 1.0])
    return Estimate((low + high) / 2, (high - low) / 2 / unit.high, 3)


@pytest.mark.parametrize(
    ("low", "high", "decision"),
    [
        (0.006, 0.02, "HELPS"),
        (0.001, 0.02, "INCONCLUSIVE"),
        (-0.004, 0.02, "INCONCLUSIVE"),
        (-0.02, 0.02, "INCONCLUSIVE"),
        (-0.004, 0.004, "NO_BENEFIT"),
        (0.001, 0.004, "NO_BENEFIT"),
        (-0.02, 0.004, "NO_BENEFIT"),
        (-0.02, -0.001, "NO_BENEFIT"),
        (-0.02, -0.006, "HARMS"),
    ],
)
def test_decides_by_where_the_interval_lies(low: float, high: float, decision: str) -> None:
    gain = between(low, high)
    assert (gain.low, gain.high) == pytest.approx((low, high))
    assert decide(gain) == decision
    assert (gain.above(ROPE) > 0.975) == (decision == "HELPS")
    assert (gain.above(ROPE) < 0.025) == (decision in ("NO_BENEFIT", "HARMS"))


def test_a_single_draw_decides_nothing() -> None:
    assert decide(estimate([0.5])) == "INCONCLUSIVE"
    assert conclude(estimate([0.5]), oracle=estimate([0.0])) == "INCONCLUSIVE"


WINS, LOSES = between(0.01, 0.03), between(-0.03, 0.02)


@pytest.mark.parametrize(
    ("gain", "control", "oracle", "leaks", "verdict"),
    [
        (WINS, None, None, (), "HELPS"),
        (WINS, LOSES, WINS, (), "HELPS"),
        (WINS, LOSES, LOSES, (), "HELPS"),
        (between(-0.03, -0.01), None, LOSES, (), "HARMS"),
        (between(-0.01, 0.001), None, LOSES, (), "NO_SENSITIVITY"),
        (between(-0.01, 0.001), None, WINS, (), "NO_BENEFIT"),
        (LOSES, None, LOSES, (), "NO_SENSITIVITY"),
        (LOSES, None, WINS, (), "INCONCLUSIVE"),
        (WINS, WINS, WINS, (), "INVALID"),
        (LOSES, WINS, LOSES, (), "INVALID"),
        (WINS, LOSES, WINS, ("A test row is among the training rows.",), "INVALID"),
    ],
)
def test_concludes_only_what_control_oracle_and_guards_allow(gain, control, oracle, leaks, verdict) -> None:
    assert conclude(gain, control, oracle, leaks) == verdict


@pytest.mark.parametrize(
    ("gains", "others", "verdict"),
    [
        (SURE["gain"], {}, "HELPS"),
        (SURE["none"], {}, "NO_BENEFIT"),
        (SURE["harm"], {}, "HARMS"),
        (OPEN, {}, "INCONCLUSIVE"),
        (SURE["gain"], {"shuffled": 0.02}, "INVALID"),
        (SURE["gain"], {"shuffled": -0.02}, "HELPS"),
        (OPEN, {"curve": {0.5: 0.0, 2.0: 0.0}}, "NO_SENSITIVITY"),
        (OPEN, {"curve": {0.5: 0.02, 2.0: 0.04}}, "INCONCLUSIVE"),
        (OPEN, {"curve": {-0.5: 0.0, -0.75: 0.0}}, "NO_SENSITIVITY"),
        (OPEN, {"curve": {-0.5: -0.02, -0.75: -0.04}}, "INCONCLUSIVE"),
    ],
)
def test_judges_a_run(gains, others, verdict) -> None:
    found = judge(results(gains, **others), ratio=0.0)
    assert (found.verdict, found.candidate, found.reference) == (verdict, "classical_gan", "classical")
    assert found.gain.mean == pytest.approx(np.mean(gains))
    assert found.worth is None or verdict in ("INCONCLUSIVE", "NO_SENSITIVITY")
    assert (found.draws_needed is None) == (verdict != "INCONCLUSIVE")


def test_arms_are_picked_on_validation_rows_and_never_among_the_diagnostics() -> None:
    found = {
        arm: [result(arm, test, validation)] * 3
        for arm, test, validation in (
            ("real", 0.70, 0.75), ("classical", 0.80, 0.70), ("gan", 0.90, 0.70), ("classical_gan", 0.60, 0.80),
            ("unfiltered", 0.95, 0.95), ("shuffled", 0.5, 0.95), ("synthetic", 0.95, 0.95),
        )
    }  # fmt: skip
    picked = judge(found, ratio=0.0)
    assert (picked.candidate, picked.reference) == ("classical_gan", "real")


@pytest.mark.parametrize("arms", [["real", "synthetic"], ["gan", "classical_gan"], ["classical", "unfiltered"]])
def test_it_takes_two_to_contrast(arms: list[str]) -> None:
    assert judge({arm: [result(arm, 0.7)] for arm in arms}, ratio=0.0) is None


def test_picking_the_best_of_several_arms_on_validation_rows_makes_no_false_gain() -> None:
    """Six equally good arms with luck of their own, which validation and test rows share: one network sees both."""
    rng, rounds, helps = np.random.default_rng(0), 400, 0
    arms = ("real", "classical", "mixup", "gan", "classical_gan", "mixup_gan")
    for _ in range(rounds):
        luck = rng.normal(0.7, 0.01, (len(arms), 5, 1))
        scores = luck + rng.normal(0, 0.01, (len(arms), 5, 2))
        found = {
            arm: [result(arm, test, validation) for test, validation in each]
            for arm, each in zip(arms, scores, strict=True)
        }
        helps += judge(found, ratio=0.0).verdict == "HELPS"
    assert helps / rounds <= 0.025 + 3 * np.sqrt(0.025 * 0.975 / rounds)
