"""Signals of any lengths on a common grid of time, and back: linear interpolation, widened where it thins out."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganaug.modalities.signal.spec import Signal, Signals

Values = NDArray[np.floating[Any]]


@lru_cache(maxsize=256)
def weights(length: int, points: int) -> NDArray[np.float64]:
    """Return the matrix (length, points) that takes signals of one length to another, ends to ends.

    Where there are fewer points than values, each takes the weighted mean of the values around it, so that nothing
    aliases.
    """
    at = np.linspace(0, length - 1, points) if points > 1 else np.array([(length - 1) / 2])
    width = max(1.0, (length - 1) / max(points - 1, 1))
    found = (1 - np.abs(np.arange(length)[:, None] - at) / width).clip(0)
    made: NDArray[np.float64] = found / found.sum(0)
    made.setflags(write=False)
    return made


def resample(signal: Signal, points: int) -> Values:
    """Return signals (..., time) with so many values (..., points)."""
    if signal.shape[-1] == points:
        return signal
    found: Values = (signal @ weights(signal.shape[-1], points)).astype(signal.dtype)
    return found


def to_grid(signals: Signals, points: int) -> Values:
    """Return all signals (n, channels, points)."""
    if isinstance(signals, np.ndarray):
        return resample(signals, points)
    if not signals:
        return np.zeros((0, 1, points), np.float32)
    found = np.empty((len(signals), len(signals[0]), points), signals[0].dtype)
    for i, signal in enumerate(signals):
        found[i] = resample(signal, points)
    return found


def lengths(signals: Signals) -> NDArray[np.int64]:
    """Return how many values each signal has (n,)."""
    return np.array([signal.shape[-1] for signal in signals], np.int64)
