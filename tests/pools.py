"""Pools of synthetic images for plugins, in which pixel 0 of an image says which it is."""

from __future__ import annotations

import numpy as np

CLASSES = ("cat", "dog", "empty")
PER_CLASS = 40

REAL = np.full((8, 8, 3), 255, np.uint8)

IMAGES = np.random.default_rng(0).integers(0, 256, (12, 8, 8, 3), dtype=np.uint8)  # that models learn from
OPTIONS = {"steps": 2, "width": 4, "batch_size": 4, "device": "cpu", "random_state": 0}  # of such a model


def which(image: np.ndarray) -> int:
    """Number of the pool's image; 255 for the real one."""
    return int(image.flat[0])
