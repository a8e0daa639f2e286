"""Sounds to what networks see, and back: pictures of their mel bands, through the networks of images."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits
from torch import Tensor

from ganaug.modalities.image.codec import ImageCodec
from ganaug.modalities.sound.likeness import LEVELS, seen, to_images
from ganaug.modalities.sound.mel import shape_for, sounds_of
from ganaug.modalities.sound.spec import SHORTEST, Sounds, SoundSpec, to_values

PORTION = 64  # sounds made at once
LAST = 0.001  # a generated sound ends where it was last louder than this


class SoundCodec(ImageCodec):
    """Pictures (n, bands, frames, channels) of uint8 on the device; nothing is fitted.

    Parameters
    ----------
    spec : SoundSpec
        Of the sounds.
    """

    def __init__(self, spec: SoundSpec) -> None:
        bands, frames, _ = shape_for(spec.rate, spec.longest)
        super().__init__((bands, frames, spec.channels))
        self.spec = spec

    def to_arrays(self, samples: Sounds) -> tuple[NDArray[Any], ...]:  # type: ignore[override]
        """Return the pictures of sounds."""
        return (to_images(seen(samples, self.spec)),)

    def to_samples(self, inputs: Tensor) -> Sounds:  # type: ignore[override]
        """Return the sounds that pictures (n, channels, bands, frames) in [-1, 1] stand for."""
        shown = super().to_samples(inputs).transpose(0, 3, 1, 2).astype(np.float32) / np.float32(LEVELS)
        with threadpool_limits(1, "blas"):  # so that bytes do not depend on the number of cores
            return [sound for at in range(0, len(shown), PORTION) for sound in self._made(shown[at : at + PORTION])]

    def _made(self, shown: NDArray[np.float32]) -> Sounds:
        spec = self.spec
        flat = shown.reshape(-1, *shown.shape[2:])
        values = sounds_of(flat, spec.rate, spec.longest, spec.top).reshape(*shown.shape[:2], -1)
        found = []
        for sound in values:
            loud = np.abs(sound).max(0)
            last = len(loud) - int(np.argmax(loud[::-1] >= LAST)) if loud.max() >= LAST else 0
            length = max(last, -(-spec.rate // round(1 / SHORTEST)))
            found.append(to_values(sound[:, :length] / max(1.0, float(loud.max()))))
        return found
