"""Sounds as pictures: the levels of mel bands through time, and back by the algorithm of Griffin and Lim (1984).

A picture has a row for each band, a column for each 16 ms or, of sounds beyond two seconds, for a 128th of the whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, rfft

HOP = 0.016  # seconds from one column to the next
FRAMES = range(16, 129)  # columns
SHORT, BANDS = 32, (32, 64)  # columns up to which the smaller number of bands does
LOWEST = 30.0  # frequency, Hz
RANGE = 60.0  # decibels below the top, from which on it is silent
OVERLAP = 4  # windows over each value, where a sound is made of a picture
FITS, ITERATIONS, MOMENTUM = 64, 16, 0.99  # momentum as in Perraudin, Balazs and Sondergaard (2013)
TINY = 1e-12

Floats = NDArray[np.float32]


class Shape(NamedTuple):
    """Of a picture: bands and columns, and values of a sound from one column to the next; a window spans two."""

    bands: int
    frames: int
    hop: int


def shape_for(rate: int, longest: int) -> Shape:
    """Return the shape of the pictures of sounds, of which the longest has so many values."""
    hop = 2 * max(1, round(HOP * rate / 2), -(-longest // (2 * FRAMES[-1])))
    frames = min(FRAMES[-1], max(FRAMES[0], -(-longest // (8 * hop)) * 8))
    return Shape(BANDS[frames > SHORT], frames, hop)


def levels(sound: NDArray[np.int16], rate: int, longest: int) -> Floats:
    """Return the levels of a sound (channels, time) in decibels, (channels, bands, frames)."""
    shape = shape_for(rate, longest)
    values = np.zeros((len(sound), shape.frames * shape.hop), np.float32)
    values[:, : sound.shape[1]] = sound / np.float32(32_767)
    power = np.abs(analysed(values, shape.hop, 2 * shape.hop)) ** 2 @ _filters(rate, shape).T
    return np.asarray(10 * np.log10(power + TINY), np.float32).transpose(0, 2, 1)


def pictures(sounds: Sequence[NDArray[np.int16]], rate: int, longest: int, top: float) -> Floats:
    """Return the levels of sounds (n, channels, bands, frames), 0 (silent) to 1 (the top, in decibels)."""
    found = [(1 + (levels(sound, rate, longest) - top) / RANGE).clip(0, 1) for sound in sounds]
    shape = shape_for(rate, longest)
    return np.stack(found) if found else np.zeros((0, 1, shape.bands, shape.frames), np.float32)


def sounds_of(shown: Floats, rate: int, longest: int, top: float) -> Floats:
    """Return sounds of the levels in pictures (n, bands, frames), (n, time). A sound does not depend on the others.

    Phases start the same for all of them, and are then made to agree, 16 times.
    """
    shape = shape_for(rate, longest)
    hop, window = 2 * shape.hop // OVERLAP, 2 * shape.hop
    fine = _finer(shown, shape)
    power = np.where(fine > 0, 10 ** ((top + RANGE * (fine - 1)) / 10), 0).astype(np.float32).transpose(0, 2, 1)
    wanted = np.sqrt(_spread(power, _filters(rate, shape)))
    random = np.random.default_rng(0).uniform(0, 2 * np.pi, wanted.shape[1:])
    phase, before = np.exp(1j * random).astype(np.complex64), np.zeros((), np.complex64)
    for _ in range(ITERATIONS):
        agreed = analysed(synthesised(wanted * phase, hop, window), hop, window)
        ahead = agreed + MOMENTUM * (agreed - before)
        phase, before = ahead / (np.abs(ahead) + TINY), agreed
    return synthesised(wanted * phase, hop, window)[:, :longest]


def equalised(sound: NDArray[np.int16], gain: Floats, rate: int, longest: int) -> Floats:
    """Return a sound (channels, time), its bands made louder or softer through time.

    ``gain`` (channels, bands, frames) is by how much, in levels as `pictures` have them. What is beyond all bands is
    changed as the nearest is.
    """
    shape = shape_for(rate, longest)
    hop, window = 2 * shape.hop // OVERLAP, 2 * shape.hop
    filters = _filters(rate, shape)
    covered = np.flatnonzero(filters.sum(0) > 0)
    shares = filters / (filters.sum(0) + TINY)
    shares[0, : covered[0]] = shares[-1, covered[-1] + 1 :] = 1.0
    values = np.zeros((len(sound), shape.frames * shape.hop), np.float32)
    values[:, : sound.shape[1]] = sound / np.float32(32_767)
    factor = 10 ** (RANGE * _finer(gain, shape).transpose(0, 2, 1) @ shares / 20)
    return synthesised(analysed(values, hop, window) * factor, hop, window)[:, : sound.shape[1]]


def _finer(shown: Floats, shape: Shape) -> Floats:
    """Return columns of pictures (n, bands, frames) `OVERLAP` / 2 times as close, on lines from one to the next."""
    frames = shape.frames * OVERLAP // 2
    at = (np.arange(frames) + 0.5) * (shape.frames / frames) - 0.5
    left = np.floor(at).clip(0, shape.frames - 2).astype(np.int64)
    share = (at - left).clip(0, 1).astype(np.float32)
    return np.asarray(shown[:, :, left] * (1 - share) + shown[:, :, left + 1] * share, np.float32)


def _spread(power: Floats, filters: Floats) -> Floats:
    """Return the power of frequencies (n, frames, F) of which bands have the given ones (n, frames, bands).

    By multiplication until it fits (Lucy, 1974), so that no power is negative.
    """
    weight = filters.sum(0) + TINY
    found = power @ (filters / weight)
    for _ in range(FITS):
        found = found * ((power / (found @ filters.T + TINY)) @ (filters / weight))
    return np.asarray(found, np.float32)


@lru_cache(maxsize=16)
def _filters(rate: int, shape: Shape) -> Floats:
    """Return the weights of frequencies in bands (bands, F): triangles of equal width on the mel scale, of sum 1."""
    low, high = (2595 * np.log10(1 + frequency / 700) for frequency in (LOWEST, rate / 2))
    edges = 700 * (10 ** (np.linspace(low, high, shape.bands + 2) / 2595) - 1) * (2 * shape.hop / rate)
    first, middle, last = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    at = np.arange(shape.hop + 1)
    rise, fall = (at - first) / np.maximum(middle - first, 1), (last - at) / np.maximum(last - middle, 1)
    near = (1 - np.abs(at - middle)).clip(0)  # where bands are narrower than frequencies are apart
    weights = np.maximum(np.minimum(rise, fall).clip(0), near)
    return np.asarray(weights / weights.sum(1, keepdims=True), np.float32)


@lru_cache(maxsize=16)
def _window(size: int) -> Floats:
    """Return a Hann window."""
    return np.asarray(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size), np.float32)


def analysed(values: Floats, hop: int, window: int) -> NDArray[np.complex64]:
    """Return the spectra (n, frames, F) of windows about the middles of pieces of sounds (n, time)."""
    margin = (window - hop) // 2
    frames = values.shape[1] // hop
    wide = np.pad(values, ((0, 0), (margin, margin)))
    pieces = np.lib.stride_tricks.sliding_window_view(wide, window, axis=1)[:, : frames * hop : hop]
    return np.asarray(rfft(pieces * (_window(window) / window), axis=2))


def synthesised(spectra: NDArray[Any], hop: int, window: int) -> Floats:
    """Return the sounds (n, time) whose spectra (n, frames, F) come nearest to the given ones."""
    n, frames, overlap = len(spectra), spectra.shape[1], window // hop
    pieces = irfft(spectra, window, axis=2) * (_window(window) * window)
    values, weight = np.zeros((n, frames + overlap, hop), np.float32), np.zeros((frames + overlap, hop), np.float32)
    for part in range(overlap):
        at = slice(part * hop, (part + 1) * hop)
        values[:, part : part + frames] += pieces[:, :, at]
        weight[part : part + frames] += _window(window)[at] ** 2
    margin, flat = (window - hop) // 2, values.reshape(n, -1) / (weight.ravel() + TINY)
    return np.asarray(flat[:, margin : margin + frames * hop], np.float32)
