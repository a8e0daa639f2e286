"""Made-up signals of two classes."""

from __future__ import annotations

import numpy as np


def waves(n: int = 24, channels: int = 1, length: int = 40, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Slow and quick waves (n, channels, length), in step, with noise; the classes take turns."""
    random, labels = np.random.default_rng(seed), np.arange(n) % 2
    time = np.linspace(0, 1, length)
    speed = 2.0 + 2.0 * labels[:, None, None] + 0.1 * random.standard_normal((n, 1, 1))
    phase = 0.5 * np.arange(channels)[:, None]
    height = 1 + 0.2 * random.standard_normal((n, 1, 1))
    signals = height * np.sin(2 * np.pi * speed * time + phase) + 0.05 * random.standard_normal((n, channels, length))
    return signals.astype(np.float32), np.array(["slow", "quick"])[labels]


def cut(signals: np.ndarray, seed: int = 0) -> list[np.ndarray]:
    """The same in lengths of their own: a half to the whole."""
    longest = signals.shape[2]
    lengths = np.random.default_rng(seed).integers(longest // 2, longest + 1, len(signals))
    return [signal[:, :length] for signal, length in zip(signals, lengths, strict=True)]
