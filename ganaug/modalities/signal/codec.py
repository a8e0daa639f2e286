"""Signals to what networks see, and back: as scores on a few principal components.

A few hundred numbers of which neighbours depend on each other are a few components, and the networks of tables learn
them in seconds. What components leave of a training signal, its detail, is put back on generated signals: classifiers
that look at fine shapes need it (noise of the same size in its place is no better than nothing). Curves through
one-dimensional convolutions, for signals out of step, took five times as long and were no better
(benchmarks/RESULTS.md, Signals).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist
from threadpoolctl import threadpool_limits
from torch import Tensor

from ganaug.modalities.parts import Codec
from ganaug.modalities.signal.grid import lengths, resample, to_grid
from ganaug.modalities.signal.spec import Signals, SignalSpec

COMPONENTS = 24  # at most
EXPLAINED = 0.999  # share of the variance, beyond which components are noise
FLOOR = 0.05  # scale of a component, of the largest one's, below which it is not stretched to the size of others
FITTED_ROWS = 2_000  # from which components come, at most
DETAILED_ROWS, DETAILED_VALUES = 500, 2**24  # of training signals of which details are kept, at most
ROWS = ("scores", "details")  # of what a codec holds, those of which training signals could be put together

Matrix = NDArray[np.float32]


class SignalCodec(Codec):
    """Signals as scores on principal components, each of about the size of 1; and as a number for the length.

    Made from scores, a signal gets the detail of the training signal whose scores are nearest: what components do not
    say of it.

    Parameters
    ----------
    spec : SignalSpec
        Of the signals.
    held : mapping of str to array
        ``middle`` and ``spread`` (channels,), by which values are scaled; ``low`` and ``high`` (channels,), the range
        of the training signals, which generated ones keep to; ``length`` (4,), mean and standard deviation of the
        logarithm of lengths, and the shortest and longest of them; ``centre`` (F,), ``axes`` (K, F) and ``sizes`` (K,)
        of the components; and of training signals ``scores`` (m, K) and ``details`` (m, F), if it has them.

    Raises
    ------
    KeyError, ValueError
        An array is missing, or does not fit the others.
    """

    def __init__(self, spec: SignalSpec, held: Mapping[str, NDArray[Any]]) -> None:
        self.spec, self.held = spec, dict(held)
        self.points = spec.longest
        _check(spec, held)
        self.middle, self.spread = (np.asarray(held[name], np.float64)[:, None] for name in ("middle", "spread"))
        self.centre, self.axes, self.sizes = (
            np.asarray(held[name], np.float32) for name in ("centre", "axes", "sizes")
        )
        none = {"scores": np.zeros((1, len(self.sizes))), "details": np.zeros((1, len(self.centre)))}
        self.scores, self.details = (np.asarray(held.get(name, none[name]), np.float32) for name in ROWS)
        if self.axes.shape != (len(self.sizes), len(self.centre)) or len(self.centre) != spec.channels * self.points:
            raise ValueError(f"components of shape {self.axes.shape}")
        rows = len(self.scores)
        if not rows or self.scores.shape != (rows, len(self.sizes)) or self.details.shape != (rows, len(self.centre)):
            raise ValueError(f"details of shape {self.details.shape}")

    @property
    def numbers(self) -> int:
        """Numbers that stand for a signal."""
        return len(self.sizes) + self.spec.ragged

    def to_arrays(self, samples: Signals) -> tuple[NDArray[Any], ...]:
        """Return scores and lengths (n, K)."""
        flat = _scaled(samples, self.spec, self.held)
        scores = ((flat - self.centre) @ self.axes.T / self.sizes).astype(np.float32)
        return (np.concatenate([scores, self._stretch(samples)], axis=1),)

    def to_inputs(self, *arrays: Tensor) -> Tensor:
        """Return the scores as they are."""
        return arrays[0]

    def to_samples(self, inputs: Tensor) -> Signals:
        """Return the signals that scores (n, K) stand for."""
        rows = inputs.detach().float().cpu().numpy()
        scores, stretch = rows[:, : len(self.sizes)], rows[:, len(self.sizes) :]
        values = self.curves(scores, self.nearest(scores))
        if not self.spec.ragged:
            return values
        mean, spread, shortest, longest = self.held["length"].tolist()
        sizes = np.exp(stretch[:, 0].astype(np.float64) * spread + mean).round().clip(shortest, longest)
        return [resample(signal, int(size)) for signal, size in zip(values, sizes, strict=True)]

    def curves(self, scores: Matrix, nearest: NDArray[np.int64]) -> NDArray[Any]:
        """Return the curves (n, channels, points) of scores (n, K), with the details of these training signals (n,)."""
        flat = (scores * self.sizes) @ self.axes + self.centre + self.details[nearest]
        scaled = flat.reshape(len(scores), self.spec.channels, self.points)
        low, high = (np.asarray(self.held[name], np.float64)[:, None] for name in ("low", "high"))
        return np.ascontiguousarray((scaled * self.spread + self.middle).clip(low, high), self.spec.dtype)

    def nearest(self, scores: Matrix) -> NDArray[np.int64]:
        """Return which of the training signals that are kept has the nearest scores (n, K), (n,)."""
        return np.asarray(cdist(scores, self.scores).argmin(1), np.int64)

    def state(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Return what a saved model keeps."""
        return {}, self.held

    def without_rows(self) -> SignalCodec:
        """Leave out scores and details, of which training signals could be put together."""
        return SignalCodec(self.spec, {name: array for name, array in self.held.items() if name not in ROWS})

    def _stretch(self, samples: Signals) -> Matrix:
        """Return the scaled logarithm of the length of each signal (n, 1), or nothing (n, 0) where all are alike."""
        if not self.spec.ragged:
            return np.zeros((len(samples), 0), np.float32)
        mean, spread = self.held["length"][:2]
        return np.asarray((np.log(lengths(samples)) - mean) / (spread or 1.0), np.float32)[:, None]


def fit(samples: Signals, spec: SignalSpec, rows: int) -> dict[str, NDArray[Any]]:
    """Return what the codec of training signals holds, with the details of at most so many of them, `spread` evenly."""
    with threadpool_limits(1, "blas"):  # so that bytes do not depend on the number of cores
        held = _scales(samples, spec)
        flat = _scaled(samples, spec, held)
        centre, axes, sizes = components(flat[spread(len(flat), FITTED_ROWS)])
        kept = flat[spread(len(flat), min(rows, DETAILED_VALUES // flat.shape[1]))] - centre
        scores = kept @ axes.T
        held |= {"centre": centre, "axes": axes, "sizes": sizes}
        held |= {"scores": (scores / sizes).astype(np.float32), "details": (kept - scores @ axes).astype(np.float32)}
    return held


def spread(n: int, most: int) -> slice:
    """Choose among n rows at most so many, evenly, and one at least."""
    return slice(None, None, -(-n // max(1, most)))


def _check(spec: SignalSpec, held: Mapping[str, NDArray[Any]]) -> None:
    """Raise `KeyError` or `ValueError` unless the scales, the range and the lengths that a codec holds fit its spec."""
    shapes = {held[name].shape for name in ("middle", "spread", "low", "high")}
    if shapes != {(spec.channels,)} or held["length"].shape != (4,):
        raise ValueError("scales of other channels")
    if not all(np.isfinite(array).all() for array in held.values()):
        raise ValueError("scales that are no numbers")
    if not spec.shortest <= held["length"][2] <= held["length"][3] <= spec.longest:
        raise ValueError(f"lengths of {held['length'][2:].tolist()} values")


def _scaled(samples: Signals, spec: SignalSpec, held: Mapping[str, NDArray[Any]]) -> NDArray[np.float64]:
    """Return signals on the grid (n, channels * points), each channel of size 1; a constant one is 0."""
    middle, spread = (np.asarray(held[name], np.float64)[:, None] for name in ("middle", "spread"))
    scaled = (to_grid(samples, spec.longest) - middle) / np.where(spread > 0, spread, 1.0)
    return np.asarray(scaled.reshape(len(samples), -1), np.float64)


def _scales(samples: Signals, spec: SignalSpec) -> dict[str, NDArray[Any]]:
    values = np.concatenate([np.asarray(signal, np.float64) for signal in samples], axis=1)
    low, high = values.min(1), values.max(1)
    spread = np.where(high > low, values.std(1), 0.0)
    sizes = lengths(samples)
    length = np.array([np.log(sizes).mean(), np.log(sizes).std(), sizes.min(), sizes.max()])
    return {"middle": values.mean(1), "spread": spread, "low": low, "high": high, "length": length}


def components(flat: NDArray[np.float64]) -> tuple[Matrix, Matrix, Matrix]:
    """Return the mean (F,), the principal axes (K, F) of rows (n, F), and the scale of each (K,).

    As many as explain `EXPLAINED` of the variance, and at most `COMPONENTS`; one at least, be it of nothing.
    """
    centre = flat.mean(0)
    _, values, axes = np.linalg.svd(flat - centre, full_matrices=False)
    shares = np.cumsum(values**2) / max(float((values**2).sum()), 1e-30)
    count = max(1, min(COMPONENTS, len(values), int(np.searchsorted(shares, EXPLAINED)) + 1))
    sizes = values[:count] / np.sqrt(max(len(flat) - 1, 1))
    sizes = np.maximum(sizes, FLOOR * sizes[0]) if sizes[0] > 0 else np.ones(count)
    signs = np.sign(axes[np.arange(count), np.abs(axes[:count]).argmax(1)])[:, None]  # which are anyone's choice
    return centre.astype(np.float32), (axes[:count] * signs).astype(np.float32), sizes.astype(np.float32)
