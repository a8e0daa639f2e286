"""Signals to what networks see, and back: as a few principal components, or as curves.

A few hundred numbers of which neighbours depend on each other are a few components where signals are in step, and then
the networks of tables learn them in seconds. What components leave of a training signal, its detail, is put back on
generated signals: classifiers that look at fine shapes need it (noise of the same size in its place is no better than
nothing). Where training signals that were left out lie far from what the components of the others span, as those do
that start at any phase, curves go through convolutions.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
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
FOLDS = 5
SUFFICE = 0.5  # share of the variance of rows left out, from which components do
FITTED_ROWS = 2_000  # from which components come, at most
DETAILED_ROWS, DETAILED_VALUES = 500, 2**24  # of which details are kept, at most

Matrix = NDArray[np.float32]


class SignalCodec(Codec):
    """What both codecs share: scales, ends and lengths of the training signals.

    Parameters
    ----------
    spec : SignalSpec
        Of the signals.
    held : mapping of str to array
        ``middle`` and ``spread`` (channels,), by which values are scaled; ``low`` and ``high`` (channels,), the range
        of the training signals, which generated ones keep to; ``length`` (4,), mean and standard deviation of the
        logarithm of lengths, and the shortest and longest of them; and what the codec adds.
    """

    name = ""

    def __init__(self, spec: SignalSpec, held: Mapping[str, NDArray[Any]]) -> None:
        self.spec, self.held = spec, dict(held)
        self.points = spec.longest
        self.middle, self.spread = (np.asarray(held[name], np.float64)[:, None] for name in ("middle", "spread"))

    def _scaled(self, samples: Signals) -> NDArray[np.float64]:
        """Return signals on the grid (n, channels, points), each channel of size 1; a constant one is 0."""
        return (to_grid(samples, self.points) - self.middle) / np.where(self.spread > 0, self.spread, 1.0)

    def _stretch(self, samples: Signals) -> Matrix:
        """Return the scaled logarithm of the length of each signal (n, 1), or nothing (n, 0) where all are alike."""
        if not self.spec.ragged:
            return np.zeros((len(samples), 0), np.float32)
        mean, spread = self.held["length"][:2]
        return np.asarray((np.log(lengths(samples)) - mean) / (spread or 1.0), np.float32)[:, None]

    def _signals(self, scaled: NDArray[np.floating[Any]], stretch: NDArray[np.floating[Any]]) -> Signals:
        """Return signals of values (n, channels, points) and scaled lengths (n, 1) or (n, 0)."""
        low, high = (np.asarray(self.held[name], np.float64)[:, None] for name in ("low", "high"))
        values = (scaled * self.spread + self.middle).clip(low, high).astype(self.spec.dtype)
        if not self.spec.ragged:
            return np.ascontiguousarray(values)
        mean, spread, shortest, longest = self.held["length"].tolist()
        sizes = np.exp(stretch[:, 0].astype(np.float64) * spread + mean).round().clip(shortest, longest)
        return [resample(signal, int(size)) for signal, size in zip(values, sizes, strict=True)]

    def state(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Return what a saved model keeps."""
        return {"represented_by": self.name}, self.held


class ComponentCodec(SignalCodec):
    """Signals as scores on principal components, each of about the size of 1; and as a number for the length.

    Made from scores, a signal gets the detail of the training signal whose scores are nearest: what components do not
    say of it.

    Parameters
    ----------
    spec, held
        As for `SignalCodec`; ``held`` adds ``centre`` (F,), ``axes`` (K, F) and ``sizes`` (K,) of the components, and
        of training signals ``scores`` (m, K) and ``details`` (m, F), if it has them.
    """

    name = "components"

    def __init__(self, spec: SignalSpec, held: Mapping[str, NDArray[Any]]) -> None:
        super().__init__(spec, held)
        self.centre, self.axes, self.sizes = (
            np.asarray(held[name], np.float32) for name in ("centre", "axes", "sizes")
        )
        none = {"scores": np.zeros((1, len(self.sizes))), "details": np.zeros((1, len(self.centre)))}
        self.scores, self.details = (np.asarray(held.get(name, none[name]), np.float32) for name in none)
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
        flat = self._scaled(samples).reshape(len(samples), -1)
        scores = ((flat - self.centre) @ self.axes.T / self.sizes).astype(np.float32)
        return (np.concatenate([scores, self._stretch(samples)], axis=1),)

    def to_inputs(self, *arrays: Tensor) -> Tensor:
        """Return the scores as they are."""
        return arrays[0]

    def to_samples(self, inputs: Tensor) -> Signals:
        """Return the signals that scores (n, K) stand for."""
        rows = inputs.detach().float().cpu().numpy()
        scores, stretch = rows[:, : len(self.sizes)], rows[:, len(self.sizes) :]
        flat = (scores * self.sizes) @ self.axes + self.centre + self.details[self.nearest(scores)]
        return self._signals(flat.reshape(len(rows), self.spec.channels, self.points), stretch)

    def nearest(self, scores: Matrix) -> NDArray[np.int64]:
        """Return which of the training signals that are kept has the nearest scores (n, K), (n,)."""
        return np.asarray(cdist(scores, self.scores).argmin(1), np.int64)

    def without_rows(self) -> ComponentCodec:
        """Leave out scores and details, of which training signals could be put together."""
        held = {name: array for name, array in self.held.items() if name not in ("scores", "details")}
        return ComponentCodec(self.spec, held)


class CurveCodec(SignalCodec):
    """Signals as curves (n, channels, points), each channel of size 1; and as a channel for the length."""

    name = "curves"

    @property
    def channels(self) -> int:
        """Channels of an input."""
        return self.spec.channels + self.spec.ragged

    def to_arrays(self, samples: Signals) -> tuple[NDArray[Any], ...]:
        """Return curves (n, channels, points) and scaled lengths (n, 1) or (n, 0)."""
        return self._scaled(samples).astype(np.float32), self._stretch(samples)

    def to_inputs(self, *arrays: Tensor) -> Tensor:
        """Return curves, with the length as a further channel."""
        curves, stretch = arrays
        if not stretch.shape[1]:
            return curves
        return torch.cat([curves, stretch[:, :, None].expand(-1, -1, curves.shape[2])], dim=1)

    def to_samples(self, inputs: Tensor) -> Signals:
        """Return the signals that inputs (n, channels, points) stand for."""
        curves = inputs.detach().float().cpu().numpy()
        stretch = curves[:, self.spec.channels :].mean(2)
        return self._signals(curves[:, : self.spec.channels], stretch)


def fit(samples: Signals, spec: SignalSpec) -> ComponentCodec | CurveCodec:
    """Fit a codec to training signals: components where they do for signals left out, else curves."""
    with threadpool_limits(1, "blas"):  # so that bytes do not depend on the number of cores
        held = _scales(samples, spec)
        flat = _flat(samples, spec, held)
        if explained_left_out(flat[spread(len(flat), FITTED_ROWS)]) < SUFFICE:
            return CurveCodec(spec, held)
    return ComponentCodec(spec, fit_components(samples, spec, DETAILED_ROWS))


def fit_components(samples: Signals, spec: SignalSpec, rows: int) -> dict[str, NDArray[Any]]:
    """Return what a `ComponentCodec` of training signals holds, with the details of so many of them at most.

    They are those `spread` evenly.
    """
    with threadpool_limits(1, "blas"):
        held = _scales(samples, spec)
        flat = _flat(samples, spec, held)
        centre, axes, sizes = components(flat[spread(len(flat), FITTED_ROWS)])
        kept = flat[spread(len(flat), min(rows, DETAILED_VALUES // flat.shape[1]))] - centre
        scores = kept @ axes.T
        held |= {"centre": centre, "axes": axes, "sizes": sizes}
        held |= {"scores": (scores / sizes).astype(np.float32), "details": (kept - scores @ axes).astype(np.float32)}
    return held


def spread(n: int, most: int) -> slice:
    """Choose among n rows at most so many, evenly, and one at least."""
    return slice(None, None, -(-n // max(1, most)))


def _flat(samples: Signals, spec: SignalSpec, held: Mapping[str, NDArray[Any]]) -> NDArray[np.float64]:
    return CurveCodec(spec, held)._scaled(samples).reshape(len(samples), -1)


def restore(
    spec: SignalSpec, about: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]
) -> ComponentCodec | CurveCodec:
    """Return the codec of which `SignalCodec.state` gave these; `KeyError` or `ValueError` where they do not fit."""
    kinds = {kind.name: kind for kind in (ComponentCodec, CurveCodec)}
    codec = kinds[about["represented_by"]](spec, arrays)
    check_held(codec)
    return codec


def check_held(codec: SignalCodec) -> None:
    """Raise `KeyError` or `ValueError` unless what a codec holds fits its spec."""
    spec, arrays = codec.spec, codec.held
    shapes = {arrays[name].shape for name in ("middle", "spread", "low", "high")}
    if shapes != {(spec.channels,)} or arrays["length"].shape != (4,):
        raise ValueError("scales of other channels")
    if not all(np.isfinite(array).all() for array in arrays.values()):
        raise ValueError("scales that are no numbers")
    if not spec.shortest <= arrays["length"][2] <= arrays["length"][3] <= spec.longest:
        raise ValueError(f"lengths of {arrays['length'][2:].tolist()} values")


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


def explained_left_out(flat: NDArray[np.float64]) -> float:
    """Return the share of the variance of rows (n, F) that components of other rows explain, in `FOLDS` folds."""
    if len(flat) < 2 * FOLDS:
        return 1.0
    fold = np.random.default_rng(0).permutation(len(flat)) % FOLDS
    left = total = 0.0
    for number in range(FOLDS):
        centre, axes, _ = components(flat[fold != number])
        others = flat[fold == number] - centre
        total += float((others**2).sum())
        left += float(((others - others @ axes.T @ axes) ** 2).sum())
    return 1 - left / total if total else 1.0
