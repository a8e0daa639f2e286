"""How alike sounds are: by the levels of their mel bands, as signals of as many channels."""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

from ganaug.modalities.loaded import Codes, Ids
from ganaug.modalities.parts import Floats
from ganaug.modalities.signal import likeness
from ganaug.modalities.signal.spec import SignalSpec
from ganaug.modalities.sound.mel import pictures, shape_for
from ganaug.modalities.sound.spec import Sounds, SoundSpec

# Root mean square difference of near copies, of the standard deviation. Of 666 drum hits, louder and resampled copies
# are within 0.01, compressed ones at 0.02 to 0.1, and the nearest other recordings beyond 0.1.
NEAR = 0.05
LEVELS = 255  # of a picture, as an image has them


def content_ids(sounds: Sounds) -> Ids:
    """Hash the shape and the values of each sound: (n,) of 32 hexadecimal digits."""
    ids = np.empty(len(sounds), object)
    ids[:] = [
        hashlib.blake2b(repr(sound.shape).encode() + sound.tobytes(), digest_size=16).hexdigest() for sound in sounds
    ]
    return ids


def seen(sounds: Sounds, spec: SoundSpec) -> Floats:
    """Return the pictures of sounds (n, channels, bands, frames), 0 to 1."""
    if not sounds:
        bands, frames, _ = shape_for(spec.rate, spec.longest)
        return np.zeros((0, spec.channels, bands, frames), np.float32)
    return pictures(sounds, spec.rate, spec.longest, spec.top)


def to_images(levels: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return pictures (n, channels, bands, frames), 0 to 1, as images (n, bands, frames, channels)."""
    return np.ascontiguousarray(np.rint(LEVELS * levels).transpose(0, 2, 3, 1), np.uint8)


def as_signals(sounds: Sounds, spec: SoundSpec) -> NDArray[np.float32]:
    """Return the levels of sounds as signals, a channel for each band (n, channels * bands, frames)."""
    levels = seen(sounds, spec)
    return levels.reshape(len(levels), -1, levels.shape[-1])


def signal_spec(spec: SoundSpec) -> SignalSpec:
    """Return what those signals share."""
    bands, frames, _ = shape_for(spec.rate, spec.longest)
    n = spec.channels * bands
    return SignalSpec(n, frames, frames, (0.0,) * n, (1.0,) * n)


def embed(sounds: Sounds, spec: SoundSpec) -> Floats:
    """Return the levels of sounds (n, F), 0 to 1."""
    levels = seen(sounds, spec)
    return levels.reshape(len(levels), int(np.prod(levels.shape[1:])))


def duplicates(sounds: Sounds, spec: SoundSpec, near: bool, ids: Ids | None = None) -> Codes:
    """Cluster sounds with their copies, and with near ones: the same recording, louder, or compressed."""
    known = content_ids(sounds) if ids is None else ids
    return likeness.duplicates(as_signals(sounds, spec) if near else [], signal_spec(spec), near, known, NEAR)


class SoundOriginals:
    """Sounds of which copies are looked for; see `ganaug.modalities.parts.Originals`."""

    def __init__(self, sounds: Sounds, spec: SoundSpec, ids: Ids | None = None) -> None:
        self.ids = content_ids(sounds) if ids is None else ids
        self._spec = spec
        self._known = likeness.SignalOriginals(as_signals(sounds, spec), signal_spec(spec), self.ids, NEAR)

    def copies(self, samples: Sounds, ids: Ids | None = None) -> NDArray[np.bool_]:
        """Mark the sounds (n,) that are copies of one of these, exact or near; ``ids`` are their hashes, if known."""
        known = content_ids(samples) if ids is None else ids
        return self._known.copies(as_signals(samples, self._spec), known)
