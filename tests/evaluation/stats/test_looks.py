from __future__ import annotations

import pytest

from ganaug.config import PRESETS
from ganaug.evaluation.stats.looks import ALPHA, PLAN, alpha, looks_text


def test_all_looks_that_there_can_be_spend_no_more_than_is_there() -> None:
    """The rest of the series, beyond a million repeats, is below 0.05 / 1e6."""
    assert sum(map(alpha, range(2, 1_000_000))) + 5e-8 <= ALPHA


def test_a_planned_look_spends_most() -> None:
    assert all(alpha(planned) > max(alpha(planned - 1), alpha(planned + 1)) for planned in PLAN)
    assert all(alpha(repeats) > 0 for repeats in range(1, 1000))


def test_the_presets_are_planned_looks() -> None:
    assert {repeats for repeats, *_ in PRESETS.values()} <= set(PLAN)


@pytest.mark.parametrize(
    ("repeats", "words"), [(3, "look 1 of 5 planned (3, 5, "), (7, "no planned look"), (40, "look 5 of 5")]
)
def test_looks_are_counted(repeats: int, words: str) -> None:
    assert looks_text(repeats).startswith(words)
