"""Which signals are windows of one recording that overlap: they share a run of the very same values."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ganaug.modalities.signal.grid import lengths
from ganaug.modalities.signal.spec import Signal, Signals

RUN = 32  # values one after another, in all channels, that two signals have to share
VARIETY = 8  # different ones among them, at least: rests, and signals of a few levels, are alike by chance
WINDOW = 8  # of so many runs in a row the one of the least hash is looked up, so whoever shares all shares that one
BLOCK = 65_536  # runs looked at together

Hashes = NDArray[np.uint64]


def overlaps(signals: Signals) -> NDArray[np.int64]:
    """Return pairs (2, p) of signals that share a run; not every pair, but those that link all that do.

    Values have to be the same to the last bit: windows that were scaled one by one are not recognised. A run that a
    signal has twice, as a periodic one has, says nothing. A shared stretch of `RUN` + `WINDOW` - 1 values is
    found for certain: hashes are chosen by winnowing (Schleimer, Wilkerson and Aiken, SIGMOD 2003).
    """
    sizes = lengths(signals)
    owner = np.repeat(np.arange(len(signals)), sizes)
    if len(owner) < RUN:
        return np.zeros((2, 0), np.int64)
    values = np.concatenate([_hashed(signal) for signal in signals])
    runs = _runs(values)
    whole = owner[: len(runs)] == owner[RUN - 1 :]  # runs of one signal
    runs[~whole] = 0  # the least there is, so that what is looked up does not depend on how close an end is
    starts = np.flatnonzero(whole & _least(runs))
    found = runs[starts]
    order = np.lexsort((starts, found))
    starts, found = starts[order], found[order]
    same = found[1:] == found[:-1]
    twice = same & (owner[starts[1:]] == owner[starts[:-1]])
    shared = same & ~np.isin(found[1:], found[1:][twice])
    first, second = starts[:-1][shared], starts[1:][shared]
    various = _various(values, first)
    return np.unique(np.stack([owner[first[various]], owner[second[various]]]), axis=1)


def _hashed(signal: Signal) -> Hashes:
    """Return a number for the values (channels, time) of each moment: (time,)."""
    bits = (np.asarray(signal, np.float64) + 0.0).view(np.uint64)
    return _mixed((_mixed(bits) * _factors(len(bits))[:, None]).sum(0))


def _runs(values: Hashes) -> Hashes:
    """Return a number for each run of values (m,): (m - RUN + 1,)."""
    found = np.zeros(len(values) - RUN + 1, np.uint64)
    for i, factor in enumerate(_factors(RUN)):
        found += values[i : i + len(found)] * factor  # modulo 2^64
    return _mixed(found)


def _least(runs: Hashes) -> NDArray[np.bool_]:
    """Mark the numbers (m,) that are the least of some `WINDOW` in a row that they are in."""
    outside = np.zeros(WINDOW - 1, np.uint64)
    padded = np.concatenate([outside, runs, outside])
    least = padded[: len(runs) + WINDOW - 1].copy()
    for i in range(1, WINDOW):
        np.minimum(least, padded[i : i + len(least)], out=least)
    found = np.zeros(len(runs), bool)
    for i in range(WINDOW):
        found |= least[i : i + len(runs)] == runs
    return found


def _various(values: Hashes, starts: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Tell which runs, by where they start (p,), have `VARIETY` different values or more."""
    counts = [np.zeros(0, np.int64)]
    for at in range(0, len(starts), BLOCK):
        runs = np.sort(values[starts[at : at + BLOCK, None] + np.arange(RUN)], axis=1)
        counts.append(1 + (np.diff(runs, axis=1) > 0).sum(1))
    found: NDArray[np.bool_] = np.concatenate(counts) >= VARIETY
    return found


def _factors(count: int) -> Hashes:
    return np.random.default_rng(0).integers(0, 2**63, count, dtype=np.uint64) * np.uint64(2) + np.uint64(1)


def _mixed(numbers: Hashes) -> Hashes:
    """Spread the bits of numbers (splitmix64)."""
    numbers = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    numbers = (numbers ^ (numbers >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return numbers ^ (numbers >> np.uint64(31))
