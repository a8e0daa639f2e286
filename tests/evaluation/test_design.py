from __future__ import annotations

import pytest
from made_up import results

from ganaug.evaluation.design import design_of

GAINS = [0.02, 0.03, 0.025]


def test_disjoint_training_rows_and_one_test_set_are_independent() -> None:
    assert (design_of(results(GAINS), "benchmark").kind, design_of(results(GAINS), "benchmark").ratio) == (
        "benchmark",
        0.0,
    )


def test_splitting_the_same_rows_anew_is_corrected_by_test_over_training_rows() -> None:
    """100 test rows, and 40 training rows whatever the oracle and the arm of synthetic rows have."""
    found = results(GAINS, test_ids=["x", "y", "z"], curve={1.0: 0.03}, synthetic=-0.1)
    assert (design_of(found, "repeated").kind, design_of(found, "repeated").ratio) == ("repeated", 100 / 40)


@pytest.mark.parametrize("gains", [GAINS, GAINS[:1]])
def test_shared_training_rows_and_a_given_test_set_speak_of_these_rows_only(gains: list[float]) -> None:
    assert design_of(results(gains), "repeated").kind == "same_rows"
