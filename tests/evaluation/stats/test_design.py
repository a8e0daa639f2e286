from __future__ import annotations

import pytest

from ganaug.evaluation.stats.design import design_of


def prepared(mode: str, train: int = 40, test: int = 40, pool: int = 0) -> dict[str, object]:
    rows = {part: {"a": n // 2, "b": n - n // 2} for part, n in (("train", train), ("test", test), ("pool", pool))}
    return {"mode": mode, "repeats": {"0": {"rows": rows}, "1": {"rows": rows}}}


@pytest.mark.parametrize("same_test", [True, False])
def test_disjoint_training_rows_and_one_test_set(same_test: bool) -> None:
    found = design_of(prepared("benchmark"), same_test)
    assert (found.kind, found.ratio, found.shared_test) == ("benchmark", 0.0, True)


def test_splits_of_the_same_rows_are_corrected_by_test_over_training_rows() -> None:
    found = design_of(prepared("repeated", train=120), same_test=False)
    assert (found.kind, found.ratio, found.shared_test) == ("repeated", 40 / 120, False)


def test_the_ratio_is_that_before_the_cut() -> None:
    """200 rows, 40 to test, cut to 40: the 120 that were cut away are spare rows now."""
    assert design_of(prepared("repeated", train=40, pool=120), same_test=False).ratio == 0.25


def test_shared_training_rows_and_a_given_test_set_speak_of_these_rows_only() -> None:
    found = design_of(prepared("repeated"), same_test=True)
    assert (found.kind, found.ratio, found.shared_test) == ("same_rows", 0.0, True)
