from __future__ import annotations

import numpy as np
import pytest
from waves import cut, waves

from ganaug.metrics.nearest import nearest
from ganaug.modalities.signal.modality import SignalModality

SIGNAL = SignalModality()


@pytest.mark.parametrize("ragged", [False, True])
def test_copies_are_exact_or_near(ragged):
    signals = waves(10, 2)[0]
    rows = cut(signals) if ragged else list(signals)
    rounded = rows[1].round(2)
    both, spec = SIGNAL.infer(
        [*rows, rows[0].copy(), 3 * rows[1] + 7, rounded, rows[2] + 0.1 * np.cos(np.arange(rows[2].shape[1]))]
    )
    exact, near = (SIGNAL.duplicates(both, spec, how) for how in (False, True))
    assert exact[10] == exact[0]
    assert len(set(exact)) == len(both) - 1
    assert near[10] == near[0]
    assert near[11] == near[12] == near[1]  # in other units, and with fewer digits
    assert len(set(near)) == len(both) - 3
    originals = SIGNAL.originals(both[:10], spec)
    assert originals.ids.tolist() == SIGNAL.ids(both[:10]).tolist()
    assert originals.copies(both).tolist() == [True] * 13 + [False]
    assert originals.copies(both[:0]).tolist() == []


def test_constant_signals_are_copies_only_where_equal():
    held, spec = SIGNAL.infer(np.array([[1.0] * 20, [1.0] * 20, [2.0] * 20, np.arange(20.0)]))
    clusters = SIGNAL.duplicates(held, spec, near=True)
    assert clusters[0] == clusters[1]
    assert len(set(clusters)) == 3
    assert SIGNAL.originals(held[:1], spec).copies(held).tolist() == [True, True, False, False]


def test_likeness_is_measured_on_the_range_of_each_channel():
    signals = waves(40, 2)[0] * np.array([1.0, 1000.0], np.float32)[:, None]
    held, spec = SIGNAL.infer(signals)
    found = SIGNAL.embed(held, spec)
    assert found.shape == (40, 80)
    assert np.quantile(found, [0.02, 0.98]) == pytest.approx([0, 1], abs=0.1)
    distances = nearest(held, held, lambda some: SIGNAL.embed(some, spec), skip_self=True)[0]
    assert 0 < distances.min() < distances.max() < 1
    long, of_long = SIGNAL.infer(waves(3, 1, 5000)[0])
    assert SIGNAL.embed(long, of_long).shape == (3, 256)


def test_lengths_count_as_much_as_a_channel():
    held, spec = SIGNAL.infer([np.zeros(20), np.zeros(40), np.zeros(40)])
    found = SIGNAL.embed(held, spec)
    assert np.sqrt(((found[0] - found[1]) ** 2).mean()) == pytest.approx(0.5 / np.sqrt(2))
    assert np.array_equal(found[1], found[2])
