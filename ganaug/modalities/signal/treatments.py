"""What is done to training signals before a classifier sees them: the arms that need no GAN."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganaug.errors import ConfigError
from ganaug.modalities.signal.codec import components
from ganaug.modalities.signal.grid import Values, resample, to_grid
from ganaug.modalities.signal.spec import Signals, SignalSpec
from ganaug.modalities.signal.warping import path
from ganaug.modalities.treatments import Training, doubled, with_changed

JITTER = 0.05  # standard deviation of noise, of that of the channel
SCALING = 0.1  # of the logarithm of the factor of a channel
WARP = 0.2  # share of the time that a window takes which is stretched or shrunk
STRETCH = 1.5  # at most, either way
SLICE = 0.1  # share of the time that is cut off, at most
METHODS = ("random_over", "dtw_smote")
NEIGHBOURS = 5  # of DTW-SMOTE
SHRINKAGE = 1.0  # of random over-sampling: the width of its noise, of what is best for normal data


def treat(training: Training, setting: Any, spec: SignalSpec, seed: int) -> Training:
    """Do what a setting says: over-sample, mix signals of any two classes, change copies; see `Setting`.

    Raises
    ------
    ConfigError
        The setting's method is none of `METHODS`.
    """
    if setting.method not in ("", *METHODS):
        raise ConfigError(f"there is no treatment {setting.method!r} of signals; known are {', '.join(METHODS)}")
    random = np.random.default_rng(seed)
    if setting.method:
        make = over_sampled if setting.method == "random_over" else dtw_smote
        training = doubled(training, lambda own, count, _: _like(make(own, count, spec, random), spec))
    if setting.mixup:
        training = mixed(training, setting.mixup, spec, random)
    return augmented(training, setting.strength, random) if setting.strength else training


def augmented(training: Training, strength: float, random: np.random.Generator) -> Training:
    """Add changed copies of every signal."""

    def changed(source: NDArray[np.int64]) -> Signals:
        made = [change(training.samples[i], strength, random) for i in source.tolist()]
        return np.stack(made) if isinstance(training.samples, np.ndarray) else made

    return with_changed(training, changed)


def change(signal: Values, strength: float, random: np.random.Generator) -> Values:
    """Change a signal (channels, time), each way with probability one half: jitter, scaling, a window warped, a slice.

    The ways of Le Guennec, Malinowski and Tavenard (2016) and Um et al. (arXiv 1706.00527). The length stays.
    """
    happens, length = random.random(4) < 0.5, signal.shape[1]
    found = signal
    if happens[0]:
        spread = signal.std(axis=1, keepdims=True)
        found = found + strength * JITTER * spread * random.standard_normal(signal.shape)
    if happens[1]:
        found = found * np.exp(strength * SCALING * random.standard_normal((len(signal), 1)))
    if happens[2]:
        window = max(2, round(WARP * length))
        start = int(random.integers(max(1, length - window + 1)))
        factor = STRETCH ** (strength * random.uniform(-1, 1))
        middle = resample(found[:, start : start + window], max(2, round(factor * window)))
        found = resample(np.concatenate([found[:, :start], middle, found[:, start + window :]], axis=1), length)
    if happens[3]:
        kept = max(2, length - round(strength * SLICE * random.random() * length))
        start = int(random.integers(length - kept + 1))
        found = resample(found[:, start : start + kept], length)
    return found.astype(signal.dtype)


def mixed(training: Training, alpha: float, spec: SignalSpec, random: np.random.Generator) -> Training:
    """Add as many signals again, each between any two, and between their labels (mixup, arXiv 1710.09412).

    Of different lengths, they are between those, too. Both kinds weigh the same.
    """
    n = len(training.weights)
    partner, share = random.permutation(n), random.beta(alpha, alpha, n)
    made = [
        between(training.samples[i], training.samples[j], float(s))
        for i, j, s in zip(range(n), partner.tolist(), share, strict=True)
    ]
    targets = share[:, None] * training.targets + (1 - share[:, None]) * training.targets[partner]
    halved = replace(training, weights=training.weights / 2)
    return halved.plus(_like(made, spec), targets, halved.weights)


def between(first: Values, second: Values, share: float) -> Values:
    """Return the signal (channels, time) that lies between two."""
    length = round(share * first.shape[1] + (1 - share) * second.shape[1])
    found: Values = share * resample(first, length) + (1 - share) * resample(second, length)
    return found.astype(first.dtype)


def over_sampled(own: Signals, count: int, spec: SignalSpec, random: np.random.Generator) -> list[Values]:
    """Draw signals of a class again, with noise along its principal components (ROSE, Menardi and Torelli, 2014)."""
    drawn = random.integers(len(own), size=count)
    flat = to_grid(own, spec.longest).astype(np.float64).reshape(len(own), -1)
    _, axes, sizes = components(flat)
    width = SHRINKAGE * (4 / ((len(sizes) + 2) * len(own))) ** (1 / (len(sizes) + 4))
    spread = sizes if len(own) > 1 else 0.0
    noise = width * (random.standard_normal((count, len(sizes))) * spread) @ axes
    noise = noise.reshape(count, spec.channels, spec.longest)
    return [own[i] + resample(extra, own[i].shape[1]) for i, extra in zip(drawn.tolist(), noise, strict=True)]


def dtw_smote(own: Signals, count: int, spec: SignalSpec, random: np.random.Generator) -> list[Values]:
    """Make signals between neighbours of a class, along the path that aligns them (dynamic time warping).

    SMOTE (arXiv 1106.1813) whose points in between are taken where two signals show the same, not at the same time.
    """
    flat = to_grid(own, spec.longest).reshape(len(own), -1)
    far = ((flat[:, None] - flat[None]) ** 2).sum(2)
    near = far.argsort(1, kind="stable")[:, 1 : NEIGHBOURS + 1]
    found: list[Values] = []
    for i in random.integers(len(own), size=count).tolist():
        j = int(random.choice(near[i])) if near.shape[1] else i
        share = float(random.random())
        first, second = path(own[i], own[j])
        points = share * own[i][:, first] + (1 - share) * own[j][:, second]
        at = share * first / max(first[-1], 1) + (1 - share) * second / max(second[-1], 1)
        length = round(share * own[i].shape[1] + (1 - share) * own[j].shape[1])
        times = np.linspace(0, 1, length)
        found.append(np.stack([np.interp(times, at, channel) for channel in points]).astype(own[i].dtype))
    return found


def _like(made: list[Values], spec: SignalSpec) -> Signals:
    """Return signals as ganaug holds them."""
    typed = [signal.astype(spec.dtype) for signal in made]
    if spec.ragged:
        return typed
    return np.stack(typed) if typed else np.zeros((0, spec.channels, spec.longest), spec.dtype)
