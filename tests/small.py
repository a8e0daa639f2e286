"""An augmenter that is trained in a second, and digits to train it on."""

from __future__ import annotations

import numpy as np
from sklearn.datasets import load_digits

from ganaug import GANAugmenter

Fitted = tuple[GANAugmenter, np.ndarray, np.ndarray]
NAMES = np.array(["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"])


def tiny(**parameters) -> GANAugmenter:
    return GANAugmenter(**{"steps": 6, "batch_size": 8, "width": 4, "random_state": 0, "device": "cpu"} | parameters)


def digits(n: int = 60) -> tuple[np.ndarray, np.ndarray]:
    images, labels = load_digits(return_X_y=True)
    return (images[:n].reshape(-1, 8, 8) * 15.9).astype(np.uint8), labels[:n]


def noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, shape, np.uint8)
