"""MiniRocket (Dempster, Schmidt and Webb, KDD 2021, arXiv 2012.08791): features of signals for a linear classifier.

84 fixed kernels of nine weights, three of them 2 and six -1, dilated by powers of two up to the length of the signal. A
feature is the share of times at which a signal, convolved with one of them, exceeds a bias, which is a quantile of such
a convolution of a training signal. Of several channels each kernel and dilation sees some, drawn at random, as in the
authors' multivariate variant.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

LENGTH = 9  # of a kernel, and the shortest signal
KERNELS = np.array(list(combinations(range(LENGTH), 3)))  # (84, 3): where the weights are 2
DILATIONS = 32  # of a kernel, at most
FEATURES = 9_996  # 84 * 119, as published
MOST_CHANNELS = 9  # that a kernel sees
VALUES = 2**16  # of a convolution that is held at once: what a cache holds

Matrix = NDArray[np.float32]


@dataclass(frozen=True)
class MiniRocket:
    """A fitted transform of signals (n, channels, time).

    Attributes
    ----------
    dilations, counts : int arrays (D,)
        Dilations, and how many features each kernel has of each.
    biases : float32 array (F,)
        By dilation, then by kernel.
    channels : tuple of int arrays
        Those that kernel k of dilation d sees, at ``d * 84 + k``.
    """

    dilations: NDArray[np.int64]
    counts: NDArray[np.int64]
    biases: Matrix
    channels: tuple[NDArray[np.int64], ...]

    @classmethod
    def fit(cls, signals: NDArray[Any], features: int = FEATURES, seed: int = 0) -> MiniRocket:
        """Draw biases from training signals (n, channels, time), of `LENGTH` values or more."""
        random = np.random.default_rng(seed)
        dilations, counts = fit_dilations(signals.shape[2], features)
        kernels = len(KERNELS)
        seen = _channels(signals.shape[1], len(dilations) * kernels, random)
        levels = (np.arange(1, counts.sum() * kernels + 1) * ((np.sqrt(5) + 1) / 2)) % 1  # low-discrepancy
        biases, at = [], 0
        for d, (dilation, count) in enumerate(zip(dilations.tolist(), counts.tolist(), strict=True)):
            chosen = _times_first(signals[random.integers(len(signals), size=kernels)])
            alpha, gammas = _shifts(chosen, dilation)
            for k in range(kernels):
                own = [gamma[:, :, k : k + 1] for gamma in gammas]
                convolved = _convolved(alpha[:, :, k : k + 1], own, k, seen[d * kernels + k])
                biases.append(np.quantile(convolved, levels[at : at + count]))
                at += count
        return cls(dilations, counts, np.concatenate(biases).astype(np.float32), tuple(seen))

    def __call__(self, signals: NDArray[Any]) -> Matrix:
        """Return the features (n, F) of signals (n, channels, time) of the length that it was fitted to."""
        block = max(1, VALUES // signals.shape[2])
        parts = [self._transform(signals[at : at + block]) for at in range(0, len(signals), block)]
        return np.concatenate([np.zeros((0, len(self.biases)), np.float32), *parts])

    def _transform(self, signals: NDArray[Any]) -> Matrix:
        x = _times_first(signals)
        found = np.empty((len(self.biases), len(signals)), np.float32)
        at, kernels = 0, len(KERNELS)
        for d, (dilation, count) in enumerate(zip(self.dilations.tolist(), self.counts.tolist(), strict=True)):
            margin = (LENGTH - 1) * dilation // 2
            alpha, gammas = _shifts(x, dilation)
            for k in range(kernels):
                convolved = _convolved(alpha, gammas, k, self.channels[d * kernels + k])
                seen = convolved[margin : len(convolved) - margin] if (d + k) % 2 else convolved
                above = np.empty(seen.shape, bool)
                for i in range(at, at + count):
                    np.greater(seen, self.biases[i], out=above)
                    found[i] = np.add.reduce(above.view(np.uint8), axis=0, dtype=np.uint16)
                found[at : at + count] /= len(seen)
                at += count
        return np.ascontiguousarray(found.T)


def fit_dilations(length: int, features: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the dilations for signals of a length, and the features of each kernel at each."""
    each = max(1, features // len(KERNELS))
    most = min(each, DILATIONS)
    exponents = np.logspace(0, np.log2((length - 1) / (LENGTH - 1)), most, base=2)
    dilations, counts = np.unique(exponents.astype(np.int64), return_counts=True)
    counts = (counts * (each / most)).astype(np.int64)
    for i in range(each - int(counts.sum())):
        counts[i % len(counts)] += 1
    return dilations, counts


def _channels(channels: int, combined: int, random: np.random.Generator) -> list[NDArray[np.int64]]:
    """Draw the channels of each kernel and dilation: as often few as many."""
    if channels == 1:
        return [np.zeros(1, np.int64)] * combined
    most = np.log2(min(channels, MOST_CHANNELS) + 1)
    sizes = (2 ** random.uniform(0, most, combined)).astype(np.int64)
    return [np.sort(random.choice(channels, size, replace=False)) for size in sizes]


def _times_first(signals: NDArray[Any]) -> Matrix:
    """Lay signals (n, channels, time) out as (channels, time, n), in which sums over time are quickest."""
    return np.ascontiguousarray(signals.transpose(1, 2, 0), np.float32)


def _shifts(x: Matrix, dilation: int) -> tuple[Matrix, list[Matrix]]:
    """Return what convolutions are made of: minus the sum of nine shifts (channels, time, n), and thrice each of them.

    Beyond their ends signals are zero.
    """
    reach = dilation * (LENGTH // 2)
    wide = np.pad(x, ((0, 0), (reach, reach), (0, 0)))
    shifts = [wide[:, i * dilation : i * dilation + x.shape[1]] for i in range(LENGTH)]
    return -np.sum(shifts, axis=0), [3 * shift for shift in shifts]


def _convolved(alpha: Matrix, gammas: list[Matrix], kernel: int, channels: NDArray[np.int64]) -> Matrix:
    """Return the convolution (time, n) of some channels with a kernel."""
    first, second, third = KERNELS[kernel]
    if len(alpha) == 1:
        return np.asarray(alpha[0] + gammas[first][0] + gammas[second][0] + gammas[third][0])
    made = alpha[channels] + gammas[first][channels] + gammas[second][channels] + gammas[third][channels]
    return np.asarray(made.sum(0))
