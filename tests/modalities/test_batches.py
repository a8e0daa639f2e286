from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ganaug.modalities.batches import log_shares, plan_batches

SHARES = st.floats(0, 1)


def plan(labels: np.ndarray, steps: int, batch_size: int, **config: object) -> np.ndarray:
    return plan_batches(labels, steps, batch_size, np.random.default_rng(0), **config)  # type: ignore[arg-type]


def test_classes_take_turns_and_so_do_the_rows_of_a_class():
    counts = np.bincount(plan(np.repeat([0, 1], [40, 4]), 20, 8).ravel())
    assert counts.tolist() == [2] * 40 + [20] * 4


@given(share=SHARES, pretrain=SHARES, steps=st.integers(0, 20), batch_size=st.integers(1, 40))
def test_every_batch_holds_its_share_of_synthetic_rows(share, pretrain, steps, batch_size):
    synthetic = np.arange(50) >= 20
    rows = plan(np.arange(50) % 5, steps, batch_size, synthetic=synthetic, share=share, pretrain=pretrain)
    first = round(pretrain * steps)
    expected = [batch_size] * first + [round(share * batch_size)] * (steps - first)
    assert rows.shape == (steps, batch_size)
    assert synthetic[rows].sum(1).tolist() == expected


@pytest.mark.parametrize("synthetic", [np.zeros(40, bool), np.ones(40, bool)])
def test_the_share_does_not_matter_where_all_rows_are_alike(synthetic):
    labels = np.arange(40) % 10
    np.testing.assert_array_equal(plan(labels, 5, 8), plan(labels, 5, 8, synthetic=synthetic, share=0.5, pretrain=0.5))


def test_rows_come_as_they_are_and_classes_take_turns_later():
    labels = np.repeat([0, 1], [90, 10])
    rows = plan(labels, 20, 10, natural=0.5)
    assert (labels[rows[:10]] == 1).sum() == 10  # a tenth, as every row comes once
    assert (labels[rows[10:]] == 1).sum() == 50
    never = plan(labels, 20, 10, natural=1.0)
    assert np.bincount(never.ravel()).tolist() == [2] * 100
    np.testing.assert_array_equal(plan(labels, 20, 10, natural=0.0), plan(labels, 20, 10))


@given(natural=SHARES, share=SHARES, pretrain=SHARES)
def test_synthetic_rows_have_their_share_of_batches_of_either_kind(natural, share, pretrain):
    synthetic = np.arange(60) >= 30
    labels = np.where(np.arange(60) % 10 == 0, 1, 0)
    rows = plan(labels, 10, 20, synthetic=synthetic, share=share, pretrain=pretrain, natural=natural)
    first = round(pretrain * 10)
    assert synthetic[rows].sum(1).tolist() == [20] * first + [round(share * 20)] * (10 - first)


def test_shares_of_classes_are_finite_for_a_class_that_never_comes():
    found = log_shares(np.array([[0, 0], [0, 2]]), 3)
    np.testing.assert_allclose(np.exp(found), [0.75, 0.125, 0.25])
