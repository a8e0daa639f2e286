from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_up import results

from ganaug.evaluation.equivalence import Oracle, equivalent_rows, invert, read_oracle
from ganaug.evaluation.stats.design import BENCHMARK, REPEATED, Design

ROWS = np.array([10.0, 20.0, 40.0])
TRUTH = np.array([0.02, 0.03, 0.04])  # diminishing returns
FIXED, ANEW = Design(BENCHMARK), Design(REPEATED)


def planted(
    gain: float, spread: float, repeats: int, rng: np.random.Generator, design: Design = ANEW
) -> tuple[Oracle, list[list[np.ndarray]]]:
    """A run whose true curve is `TRUTH`: one class, two test rows, so that repeats hold all of the spread."""

    def rows(value: float) -> list[list[np.ndarray]]:
        return [[np.full(2, value + luck) for luck in rng.normal(0, spread, repeats)]]

    return Oracle("up", ROWS, [rows(value) for value in TRUTH], design), rows(gain)


@pytest.mark.parametrize(("gain", "rows"), [(0.01, 5.0), (0.02, 10.0), (0.025, 15.0), (0.035, 30.0), (0.04, 40.0)])
def test_a_planted_gain_is_worth_the_rows_that_bring_it(gain: float, rows: float) -> None:
    found = equivalent_rows(*planted(gain, 1e-5, 4, np.random.default_rng(0)))
    assert found.rows == pytest.approx(rows, abs=0.1)
    assert found.low <= found.rows <= found.high
    assert found.high - found.low < 0.5


@pytest.mark.slow
@pytest.mark.parametrize("repeats", [5, 10])
def test_the_interval_holds_the_planted_answer_as_often_as_promised(repeats: int) -> None:
    rng, rounds = np.random.default_rng(1), 20
    found = [equivalent_rows(*planted(0.025, 0.003, repeats, rng)) for _ in range(rounds)]
    covered = np.mean([each.low <= 15.0 <= each.high for each in found])
    assert covered >= 0.95 - 3 * np.sqrt(0.95 * 0.05 / rounds)
    assert np.median([each.high - each.low for each in found]) < 40


def test_the_ends_of_the_curve_censor() -> None:
    rng = np.random.default_rng(2)
    above, below = equivalent_rows(*planted(0.2, 1e-3, 4, rng)), equivalent_rows(*planted(-0.2, 1e-3, 4, rng))
    assert (above.rows, above.low, above.high, above.limit) == (40.0, 40.0, 40.0, 40.0)
    assert (below.rows, below.low, below.high) == (0.0, 0.0, 0.0)


def test_dependent_repeats_widen_the_interval() -> None:
    oracle, gains = planted(0.025, 0.004, 10, np.random.default_rng(3))
    plain, corrected = (
        equivalent_rows(Oracle("up", oracle.rows, oracle.gains, Design(REPEATED, ratio)), gains) for ratio in (0.0, 0.5)
    )
    assert corrected.rows == plain.rows
    assert corrected.high - corrected.low > plain.high - plain.low


def test_the_luck_of_shared_test_rows_widens_the_interval() -> None:
    rng = np.random.default_rng(3)
    taste = rng.normal(0, 0.1, 50)
    gains, *more = ([[value + taste + luck for luck in rng.normal(0, 0.003, (10, 1))]] for value in (0.025, *TRUTH))
    own, shared = (equivalent_rows(Oracle("up", ROWS, more, design), gains) for design in (ANEW, FIXED))
    assert shared.high - shared.low > own.high - own.low


def test_a_single_repeat_gives_a_reading_without_an_interval() -> None:
    found = equivalent_rows(*planted(0.025, 0.0, 1, np.random.default_rng(0)))
    assert found.rows == pytest.approx(15.0)
    assert found.low is found.high is None


def test_the_same_results_give_the_same_interval() -> None:
    oracle, gains = planted(0.025, 0.004, 3, np.random.default_rng(4))
    assert equivalent_rows(oracle, gains) == equivalent_rows(oracle, gains)


def test_noise_that_makes_more_rows_look_worse_is_smoothed_out() -> None:
    oracle, _ = planted(0.0, 0.0, 1, np.random.default_rng(0))
    rows, curve = oracle.curve(np.array([0.03, 0.01, 0.04]))
    assert rows.tolist() == [0.0, 10.0, 20.0, 40.0]
    assert curve == pytest.approx([0.0, 0.02, 0.02, 0.04])
    assert oracle.curve(np.array([-0.03, -0.01, 0.04]))[1][1] == 0.0


@given(st.lists(st.floats(0, 0.1), min_size=3, max_size=3), st.floats(0.0001, 0.2))
def test_reading_a_curve_backwards_and_forwards_again(steps: list[float], gain: float) -> None:
    rows, curve = np.append(0.0, ROWS), np.append(0.0, np.cumsum(steps))
    found = invert(rows, curve, gain)
    assert 0 <= found <= rows[-1]
    if gain <= curve[-1]:
        assert np.interp(found, rows, curve) == pytest.approx(gain, abs=1e-6)
    else:
        assert found == rows[-1]


@pytest.mark.parametrize(
    ("curve", "direction", "rows"),
    [({0.5: 0.02, 1.0: 0.03, 2.0: 0.04}, "up", [10, 20, 40]), ({-0.5: -0.02, -0.75: -0.04}, "down", [10, 15])],
)
def test_reads_the_curve_of_either_direction_as_what_rows_bought(curve, direction, rows) -> None:
    found = read_oracle(results([0.02] * 3, noise=0.0, curve=curve), FIXED)
    assert found.direction == direction
    assert found.rows.tolist() == rows
    assert [each.mean for each in found.bought] == pytest.approx([abs(gain) for gain in curve.values()])
    assert found.fitted == pytest.approx([abs(gain) for gain in curve.values()])


def test_shares_that_some_repeats_lack_are_left_out() -> None:
    both = results([0.02] * 2, curve={0.5: 0.02, 1.0: 0.03})
    both["oracle"][1]["points"] = both["oracle"][1]["points"][:1]
    assert read_oracle(both, FIXED).rows.tolist() == [10.0]
    both["oracle"][1]["points"] = []
    assert read_oracle(both, FIXED) is None
    del both["oracle"]
    assert read_oracle(both, FIXED) is None
