"""Logistic regression on words and runs of characters as the teacher that scores generated texts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.linalg import svds
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from ganaug.modalities.parts import Floats
from ganaug.modalities.text.features import TfidfFeatures
from ganaug.modalities.text.spec import Texts

CERTAIN = 100.0  # C: the teacher knows its training texts, and doubts what has lost the words by which it does
SHOWN = 64  # features in which texts are compared, at most


@dataclass(frozen=True)
class TextTeacher:
    """A trained teacher; see `ganaug.modalities.parts.Teacher`.

    Attributes
    ----------
    known, model
        What it sees, and how it judges.
    n_classes : int
        Number of classes K.
    axes : array (F, S)
        The directions in which the training texts differ most.
    """

    known: TfidfFeatures
    model: LogisticRegression
    n_classes: int
    axes: NDArray[np.float32]

    @classmethod
    def train(
        cls, samples: Texts, labels: NDArray[np.int64], n_classes: int, *, steps: int, seed: int, progress: Any = None
    ) -> TextTeacher:
        """Train one, to which all classes are as likely; ``steps`` only count progress."""
        known = TfidfFeatures.fit(samples)
        found = known(samples)
        with threadpool_limits(1, "blas"):
            model = LogisticRegression(C=CERTAIN, max_iter=1000, class_weight="balanced").fit(found, labels)
            axes = _axes(found, seed)
        for _ in range(steps if progress is not None else 0):
            progress.advance()
        return cls(known, model, n_classes, axes)

    def predict_proba(self, samples: Texts) -> Floats:
        """Return class probabilities (n, K)."""
        found = np.zeros((len(samples), self.n_classes), np.float32)
        if samples:
            found[:, self.model.classes_] = self.model.predict_proba(self.known(samples))
        return found

    def features(self, samples: Texts) -> Floats:
        """Return the directions in which training texts differ most (n, S)."""
        if not samples:
            return np.zeros((0, self.axes.shape[1]), np.float32)
        return np.asarray(self.known(samples) @ self.axes, np.float32)


def _axes(features: Any, seed: int) -> NDArray[np.float32]:
    """Return the right singular vectors (F, S) of features (n, F), each with its largest number positive."""
    count = min(SHOWN, min(features.shape) - 1)
    if count < 1:
        return np.asarray(features[:1].toarray().T, np.float32)
    start = np.random.default_rng(seed).standard_normal(min(features.shape))
    axes = svds(features, count, v0=start, random_state=seed)[2][::-1]
    signs = np.sign(axes[np.arange(len(axes)), np.abs(axes).argmax(1)])[:, None]
    return np.asarray((axes * signs).T, np.float32)
