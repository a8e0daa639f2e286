"""MiniRocket and ridge regression, on the levels of mel bands, as the teacher that scores generated sounds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganaug.modalities.parts import Floats
from ganaug.modalities.signal.teacher import SignalTeacher
from ganaug.modalities.sound.likeness import as_signals, signal_spec
from ganaug.modalities.sound.spec import Sounds, SoundSpec


@dataclass(frozen=True)
class SoundTeacher:
    """A trained teacher; see `ganaug.modalities.parts.Teacher`."""

    judge: SignalTeacher
    spec: SoundSpec

    @classmethod
    def train(
        cls, sounds: Sounds, labels: NDArray[np.int64], n_classes: int, spec: SoundSpec, **options: Any
    ) -> SoundTeacher:
        """Train one; ``options`` are those of `SignalTeacher.train`."""
        judge = SignalTeacher.train(as_signals(sounds, spec), labels, n_classes, signal_spec(spec), **options)
        return cls(judge, spec)

    def predict_proba(self, samples: Sounds) -> Floats:
        """Return class probabilities (n, K)."""
        return self.judge.predict_proba(as_signals(samples, self.spec))

    def features(self, samples: Sounds) -> Floats:
        """Return features (n, F)."""
        return self.judge.features(as_signals(samples, self.spec))
