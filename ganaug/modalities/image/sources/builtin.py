"""The data sets that need no download: a small cut of Fashion-MNIST, and scikit-learn's digits."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from ganaug.modalities.image.sources.arrays import read_npz, source_from_arrays
from ganaug.modalities.image.sources.base import ImageSource

_FOLDER = Path(__file__).parents[1] / "builtin"


def fashion_mnist_mini() -> ImageSource:
    """Fashion-MNIST cut to 300 training and 250 test rows a class (28x28 gray); see ``cut_fashion_mnist.py``."""
    return read_npz(_FOLDER / "fashion_mnist_mini.npz")


def digits() -> ImageSource:
    """Scikit-learn's 1,797 handwritten digits (8x8 gray)."""
    from sklearn.datasets import load_digits

    found = load_digits()
    images = np.rint(found.images * (255 / 16)).astype(np.uint8)
    return source_from_arrays(images, found.target, where="digits")


BUILTIN: dict[str, Callable[[], ImageSource]] = {"digits": digits, "fashion_mnist_mini": fashion_mnist_mini}
