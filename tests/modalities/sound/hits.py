"""A few computed drum hits of two classes, a quarter of a second long."""

from __future__ import annotations

import numpy as np

from ganaug.modalities.sound.builtin import RATE, drum_machine
from ganaug.modalities.sound.modality import SoundModality

SOUND = SoundModality()


def hits(kits: int = 4, channels: int = 1) -> tuple[list[np.ndarray], np.ndarray]:
    """Kicks and hats, two of each a kit, as floats (time,) or (channels, time), of lengths of their own."""
    sounds, labels, _ = drum_machine(kits)
    wanted = [i for i, label in enumerate(labels) if label in ("hat", "kick")]
    found = [sounds[i][0, : 3_000 + 40 * (i % 25)].astype(np.float32) / 32_767 for i in wanted]
    if channels == 2:
        found = [np.stack([sound, 0.5 * sound]) for sound in found]
    return found, np.array(labels)[wanted]


def held(kits: int = 4, channels: int = 1):
    """The same as ganaug holds them, what they share, and their classes."""
    sounds, labels = hits(kits, channels)
    return *SOUND.infer_at(sounds, RATE), labels
