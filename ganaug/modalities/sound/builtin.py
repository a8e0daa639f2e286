"""The data set that needs no download: hits of drum machines that do not exist, computed.

Each of `KITS` kits has a tuning of its own, by which each of its hits varies a little. A hit is a sum of tones and
noise, each with an envelope that decays as exp(-t / decay):

- kick: a tone that falls from 2 to 4 times its frequency to 40 to 70 Hz;
- snare: tones of 160 to 240 Hz and 1.6 times as much, and noise above 1 kHz;
- tom: a tone that falls from 1.5 times its frequency to 80 to 180 Hz;
- hat: noise above 5 to 7 kHz, of 20 to 60 ms;
- clap: three bursts of noise between 1 and 3 kHz, 8 to 15 ms apart, and a tail.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, sosfilt

from ganaug.modalities.sound.spec import Sounds, to_values

RATE = 16_000
LENGTH = RATE // 2
KITS, HITS = 30, 2  # hits of a class in each kit
CLASSES = ("clap", "hat", "kick", "snare", "tom")

Floats = NDArray[np.float64]


def drum_machine(kits: int = KITS, seed: int = 0) -> tuple[Sounds, list[str], list[str]]:
    """Return sounds (1, 8000) of 16,000 values a second, their classes and their kits."""
    sounds, labels, groups = [], [], []
    for kit in range(kits):
        random = np.random.default_rng([seed, kit])
        for name in CLASSES:
            tuning = random.random(4)
            for _ in range(HITS):
                hit = _hit(name, (tuning + 0.12 * random.standard_normal(4)).clip(0, 1), random)
                sounds.append(to_values(0.9 * hit / np.abs(hit).max())[None])
                labels.append(name)
                groups.append(f"kit {kit}")
    return sounds, labels, groups


def _hit(name: str, u: Floats, random: np.random.Generator) -> Floats:
    """Return a hit (8000,) with four properties ``u``, each 0 to 1."""
    time, noise = np.arange(LENGTH) / RATE, random.standard_normal(LENGTH)
    if name == "kick":
        click = 0.1 * u[3] * noise * _fall(time, 0.004)
        return np.asarray(_tone(time, 40 + 30 * u[0], 1 + 2 * u[1], 0.03) * _fall(time, 0.06 + 0.12 * u[2]) + click)
    if name == "tom":
        return _tone(time, 80 + 100 * u[0], 0.5, 0.05 + 0.05 * u[1]) * _fall(time, 0.08 + 0.15 * u[2])
    if name == "snare":
        low = 2 * np.pi * (160 + 80 * u[0]) * time
        tones = (np.sin(low) + 0.5 * np.sin(1.6 * low)) * _fall(time, 0.04 + 0.04 * u[1])
        return np.asarray(tones + (0.3 + u[2]) * _band(noise, 1_000) * _fall(time, 0.06 + 0.1 * u[3]))
    if name == "hat":
        return _band(noise, 5_000 + 2_000 * u[0]) * _fall(time, 0.02 + 0.04 * u[1])
    gap = 0.008 + 0.007 * u[0]
    bursts = [_fall(time - i * gap, 0.003) for i in range(3)]
    envelope = np.sum([*bursts, 0.6 * _fall(time - 3 * gap, 0.04 + 0.06 * u[1])], axis=0)
    return np.asarray(_band(noise, 900 + 300 * u[2], 2_500 + 1_000 * u[3]) * envelope)


def _tone(time: Floats, frequency: float, rise: float, falls: float) -> Floats:
    """Return a tone that starts ``1 + rise`` times as high and falls to its frequency within a time."""
    turns = frequency * (time + rise * falls * (1 - np.exp(-time / falls)))
    return np.asarray(np.sin(2 * np.pi * turns))


def _fall(time: Floats, decay: float) -> Floats:
    return np.where(time >= 0, np.exp(-np.maximum(time, 0) / decay), 0.0)


def _band(noise: Floats, low: float, high: float | None = None) -> Floats:
    """Return noise above a frequency, or between two."""
    ends, kind = (low, "highpass") if high is None else ([low, high], "bandpass")
    return np.asarray(sosfilt(butter(2, ends, kind, fs=RATE, output="sos"), noise))
