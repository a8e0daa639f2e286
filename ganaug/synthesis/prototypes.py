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

from ganaug.modalities.base import Modality
from ganaug.modalities.embedding import Embedding, class_means, nearest, unit
from ganaug.modalities.parts import Floats, Teacher
from ganaug.modalities.rarity import FEW, common
from ganaug.utils.samples import Samples, take


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
        self.teacher, self.embed = teacher, Embedding(teacher.features, samples, codes)
        self.means = unit(class_means(self.embed(samples), codes, n_classes))

    def predict_proba(self, samples: Samples) -> Floats:
        """Return class probabilities (n, K)."""
        return nearest(self.embed(samples), self.means)

    def features(self, samples: Samples) -> Floats:
        """Return the teacher's features (n, F)."""
        return self.teacher.features(samples)


def teach(
    modality: Modality, samples: Samples, codes: NDArray[np.int64], n_classes: int, few: int = FEW, **options: Any
) -> Teacher:
    """Train a teacher on rows of all classes, or where some have fewer than ``few``, on those of the others.

    ``options`` are those of `ganaug.modalities.base.Modality.teacher`.
    """
    known = common(np.bincount(codes, minlength=n_classes), few)
    at = np.flatnonzero(np.isin(codes, known))
    if len(at) == len(codes):
        return modality.teacher(samples, codes, n_classes, **options)
    teacher = modality.teacher(take(samples, at), np.searchsorted(known, codes[at]), len(known), **options)
    return Prototypes(teacher, samples, codes, n_classes)
