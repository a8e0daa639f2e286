"""MiniRocket and ridge regression as the teacher that scores generated signals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from ganaug.modalities.parts import Floats
from ganaug.modalities.signal.features import RocketFeatures
from ganaug.modalities.signal.ridge import Ridge
from ganaug.modalities.signal.spec import Signals, SignalSpec
from ganaug.modalities.treatments import balanced

FEATURES = 84 * 24  # a fifth of those of the classifier: it sees every candidate
SHOWN = 64  # features in which signals are compared, at most


@dataclass(frozen=True)
class SignalTeacher:
    """A trained teacher; see `ganaug.modalities.parts.Teacher`.

    Attributes
    ----------
    rocket, ridge
        What it sees, and how it judges.
    axes : array (F, S)
        The directions in which the training signals differ most, scaled features to what `features` returns, of
        about the size of 1.
    """

    rocket: RocketFeatures
    ridge: Ridge
    axes: NDArray[np.float32]

    @classmethod
    def train(
        cls,
        samples: Signals,
        labels: NDArray[np.int64],
        n_classes: int,
        spec: SignalSpec,
        *,
        steps: int,
        seed: int,
        progress: Any = None,
    ) -> SignalTeacher:
        """Train one, to which all classes are as likely; ``steps`` only count progress."""
        with threadpool_limits(1, "blas"):
            rocket = RocketFeatures.fit(samples, spec, FEATURES, seed)
            found = rocket(samples)
            ridge = Ridge.fit(found, np.eye(n_classes)[labels], balanced(labels), np.ones(len(labels), bool))
            scaled = (found - ridge.middle) / ridge.spread
            _, _, axes = np.linalg.svd(scaled, full_matrices=False)
        for _ in range(steps if progress is not None else 0):
            progress.advance()
        signs = np.sign(axes[np.arange(len(axes)), np.abs(axes).argmax(1)])[:, None]
        shown = (axes * signs)[:SHOWN]
        return cls(rocket, ridge, (shown.T * np.sqrt(len(shown) / shown.shape[1])).astype(np.float32))

    def predict_proba(self, samples: Signals) -> Floats:
        """Return class probabilities (n, K)."""
        return self.ridge.predict_proba(self.rocket(samples)).astype(np.float32)

    def features(self, samples: Signals) -> Floats:
        """Return the directions in which training signals differ most (n, S)."""
        scaled = (self.rocket(samples) - self.ridge.middle) / self.ridge.spread
        return (scaled.astype(np.float32) @ self.axes).astype(np.float32)
