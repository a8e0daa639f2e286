"""What all signals of a data set share, and signals in memory as users have them.

Inside ganaug signals of one length are an array (n, channels, time), those of several lengths a list of arrays
(channels, time).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganaug.errors import DataError
from ganaug.modalities.archives import image_like
from ganaug.modalities.loaded import Spec

LONGEST = 16_384  # values of a channel
MOST_CHANNELS = 1_024
MOST_VALUES = 2**18  # of a signal
RECOGNISED = 16  # values of a row from which an array is taken for signals unasked
SCALE_ROWS = 2_000  # that say what a channel's low and high values are

Signals = Any  # float array (n, channels, time), or list of n float arrays (channels, time)
Signal = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class SignalSpec(Spec):
    """What all signals share.

    Attributes
    ----------
    channels : int
        Number of channels.
    shortest, longest : int
        Values of a channel. Equal: all signals are of one length; else each is of its own.
    low, high : tuple of float
        First and last percentile of the values of each channel, on which likeness is measured.
    dtype : str
        ``float32`` or ``float64``.
    channel_axis : bool
        Whether users have an axis of channels.
    listed : bool
        Whether users have signals of one length as a list.
    rate : float, optional
        Values a second, where that is known.
    """

    channels: int
    shortest: int
    longest: int
    low: tuple[float, ...]
    high: tuple[float, ...]
    dtype: str = "float32"
    channel_axis: bool = True
    listed: bool = False
    rate: float | None = None

    @property
    def ragged(self) -> bool:
        """Whether lengths differ."""
        return self.shortest < self.longest


def spec_of(about: Mapping[str, Any]) -> SignalSpec:
    """Return the spec that `SignalSpec.to_json` wrote; `TypeError` or `ValueError` where it is none."""
    known = {field.name for field in fields(SignalSpec)}
    if set(about) != known:
        raise ValueError(f"a description of signals has {', '.join(sorted(known))}")
    ends = {name: tuple(float(value) for value in about[name]) for name in ("low", "high")}
    spec = SignalSpec(**{**about, **ends})
    sizes = spec.channels, spec.shortest, spec.longest
    if not all(type(size) is int and size > 0 for size in sizes) or spec.shortest > spec.longest:
        raise ValueError(f"signals of {spec.channels} channels and {spec.shortest} to {spec.longest} values")
    if spec.longest > LONGEST or spec.channels * spec.longest > MOST_VALUES:
        raise ValueError(f"signals of {spec.channels} x {spec.longest} values")
    if not len(spec.low) == len(spec.high) == spec.channels or spec.dtype not in ("float32", "float64"):
        raise ValueError("a damaged description of signals")
    return spec


def recognises(X: Any) -> bool:  # noqa: N803 - scikit-learn's name
    """Tell whether data in memory is signals: floats (n, time), (n, channels, time), or a list of such signals.

    Not where it may be something else: rows of few values, or floats of the shape of images.
    """
    if isinstance(X, (list, tuple)) and len(X):
        try:
            first = np.asarray(X[0])
        except (ValueError, TypeError, RuntimeError):
            return False
        return first.dtype.kind == "f" and first.ndim in (1, 2) and first.shape[-1] >= 2
    shape = tuple(getattr(X, "shape", ()))
    if "float" not in str(getattr(X, "dtype", "")) or len(shape) not in (2, 3) or hasattr(X, "iloc"):
        return False
    return shape[-1] >= RECOGNISED and not image_like(shape)


def infer(X: Any) -> tuple[Signals, SignalSpec]:  # noqa: N803
    """Check signals in memory; return them as ganaug holds them, and what they share.

    Raises
    ------
    DataError
        They cannot be used.
    """
    signals, channel_axis = _signals(X)
    if not len(signals):
        raise DataError("X holds no signal at all: give some.")
    lengths = sorted({signal.shape[1] for signal in signals})
    listed = isinstance(X, (list, tuple))
    if lengths[-1] < 2:
        raise DataError("X holds signals of a single value, which are no signals: give two values or more.")
    double = any(signal.dtype == np.float64 for signal in signals)
    low, high = _ends(signals)
    spec = SignalSpec(
        signals[0].shape[0],
        lengths[0],
        lengths[-1],
        low,
        high,
        "float64" if double else "float32",
        channel_axis,
        listed and len(lengths) == 1,
    )
    return _held(signals, spec), spec


def conform(X: Any, spec: SignalSpec) -> Signals:  # noqa: N803
    """Check that signals in memory are as the spec says, and return them as ganaug holds them.

    Where lengths differ, any length will do.

    Raises
    ------
    DataError
        They cannot be used, or are of other channels or length.
    """
    signals, _ = _signals(X)
    for i, signal in enumerate(signals):
        channels, length = signal.shape
        if channels != spec.channels:
            raise DataError(
                f"X has {channels} channels in signal {i}, but the model was trained on {spec.channels}: give those."
            )
        if not spec.ragged and length != spec.longest:
            raise DataError(
                f"X has {length} values in signal {i}, but the model was trained on signals of {spec.longest}: cut "
                "or resample them first."
            )
    return _held(signals, spec)


def restore(signals: Signals, spec: SignalSpec) -> Any:
    """Give signals back in the form in which `infer` took them."""
    if spec.ragged or spec.listed:
        return [signal if spec.channel_axis else signal[0] for signal in signals]
    return signals if spec.channel_axis else signals[:, 0]


def _signals(X: Any) -> tuple[Sequence[Signal], bool]:  # noqa: N803
    """Return signals (channels, time) of finite floats, and whether they came with an axis of channels."""
    if isinstance(X, (list, tuple)) or str(getattr(X, "dtype", "")) == "object":
        found = [_numbers(signal, f" in signal {i}") for i, signal in enumerate(X)]
        kinds = {signal.ndim for signal in found}
        if not kinds <= {1, 2} or len(kinds) > 1:
            raise DataError("X is a list of arrays that are not all (time,), nor all (channels, time): make them so.")
        signals: Sequence[Signal] = [signal if signal.ndim == 2 else signal[None] for signal in found]
        channel_axis = kinds == {2}
    else:
        array = _numbers(X, "")
        if array.ndim not in (2, 3):
            raise DataError(
                f"X is an array of shape {array.shape}: give signals as floats (n, time), (n, channels, time), or a "
                "list of such signals."
            )
        signals, channel_axis = list(array if array.ndim == 3 else array[:, None]), array.ndim == 3
    _check(signals)
    return signals, channel_axis


def _numbers(values: Any, where: str) -> NDArray[Any]:
    """Return numbers as float32 or float64."""
    try:
        array = np.asarray(values)
    except (ValueError, TypeError, RuntimeError) as error:  # ragged lists, tensors on a GPU or with a gradient
        raise DataError(f"X is no array{where} ({error}): give floats.") from error
    if array.dtype.kind not in "fiub":
        raise DataError(f"X holds {array.dtype}{where}, which are no numbers: give floats.")
    exact = array.dtype == np.float32 or array.dtype.itemsize < 4
    return np.ascontiguousarray(array, np.float32 if exact else np.float64)


def _check(signals: Sequence[Signal]) -> None:
    """Raise `DataError` for signals without a value, with missing or infinite ones, or of several kinds."""
    for i, signal in enumerate(signals):
        channels, length = signal.shape
        if not channels or not length:
            raise DataError(f"X has no value in signal {i}: drop it.")
        if channels != signals[0].shape[0]:
            few, hint = signals[0].shape, ""
            if length == few[1]:
                hint = ", channels first"
            raise DataError(
                f"X has {few[0]} channels in signal 0 and {channels} in signal {i}: give all the same channels{hint}."
            )
        if length > LONGEST or channels > MOST_CHANNELS or channels * length > MOST_VALUES:
            raise DataError(
                f"X has {channels} x {length:,} values in signal {i}; at most {LONGEST:,} of a channel and "
                f"{MOST_VALUES:,} in all can be used: cut it into windows, or resample it."
            )
        if not np.isfinite(signal).all():
            what = "a missing value" if np.isnan(signal).any() else "an infinite value"
            raise DataError(f"X has {what} in signal {i}: fill it in, or drop the signal.")


def _held(signals: Sequence[Signal], spec: SignalSpec) -> Signals:
    """Return signals as ganaug holds them."""
    if spec.ragged:
        return [np.ascontiguousarray(signal, spec.dtype) for signal in signals]
    if not len(signals):
        return np.zeros((0, spec.channels, spec.longest), spec.dtype)
    return np.ascontiguousarray(np.stack(signals), spec.dtype)


def _ends(signals: Sequence[Signal]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return the first and last percentile of each channel."""
    some = signals[:: max(1, len(signals) // SCALE_ROWS)]
    values = np.concatenate([np.asarray(signal, np.float64) for signal in some], axis=1)
    low, high = np.quantile(values, [0.01, 0.99], axis=1)
    return tuple(low.tolist()), tuple(high.tolist())
