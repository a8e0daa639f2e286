from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from small import embed

from ganaug.metrics import nearest as module
from ganaug.metrics.nearest import copy_distance, nearest, spread_out


def images(n: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (n, 8, 9, 2), np.uint8)


@pytest.mark.parametrize("values", [1, 50, 1024])
@pytest.mark.parametrize("block", [1, 7, 4096])
def test_the_nearest_row_is_that_of_brute_force(monkeypatch, block, values):
    monkeypatch.setattr(module, "BLOCK", block)
    monkeypatch.setattr(module, "VALUES", values)
    rows, training = images(13, 0), images(20, 1)
    difference = rows[:, None].astype(float) / 255 - training[None].astype(float) / 255
    expected = np.sqrt((difference**2).mean((2, 3, 4)))
    distance, where = nearest(rows, training, embed)
    np.testing.assert_allclose(distance, expected.min(1), rtol=1e-5)
    assert np.array_equal(where, expected.argmin(1))
    assert distance.dtype == np.float32


def test_a_row_is_not_its_own_neighbour(monkeypatch):
    monkeypatch.setattr(module, "BLOCK", 3)
    rows = images(8, 0)
    distance, where = nearest(rows, rows, embed, skip_self=True)
    assert (where != np.arange(8)).all()
    assert distance.min() > 0.1
    own, itself = nearest(rows, rows, embed)
    assert own.tolist() == [0.0] * 8
    assert itself.tolist() == list(range(8))


def test_black_and_white_are_one_apart():
    black, white = np.zeros((1, 8, 8, 1), np.uint8), np.full((1, 8, 8, 1), 255, np.uint8)
    assert nearest(black, white, embed)[0].tolist() == [1.0]


def test_copies_are_closer_than_training_rows_are_to_each_other():
    training = images(50, 0)
    between = nearest(training, training, embed, skip_self=True)[0]
    assert 0 < copy_distance(training, embed) < between.min()
    assert copy_distance(training[:1], embed) == 0
    assert copy_distance(np.concatenate([training, training]), embed) == 0


def test_without_others_nothing_is_near():
    assert np.isinf(nearest(images(3, 0), images(0, 0), embed)[0]).all()
    assert np.isinf(nearest(images(1, 0), images(1, 0), embed, skip_self=True)[0]).all()
    assert nearest(images(0, 0), images(3, 0), embed)[0].shape == (0,)


def test_rows_that_are_spread_out_are_further_from_each_other_than_the_limit():
    rows = np.array([0, 10, 30, 35, 60, 60], np.uint8)[:, None, None, None]
    assert spread_out(rows, 20 / 255, embed).tolist() == [0, 2, 4]
    assert spread_out(rows, 0, embed).tolist() == [0, 1, 2, 3, 4]
    assert spread_out(rows[:0], 0, embed).tolist() == []


@pytest.mark.slow
def test_large_rows_take_no_more_memory_than_small_ones(monkeypatch):
    monkeypatch.setattr(module, "BLOCK", module.BLOCK // 4)
    rows = np.random.default_rng(0).integers(0, 256, (150, 128, 128, 3), np.uint8)
    tracemalloc.start()
    try:
        nearest(rows, rows, embed, skip_self=True)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 25 * 2**20  # in single precision they would be 28 MiB
