"""What is done to training sounds before a classifier sees them: changes of recordings, and of their pictures."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganaug.modalities.sound.mel import analysed, synthesised
from ganaug.modalities.sound.spec import Sound, SoundSpec, to_floats, to_values

SPEED = 1.12  # two semitones, at most, either way
STRETCH = 1.15  # of the time, at most, either way
SHIFT = 0.05  # of the longest sound, at most, either way
NOISE = (20.0, 50.0)  # decibels below the sound
GAIN = 1.5  # at most, either way
HOP, WINDOW = 128, 512  # values, of the phase vocoder
BLANK = 0.25  # share of the bands, and of the time, that is left blank, at most

Values = NDArray[np.float32]


def change(sound: Sound, spec: SoundSpec, strength: float, random: np.random.Generator) -> Sound:
    """Change a sound (channels, time), each way with probability one half: speed, tempo, place, noise, loudness."""
    happens, u = random.random(5) < 0.5, random.uniform(-1, 1, 4) * strength
    found = to_floats(sound)
    if happens[0]:
        found = played(found, SPEED ** u[0])
    if happens[1]:
        found = stretched(found, STRETCH ** u[1])
    if happens[2]:
        steps = round(u[2] * SHIFT * spec.longest)
        found = found[:, min(-steps, found.shape[1] // 2) :] if steps < 0 else np.pad(found, ((0, 0), (steps, 0)))
    if happens[3]:
        level = np.sqrt((found**2).mean()) * 10 ** (-random.uniform(*NOISE) / 20)
        found = found + strength * level * random.standard_normal(found.shape).astype(np.float32)
    if happens[4]:
        found = found * GAIN ** u[3]
    found = found[:, : spec.longest]
    return to_values(found / max(1.0, float(np.abs(found).max())))


def played(values: Values, speed: float) -> Values:
    """Play a sound (channels, time) faster, which is then higher, or slower."""
    length = values.shape[1]
    at = np.arange(max(2, round(length / speed))) * speed
    return np.stack([np.interp(at, np.arange(length), channel) for channel in values]).astype(np.float32)


def stretched(values: Values, factor: float) -> Values:
    """Make a sound (channels, time) longer or shorter, and as high (a phase vocoder, Flanagan and Golden, 1966)."""
    wanted = max(2, round(values.shape[1] * factor))
    frames = -(-max(values.shape[1], WINDOW) // HOP) + 1
    padded = np.pad(values, ((0, 0), (0, frames * HOP - values.shape[1])))
    spectra = analysed(padded, HOP, WINDOW)
    at = np.arange(0, frames - 1, 1 / factor)
    left, share = at.astype(np.int64), (at % 1)[:, None]
    size = (1 - share) * np.abs(spectra[:, left]) + share * np.abs(spectra[:, left + 1])
    turns = np.angle(spectra[:, left + 1]) - np.angle(spectra[:, left])
    phase = np.angle(spectra[:, :1]) + np.concatenate([np.zeros_like(turns[:, :1]), turns[:, :-1]], axis=1).cumsum(1)
    return synthesised((size * np.exp(1j * phase)).astype(np.complex64), HOP, WINDOW)[:, :wanted]


def masked(levels: NDArray[Any], random: np.random.Generator) -> NDArray[np.float32]:
    """Silence a few neighbouring bands, and a few moments, of pictures (n, channels, bands, frames).

    SpecAugment (arXiv 1904.08779) without its warp, of which its authors found that it matters least.
    """
    found = np.array(levels, np.float32)
    for axis in (2, 3):
        size = found.shape[axis]
        width = random.integers(0, round(BLANK * size) + 1, len(found))
        first = random.integers(0, size - width + 1)
        at = np.arange(size)
        blank = (at >= first[:, None]) & (at < (first + width)[:, None])
        found[np.broadcast_to(blank[:, None, :, None] if axis == 2 else blank[:, None, None], found.shape)] = 0.0
    return found
