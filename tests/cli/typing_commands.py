"""What tests of the command line share: the outcome of a command, photos to try it on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits


class Typed(NamedTuple):
    """What came of a command."""

    code: int
    out: str
    err: str


Type = Callable[..., Typed]


def save_photos(root: Path) -> Path:
    """Save ten photos of each of three classes, 8x8 gray."""
    images, labels = load_digits(return_X_y=True)
    for code, name in enumerate(("zero", "one", "two")):
        (root / name).mkdir(parents=True)
        for i, row in enumerate(np.flatnonzero(labels == code)[:10]):
            Image.fromarray((images[row].reshape(8, 8) * 15.9).astype(np.uint8)).save(root / name / f"{i}.png")
    return root
