"""Sounds to what networks see, and back: components of the levels of their mel bands, and recordings made to have them.

Levels through time are signals of as many channels as there are bands, and a few components say most of them, so that
the networks of tables learn them in seconds: in a fifth of the time that pictures of the levels took through those of
images, and classifiers learnt more of what was made (benchmarks/RESULTS.md, Sounds). A generated sound is the training
recording with the nearest components, every band of it made louder or softer through time until it has the generated
levels: so it has phases that agree, and partials narrower than a band.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits
from torch import Tensor

from ganaug.modalities.signal import codec as of_signals
from ganaug.modalities.signal.codec import DETAILED_ROWS, DETAILED_VALUES, SignalCodec, spread
from ganaug.modalities.sound.likeness import as_signals, signal_spec
from ganaug.modalities.sound.mel import equalised, sounds_of
from ganaug.modalities.sound.spec import SHORTEST, Sounds, SoundSpec, to_values

PORTION = 64  # sounds made at once
LAST = 0.001  # a sound made without a recording ends where it was last louder than this
ROWS = ("recordings", "ends")  # of what a codec holds, those that hold training sounds


class SoundCodec(SignalCodec):
    """Sounds as scores on principal components of their levels.

    Parameters
    ----------
    sound : SoundSpec
        Of the sounds.
    held : mapping of str to array
        As for `SignalCodec`, and the ``recordings`` whose scores it holds, one after the other (channels, time), and
        where each ends (m,). Without them a sound is made of levels alone, by Griffin and Lim's algorithm.
    """

    def __init__(self, sound: SoundSpec, held: Mapping[str, NDArray[Any]]) -> None:
        super().__init__(signal_spec(sound), held)
        self.sound = sound
        self.recordings: Sounds = []
        if "recordings" in held:
            ends = held["ends"]
            if len(ends) != len(self.scores) or held["recordings"].shape != (sound.channels, ends[-1]):
                raise ValueError(f"recordings of shape {held['recordings'].shape}")
            if np.diff(ends, prepend=0).min() < 1:
                raise ValueError("recordings that end before they begin")
            self.recordings = np.split(held["recordings"].astype(np.int16), ends[:-1], axis=1)

    @classmethod
    def fit(cls, sounds: Sounds, spec: SoundSpec) -> SoundCodec:
        """Fit one to training sounds."""
        rows = min(DETAILED_ROWS, DETAILED_VALUES // (spec.channels * spec.longest))
        held = of_signals.fit(as_signals(sounds, spec), signal_spec(spec), rows)
        kept = sounds[spread(len(sounds), len(held["scores"]))]
        ends = np.cumsum([sound.shape[1] for sound in kept])
        return cls(spec, {**held, "recordings": np.concatenate(kept, axis=1), "ends": ends})

    def to_arrays(self, samples: Sounds) -> tuple[NDArray[Any], ...]:
        """Return scores (n, K)."""
        return super().to_arrays(as_signals(samples, self.sound))

    def to_samples(self, inputs: Tensor) -> Sounds:
        """Return the sounds that scores (n, K) stand for."""
        scores = inputs.detach().float().cpu().numpy()
        nearest = self.nearest(scores)
        with threadpool_limits(1, "blas"):  # so that bytes do not depend on the number of cores
            made: Sounds = []
            for start in range(0, len(scores), PORTION):
                at = slice(start, start + PORTION)
                levels = self._levels(scores[at], nearest[at])
                made += self._equalised(levels, nearest[at]) if self.recordings else self._made(levels)
            return made

    def without_rows(self) -> SoundCodec:
        """Leave out recordings, scores and details."""
        held = super().without_rows().held
        return SoundCodec(self.sound, {name: array for name, array in held.items() if name not in ROWS})

    def _levels(self, scores: NDArray[np.float32], nearest: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return levels (n, channels, bands, frames), 0 to 1."""
        return self.curves(scores, nearest).reshape(len(scores), self.sound.channels, -1, self.points)

    def _equalised(self, levels: NDArray[np.float32], nearest: NDArray[np.int64]) -> Sounds:
        found = []
        gains = levels - self._levels(self.scores[nearest], nearest)  # over those of the recordings
        for gain, at in zip(gains, nearest.tolist(), strict=True):
            values = equalised(self.recordings[at], gain, self.sound.rate, self.sound.longest)
            found.append(to_values(values / max(1.0, float(np.abs(values).max()))))
        return found

    def _made(self, levels: NDArray[np.float32]) -> Sounds:
        spec = self.sound
        flat = levels.reshape(-1, *levels.shape[2:])
        found = []
        for sound in sounds_of(flat, spec.rate, spec.longest, spec.top).reshape(*levels.shape[:2], -1):
            loud = np.abs(sound).max(0)
            last = len(loud) - int(np.argmax(loud[::-1] >= LAST)) if loud.max() >= LAST else 0
            length = max(last, -(-spec.rate // round(1 / SHORTEST)))
            found.append(to_values(sound[:, :length] / max(1.0, float(loud.max()))))
        return found
