"""Which samples are windows of one recording that overlap: they share a stretch of the very same values.

A stretch is told by hashes of runs of values, chosen by winnowing (Schleimer, Wilkerson and Aiken, "Winnowing: local
algorithms for document fingerprinting", SIGMOD 2003): of so many runs one after another the one of the least hash, so
that whoever shares all of them shares that one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganaug.data.clusters import components

RUN = 32  # values one after another, in all channels, that are hashed together
VARIETY = 8  # different ones among them, at least: rests, and signals of a few levels, are alike by chance
BASE = 0x9E3779B97F4A7C15  # odd, so that it has an inverse modulo 2^64

Codes = NDArray[np.int64]
Hashes = NDArray[np.uint64]


def marks(values: NDArray[np.floating[Any]], window: int = 8) -> Hashes:
    """Return numbers by which whatever shares ``RUN + window - 1`` values or more with these is known.

    Parameters
    ----------
    values : float array (channels, time)
        As they were recorded: of what was scaled or resampled by itself no two windows share a value.
    window : int, default=8
        Runs of which one is chosen, a power of two; there are about ``2 * time / window`` numbers.

    Returns
    -------
    uint64 array (p,)
        None twice. A run that comes twice, as in a periodic signal, tells nothing, nor does one of few values.
    """
    if values.shape[1] < RUN + window - 1:
        return np.zeros(0, np.uint64)
    moments = _hashed(values)
    runs = _runs(moments)
    starts = np.flatnonzero(_least(runs, window))
    various = np.sort(moments[starts[:, None] + np.arange(RUN)], axis=1)
    starts = starts[1 + (np.diff(various, axis=1) > 0).sum(1) >= VARIETY]
    found, counts = np.unique(runs[starts], return_counts=True)
    once: Hashes = found[counts == 1]
    return once


def recordings(marked: Sequence[Hashes]) -> Codes:
    """Number the recordings of samples by their `marks`: alike for all that are linked by a common one, (n,)."""
    owner = np.repeat(np.arange(len(marked)), [len(each) for each in marked])
    hashes = np.concatenate([np.zeros(0, np.uint64), *marked])
    order = np.argsort(hashes, kind="stable")
    same = hashes[order][1:] == hashes[order][:-1]
    return components(owner[order][:-1][same], owner[order][1:][same], len(marked))


def _hashed(values: NDArray[np.floating[Any]]) -> Hashes:
    """Return a number for the values (channels, time) of each moment: (time,)."""
    bits = np.ascontiguousarray(values, np.float64) + 0.0  # which makes one zero of two
    return _mixed((_mixed(bits.view(np.uint64)) * _powers(BASE, len(bits))[:, None]).sum(0))


def _runs(moments: Hashes) -> Hashes:
    """Return a number for each run of moments (m,), modulo 2^64: (m - RUN + 1,)."""
    sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(moments * _powers(BASE, len(moments)))])
    found = sums[RUN:] - sums[:-RUN]
    return _mixed(found * _powers(pow(BASE, -1, 2**64), len(found)))


def _least(runs: Hashes, window: int) -> NDArray[np.bool_]:
    """Mark the numbers (m,) that are the least of some ``window`` in a row, of which they are one."""
    least, width = runs, 1
    while width < window:
        least, width = np.minimum(least[:-width], least[width:]), 2 * width
    outside = np.zeros(window - 1, np.uint64)
    most, width = np.concatenate([outside, least, outside]), 1
    while width < window:
        most, width = np.maximum(most[:-width], most[width:]), 2 * width
    found: NDArray[np.bool_] = most == runs
    return found


def _powers(base: int, count: int) -> Hashes:
    """Return powers of a number from 0, modulo 2^64: (count,)."""
    factors = np.full(count, base, np.uint64)
    factors[:1] = 1
    return np.multiply.accumulate(factors)


def _mixed(numbers: Hashes) -> Hashes:
    """Spread the bits of numbers (splitmix64)."""
    numbers = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    numbers = (numbers ^ (numbers >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return numbers ^ (numbers >> np.uint64(31))
