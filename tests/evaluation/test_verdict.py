from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from made_up import measured, of_bits, result, results

from ganaug.evaluation.stats.design import BENCHMARK, Design
from ganaug.evaluation.stats.estimate import Estimate, estimate
from ganaug.evaluation.verdict import ROPE, compare_arms, conclude, decide

FIXED = Design(BENCHMARK)
SURE = {
    "gain": [0.020, 0.021, 0.022, 0.021, 0.020],
    "none": [0.001, 0.0, 0.001, 0.0, 0.001],
    "harm": [-0.020, -0.021, -0.022, -0.021, -0.020],
}
OPEN = [0.03, -0.01, 0.0, 0.01, -0.01]


def between(low: float, high: float) -> Estimate:
    """An estimate from 3 repeats with this interval."""
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
    assert (gain.above(ROPE) > 1 - gain.alpha / 2) == (decision == "HELPS")
    assert (gain.above(ROPE) < gain.alpha / 2) == (decision in ("NO_BENEFIT", "HARMS"))


def test_a_single_repeat_decides_nothing() -> None:
    assert decide(estimate([0.5])) == "INCONCLUSIVE"
    assert conclude(estimate([0.5]), estimate([0.5]), oracle=estimate([0.0])) == "INCONCLUSIVE"


@pytest.mark.parametrize("gain", [0.0, 0.001, 0.1, -0.1])
@pytest.mark.parametrize("repeats", [1, 2, 3, 40])
def test_nothing_is_concluded_where_nothing_varied(gain: float, repeats: int) -> None:
    same = estimate([gain] * repeats)
    assert decide(same) == conclude(same, same) == conclude(same, None) == "INCONCLUSIVE"


def test_repeats_without_synthetic_rows_rule_nothing_out() -> None:
    none = between(-0.001, 0.001)
    assert conclude(none, none) == "NO_BENEFIT"
    assert conclude(none, between(-0.03, -0.01)) == "NO_BENEFIT"
    for where_used in (None, estimate([0.009]), between(-0.01, 0.02), between(0.006, 0.02)):
        assert conclude(none, where_used) == "INCONCLUSIVE"


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
    assert conclude(gain, gain, control, oracle, leaks) == verdict


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
def test_the_verdict_on_a_run(gains, others, verdict) -> None:
    found = compare_arms(results(gains, **others), FIXED)
    assert (found.verdict, found.candidate, found.reference) == (verdict, "classical_gan", "classical")
    assert found.gain.mean == pytest.approx(np.mean(gains))
    assert found.equivalent is None or verdict in ("INCONCLUSIVE", "NO_SENSITIVITY")
    assert found.used == 5
    assert found.gain_where_used == replace(found.gain, look=5)
    assert found.repeats_needed is None or verdict == "INCONCLUSIVE"


def test_arms_are_picked_on_validation_rows_and_never_among_the_diagnostics() -> None:
    found = {
        arm: [result(arm, test, validation)] * 3
        for arm, test, validation in (
            ("real", 0.70, 0.75), ("classical", 0.80, 0.70), ("gan", 0.90, 0.70), ("classical_gan", 0.60, 0.80),
            ("unfiltered", 0.95, 0.95), ("shuffled", 0.5, 0.95), ("synthetic", 0.95, 0.95),
        )
    }  # fmt: skip
    picked = compare_arms(found, FIXED)
    assert (picked.candidate, picked.reference) == ("classical_gan", "real")


@pytest.mark.parametrize("arms", [["real", "synthetic"], ["gan", "classical_gan"], ["classical", "unfiltered"]])
def test_it_takes_two_to_contrast(arms: list[str]) -> None:
    assert compare_arms({arm: [result(arm, 0.7)] for arm in arms}, FIXED) is None


def test_a_candidate_that_is_the_reference_in_some_repeats_is_told_from_one_that_does_not_help() -> None:
    """Validation rows chose no synthetic rows in three of five repeats, whose gain is exactly 0."""
    found = results([0.0, 0.0, 0.0, 0.009, 0.009])
    for each in found["classical_gan"][:3]:
        each["n_train"]["synthetic"] = 0
    compared = compare_arms(found, FIXED)
    assert (compared.verdict, compared.used, compared.gain.repeats) == ("INCONCLUSIVE", 2, 5)
    assert compared.gain_where_used.mean == pytest.approx(0.009)
    assert compared.gain_where_used.alpha == compared.gain.alpha
    for each in found["classical_gan"]:
        each["n_train"]["synthetic"] = 0
        each["test"] = measured(0.7)
    for each in found["classical"]:
        each["test"] = measured(0.7)
    compared = compare_arms(found, FIXED)
    assert (compared.verdict, compared.used, compared.gain_where_used) == ("INCONCLUSIVE", 0, None)
    assert (compared.repeats_needed, compared.test_rows_needed) == (None, None)


@pytest.mark.slow
def test_picking_the_best_of_several_arms_on_validation_rows_makes_no_false_gain() -> None:
    """Six equally good arms, each with a taste for rows, and luck that validation and test rows share."""
    rng, rounds, above = np.random.default_rng(0), 100, 0
    arms, y = ("real", "classical", "mixup", "gan", "classical_gan", "mixup_gan"), np.arange(400) % 2
    for _ in range(rounds):
        luck = rng.normal(0.7, 0.01, (len(arms), 5))
        validation = luck + rng.normal(0, 0.01, luck.shape)
        difficulty, taste = rng.normal(size=len(y)), rng.normal(0, 0.3, (len(arms), 1, len(y)))
        right = difficulty + taste + rng.normal(0, 0.3, (len(arms), 5, len(y))) + 3 * luck[:, :, None] > 1.4
        found = {
            arm: [result(arm, 0.0, score) | {"test": of_bits(row, y)} for row, score in zip(*each, strict=True)]
            for arm, each in zip(arms, zip(right, validation, strict=True), strict=True)
        }
        gain = compare_arms(found, FIXED).gain
        above += gain.mean > gain.margin(0.05)
    assert above / rounds <= 0.025 + 3 * np.sqrt(0.025 * 0.975 / rounds)
