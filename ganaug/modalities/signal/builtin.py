"""The data set that needs no download: cylinder, bell and funnel, computed (Saito, 1994)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LENGTH = 128
ROWS = 200  # of each class
SHAPES = ("cylinder", "bell", "funnel")


def cylinder_bell_funnel(rows: int = ROWS, seed: int = 0) -> tuple[NDArray[np.float32], list[str]]:
    """Return signals (3 * rows, 1, 128) and their classes.

    Noise of standard deviation 1 about a plateau, a rise or a fall of height 6 or so, from a random time to another.
    """
    random, time = np.random.default_rng(seed), np.arange(LENGTH)
    found = []
    for shape in SHAPES:
        start = random.integers(16, 33, (rows, 1))
        end = start + random.integers(32, 97, (rows, 1))
        height = 6 + random.standard_normal((rows, 1))
        part = (time - start) / (end - start)
        form = {"cylinder": np.ones_like(part), "bell": part, "funnel": 1 - part}[shape]
        inside = (time >= start) & (time <= end)
        found.append(height * inside * form + random.standard_normal((rows, LENGTH)))
    signals = np.concatenate(found)[:, None].astype(np.float32)
    return signals, [shape for shape in SHAPES for _ in range(rows)]
