"""A teacher for classes of few rows: it learns from other classes what rows are like, and compares with class means.

A classifier that was trained on one row of a class knows that row, and doubts all that differ from it, of which a
translating generator makes many. What tells well-populated classes apart tells others apart too: with one row a class,
the nearest class mean among the features of a network that never saw these classes is right more often than a
classifier that did (prototypical networks, arXiv 1703.05175).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganaug.gan.translation import FEW
from ganaug.modalities.base import Modality
from ganaug.modalities.parts import Floats, Teacher
from ganaug.utils.samples import Samples, take

SHARPNESS = 16.0  # of the softmax of cosines: half the probability means that no other class is nearly as near
TINY = 1e-9


class Prototypes:
    """Class probabilities by the nearest class mean, see `ganaug.modalities.parts.Teacher`.

    Parameters
    ----------
    teacher : Teacher
        Whose features are compared.
    samples, codes : Samples (n) and int array (n,)
        Rows of all classes.
    n_classes : int
        Number of classes K.
    """

    def __init__(self, teacher: Teacher, samples: Samples, codes: NDArray[np.int64], n_classes: int) -> None:
        self.teacher = teacher
        found = _unit(teacher.features(samples))
        self.centre = _means(found, codes, n_classes).mean(0)
        self.means = _unit(_means(_unit(found - self.centre), codes, n_classes))

    def predict_proba(self, samples: Samples) -> Floats:
        """Return class probabilities (n, K)."""
        logits = SHARPNESS * _unit(_unit(self.features(samples)) - self.centre) @ self.means.T
        powers = np.exp(logits - logits.max(1, keepdims=True))
        found: Floats = powers / powers.sum(1, keepdims=True)
        return found

    def features(self, samples: Samples) -> Floats:
        """Return the teacher's features (n, F)."""
        return self.teacher.features(samples)


def teach(
    modality: Modality, samples: Samples, codes: NDArray[np.int64], n_classes: int, few: int = FEW, **options: Any
) -> Teacher:
    """Train a teacher on rows of all classes, or where some have fewer than ``few``, on those of the others.

    ``options`` are those of `ganaug.modalities.base.Modality.teacher`.
    """
    known = np.flatnonzero(np.bincount(codes, minlength=n_classes) >= few)
    if len(known) == n_classes or len(known) < 2:
        return modality.teacher(samples, codes, n_classes, **options)
    at = np.flatnonzero(np.isin(codes, known))
    teacher = modality.teacher(take(samples, at), np.searchsorted(known, codes[at]), len(known), **options)
    return Prototypes(teacher, samples, codes, n_classes)


def _means(features: Floats, codes: NDArray[np.int64], n_classes: int) -> Floats:
    """Return the mean of each class (K, F); zero where it has no row."""
    members = (codes == np.arange(n_classes)[:, None]).astype(np.float32)
    found: Floats = members @ features / np.maximum(members.sum(1, keepdims=True), 1)
    return found


def _unit(vectors: Floats) -> Floats:
    found: Floats = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), TINY)
    return found
