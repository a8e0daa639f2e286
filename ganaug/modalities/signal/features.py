"""Signals as the numbers that linear classifiers take, fitted on training signals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ganaug.modalities.signal.grid import lengths, to_grid
from ganaug.modalities.signal.minirocket import LENGTH, MiniRocket
from ganaug.modalities.signal.spec import Signals, SignalSpec

Matrix = NDArray[np.float32]


@dataclass(frozen=True)
class RocketFeatures:
    """Features of MiniRocket, of signals that are all stretched to one length, and that length's share.

    Attributes
    ----------
    rocket : MiniRocket
        Fitted to training signals.
    spec : SignalSpec
        Of the signals.
    points : int
        Their length once stretched.
    """

    rocket: MiniRocket
    spec: SignalSpec
    points: int

    @classmethod
    def fit(cls, signals: Signals, spec: SignalSpec, features: int, seed: int) -> RocketFeatures:
        """Fit to training signals."""
        points = max(spec.longest, LENGTH)
        return cls(MiniRocket.fit(to_grid(signals, points), features, seed), spec, points)

    def __call__(self, signals: Signals) -> Matrix:
        """Return features (n, F)."""
        found = self.rocket(to_grid(signals, self.points))
        return _with_length(found, signals, self.spec)


def raw_features(signals: Signals, spec: SignalSpec) -> Matrix:
    """Return the values of signals on a common grid (n, channels * points), and the share of the longest length."""
    grid = to_grid(signals, spec.longest).astype(np.float32)
    return _with_length(grid.reshape(len(signals), spec.channels * spec.longest), signals, spec)


def _with_length(features: Matrix, signals: Signals, spec: SignalSpec) -> Matrix:
    if not spec.ragged:
        return features
    return np.concatenate([features, (lengths(signals)[:, None] / spec.longest).astype(np.float32)], axis=1)
