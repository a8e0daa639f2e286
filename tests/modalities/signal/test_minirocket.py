"""MiniRocket against what aeon's makes of the same signals, see ``record_minirocket.py``."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from ganaug.modalities.signal.minirocket import MiniRocket, fit_dilations

RECORDED = np.load(Path(__file__).with_name("minirocket.npz"))


def recorded(name: str) -> dict[str, np.ndarray]:
    return {key.removeprefix(f"{name}."): RECORDED[key] for key in RECORDED.files if key.startswith(f"{name}.")}


@pytest.mark.parametrize("name", ["single.one", "single.all", "several.one", "several.all"])
def test_features_are_those_of_aeon(name):
    theirs, signals = recorded(name), RECORDED[f"{name.split('.')[0]}.X"]
    ends = np.concatenate([[0], theirs["per"].cumsum()])
    channels = tuple(theirs["channels"][a:b] for a, b in pairwise(ends))
    ours = MiniRocket(theirs["dilations"], theirs["counts"], theirs["biases"], channels)(signals)
    assert ours.shape == theirs["features"].shape
    off = np.abs(ours - theirs["features"])
    assert off.max() <= 2 / signals.shape[2] + 1e-6  # sums in another order may cross a bias
    assert (off > 1e-6).mean() < 0.002


def test_biases_of_one_signal_are_those_of_aeon():
    """Of several signals each kernel draws one, from random numbers of their own."""
    theirs = recorded("single.one")
    ours = MiniRocket.fit(RECORDED["single.X"][:1], 84 * 6)
    assert ours.dilations.tolist() == theirs["dilations"].tolist()
    assert ours.counts.tolist() == theirs["counts"].tolist()
    np.testing.assert_allclose(ours.biases, theirs["biases"], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("length", [9, 10, 24, 140, 1000])
def test_every_kernel_has_its_features(length):
    dilations, counts = fit_dilations(length, 9_996)
    assert counts.sum() == 119
    assert dilations[0] == 1
    assert 8 * dilations[-1] < length


def test_a_seed_draws_the_same_features_and_shares_lie_between_nought_and_one():
    signals = RECORDED["several.X"]
    first, again, other = (MiniRocket.fit(signals, 336, seed)(signals) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert 0 <= first.min() < first.max() <= 1
    assert first[:0].shape == MiniRocket.fit(signals, 336)(signals[:0]).shape
