from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ganaug.metrics import nearest as module
from ganaug.metrics.nearest import nearest
from ganaug.metrics.pruned import PrunedNearest


def itself(samples: np.ndarray) -> np.ndarray:
    return samples


@pytest.mark.slow
@pytest.mark.parametrize("block", [1, 7, 4096])
@pytest.mark.parametrize("length", [1, 5, 200])
def test_it_finds_what_brute_force_finds(monkeypatch, block, length):
    monkeypatch.setattr(module, "BLOCK", block)
    random = np.random.default_rng(0)
    shape = random.normal(size=(8, length)) / 9
    rows, others = (random.normal(size=(n, 8)) @ shape + random.normal(size=(n, length)) / 30 for n in (23, 90))
    rows, others = rows.astype(np.float32), others.astype(np.float32)
    others[40], rows[3] = others[17], others[17]  # of equal ones the first
    distance, where = PrunedNearest(others, itself)(rows)
    expected = nearest(rows, others, itself)
    assert np.array_equal(where, expected[1])
    np.testing.assert_allclose(distance, expected[0], rtol=1e-6)
    assert (distance[3], where[3]) == (0, 17)
    assert distance.dtype == np.float32


def test_large_values_hide_no_neighbour():
    random = np.random.default_rng(1)
    others = (random.integers(0, 2, (3000, 1)) * 300 + random.normal(size=(3000, 20)) / 30).astype(np.float32)
    rows = others[::30] + random.normal(size=(100, 20)).astype(np.float32) / 1000
    distance, where = PrunedNearest(others, itself)(rows)
    assert where.tolist() == list(range(0, 3000, 30))
    assert distance.max() < 0.005


@pytest.mark.slow
@given(
    arrays(np.float32, (20, 3), elements=st.floats(0, 1, width=16)),
    arrays(np.float32, (7, 3), elements=st.floats(0, 1, width=16)),
)
def test_nothing_is_nearer(others, rows):
    distance, where = PrunedNearest(others, itself)(rows)
    between = np.sqrt(((rows[:, None] - others) ** 2).mean(2))
    np.testing.assert_allclose(distance, between.min(1), rtol=1e-5)
    np.testing.assert_allclose(between[np.arange(7), where], between.min(1), rtol=1e-5)


def test_few_are_looked_at_closely():
    random = np.random.default_rng(0)
    others = (random.normal(size=(6000, 8)) @ random.normal(size=(8, 100))).astype(np.float32)
    looked: list[int] = []
    find = PrunedNearest(others, lambda some: (looked.append(len(some)), some)[1])
    looked.clear()
    find(others[:50] + np.float32(0.01))
    assert sum(looked) < 1000


def test_no_rows():
    distance, where = PrunedNearest(np.zeros((3, 2), np.float32), itself)(np.zeros((0, 2), np.float32))
    assert distance.shape == where.shape == (0,)
