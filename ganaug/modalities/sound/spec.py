"""What all sounds of a data set share, and sounds in memory as users have them.

Inside ganaug a sound is an int16 array (channels, time), as FLAC stores it without loss, and sounds are a list of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganaug.errors import DataError
from ganaug.modalities.loaded import Spec

RATE = 16_000  # values a second, where nothing says more
SLOWEST, FASTEST = 1_000, 192_000  # values a second
SHORTEST, LONGEST = 0.01, 10.0  # seconds of a sound
FULL = 32_767  # of a value

Sound = NDArray[np.int16]  # (channels, time)
Sounds = list[Sound]


@dataclass(frozen=True)
class SoundSpec(Spec):
    """What all sounds share.

    Attributes
    ----------
    rate : int
        Values a second.
    channels : int
        1 (mono) or 2 (stereo).
    longest : int
        Values of the longest sound.
    top : float
        Decibels of the loudest bands of their spectrograms, from which levels are counted.
    even : bool
        Whether all begin where they are first heard, and are equally loud.
    dtype : str
        In which users have them, ``int16`` or ``float32``.
    channel_axis : bool
        Whether users have an axis of channels.
    """

    rate: int
    channels: int
    longest: int
    top: float
    even: bool = False
    dtype: str = "float32"
    channel_axis: bool = False


def spec_of(about: Mapping[str, Any]) -> SoundSpec:
    """Return the spec that `SoundSpec.to_json` wrote; `TypeError` or `ValueError` where it is none."""
    known = {field.name for field in fields(SoundSpec)}
    if set(about) != known:
        raise ValueError(f"a description of sounds has {', '.join(sorted(known))}")
    spec = SoundSpec(**about)
    if not all(type(size) is int for size in (spec.rate, spec.channels, spec.longest)):
        raise TypeError("a damaged description of sounds")
    if not SLOWEST <= spec.rate <= FASTEST or spec.channels not in (1, 2):
        raise ValueError(f"sounds of {spec.channels} channels and {spec.rate} values a second")
    if not SHORTEST * spec.rate <= spec.longest <= LONGEST * spec.rate or not np.isfinite(spec.top):
        raise ValueError(f"sounds of {spec.longest} values")
    if spec.dtype not in ("int16", "float32"):
        raise ValueError(f"sounds of {spec.dtype}")
    return spec


def spec_for(sounds: Sounds, rate: int, *, even: bool, dtype: str = "float32", channel_axis: bool = False) -> SoundSpec:
    """Return what sounds, one at least, share."""
    from ganaug.modalities.sound.mel import levels  # here, as it loads scipy

    longest = max(sound.shape[1] for sound in sounds)
    top = float(np.quantile([levels(sound, rate, longest).max() for sound in sounds], 0.95))
    return SoundSpec(rate, len(sounds[0]), longest, round(top, 2), even, dtype, channel_axis)


def infer(X: Any, rate: float) -> tuple[Sounds, SoundSpec]:  # noqa: N803 - scikit-learn's name
    """Check sounds in memory, of so many values a second; return them as ganaug holds them, and what they share.

    Raises
    ------
    DataError
        They cannot be used.
    """
    if rate != int(rate) or not SLOWEST <= rate <= FASTEST:
        raise DataError(f"rate is {rate:g} values a second: give a whole number from {SLOWEST:,} to {FASTEST:,}.")
    sounds, dtype, channel_axis = _sounds(X)
    if not sounds:
        raise DataError("X holds no sound at all: give some.")
    _check_lengths(sounds, int(rate))
    return sounds, spec_for(sounds, int(rate), even=False, dtype=dtype, channel_axis=channel_axis)


def conform(X: Any, spec: SoundSpec) -> Sounds:  # noqa: N803
    """Check that sounds in memory are as the spec says, and return them as ganaug holds them.

    Raises
    ------
    DataError
        They cannot be used, or are of other channels or longer.
    """
    sounds = _sounds(X)[0]
    for i, sound in enumerate(sounds):
        channels, length = sound.shape
        if channels != spec.channels:
            raise DataError(
                f"X has {channels} channels in sound {i}, but the model was trained on {spec.channels}: give those."
            )
        if length > spec.longest:
            raise DataError(
                f"X has {length:,} values in sound {i}, but the model was trained on {spec.longest:,} at most: cut it."
            )
    _check_lengths(sounds, spec.rate)
    return sounds


def restore(sounds: Sounds, spec: SoundSpec) -> list[NDArray[Any]]:
    """Give sounds back in the form in which `infer` took them."""
    typed: Sequence[NDArray[Any]] = sounds if spec.dtype == "int16" else [to_floats(sound) for sound in sounds]
    return [sound if spec.channel_axis else sound[0] for sound in typed]


def to_floats(sound: Sound) -> NDArray[np.float32]:
    """Return values from -1 to 1."""
    return sound.astype(np.float32) / np.float32(FULL)


def to_values(sound: NDArray[np.floating[Any]]) -> Sound:
    """Return floats, -1 to 1, as ganaug holds them; those beyond are clipped."""
    return np.ascontiguousarray(np.rint(sound * FULL).clip(-FULL, FULL), np.int16)


def _sounds(X: Any) -> tuple[Sounds, str, bool]:  # noqa: N803
    """Return sounds in memory, the type of their values, and whether they came with an axis of channels."""
    try:
        given = [np.asarray(sound) for sound in X]
    except (ValueError, TypeError, RuntimeError) as error:  # ragged lists, tensors on a GPU or with a gradient
        raise DataError(f"X is no list of sounds ({error}): give arrays of floats, -1 to 1.") from error
    kinds = {sound.ndim for sound in given}
    if not (kinds <= {1} or kinds <= {2}):
        raise DataError("X is a list of arrays that are not all (time,), nor all (channels, time): make them so.")
    dtypes = {"int16" if sound.dtype == np.int16 else "float32" for sound in given}
    if len(dtypes) > 1:
        raise DataError("X holds whole numbers and floats: give all sounds as floats, -1 to 1, or all as int16.")
    found = [_one(sound, i) for i, sound in enumerate(given)]
    for i, sound in enumerate(found):
        if len(sound) != len(found[0]):
            raise DataError(f"X has {len(found[0])} channels in sound 0 and {len(sound)} in sound {i}: mix them down.")
    return found, dtypes.pop() if dtypes else "float32", kinds == {2}


def _one(values: NDArray[Any], i: int) -> Sound:
    """Return one sound as ganaug holds it."""
    sound = values if values.ndim == 2 else values[None]
    if not 1 <= len(sound) <= 2:
        raise DataError(
            f"X has an array of shape {values.shape} as sound {i}: give one or two channels, channels first."
        )
    if sound.dtype == np.int16:
        return np.ascontiguousarray(sound.clip(-FULL, FULL), np.int16)
    if sound.dtype.kind != "f":
        raise DataError(f"X holds {sound.dtype} in sound {i}: give sounds as floats, -1 to 1, or int16.")
    if not np.isfinite(sound).all():
        raise DataError(f"X has a missing or infinite value in sound {i}: drop the sound.")
    if sound.size and (peak := float(np.abs(sound).max())) > 1:
        raise DataError(f"X has values up to {peak:g} in sound {i}: scale sounds to lie from -1 to 1.")
    return to_values(sound)


def _check_lengths(sounds: Sounds, rate: int) -> None:
    for i, sound in enumerate(sounds):
        seconds = sound.shape[1] / rate
        if not SHORTEST <= seconds <= LONGEST:
            raise DataError(
                f"X has {seconds:.3g} seconds in sound {i}; from {SHORTEST:g} to {LONGEST:g} can be used: cut it, or "
                "drop it."
            )
