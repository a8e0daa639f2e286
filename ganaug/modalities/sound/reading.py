"""One file to the values of a sound.

The rules:

- formats: WAV, FLAC, OGG (Vorbis, Opus), MP3, AIFF, of any rate, depth and number of channels; what is in a file
  counts, not how it is called;
- of a long recording the first minute is looked at;
- a constant that is added to a channel is taken away;
- channels are mixed down to one by their mean; of mono both channels of stereo are made, of more than two the first;
- another rate: soxr's high quality, which lets nothing alias;
- where sounds are evened out, they begin where they first reach a 50th of their peak, end where they last reach a
  1000th, and are scaled to the same peak.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganaug.modalities.files.source import UnreadableError
from ganaug.modalities.overlaps import Hashes, marks
from ganaug.modalities.sound.flac import needed, soundfile
from ganaug.modalities.sound.spec import FASTEST, SHORTEST, SLOWEST, Sound, to_values

FORMATS = ("WAV", "WAVEX", "RF64", "FLAC", "OGG", "MP3", "AIFF")
LOOKED = 60  # seconds of a recording
MOST_CHANNELS = 64
QUIET = 1e-4  # of a peak, below which it is silence
FIRST, LAST = 0.02, 0.001  # of the peak, where a sound begins and ends
BEFORE = 0.002  # seconds that stay before it
PEAK = 0.9
MARKED = 512  # runs of values of which one is remembered: what shares 12 to 34 ms with another file is known

Values = NDArray[np.float32]


@dataclass(frozen=True)
class Reading:
    """How files are read.

    Attributes
    ----------
    rate, channels : int
        Of the sounds.
    seconds : float
        Of a sound, at most.
    even : bool
        Whether sounds are evened out.
    marked : bool
        Whether parts of one recording are to be recognised.
    """

    rate: int
    channels: int
    seconds: float
    even: bool
    marked: bool = False


@dataclass(frozen=True)
class Clip:
    """A sound, and what was done to the recording.

    Attributes
    ----------
    sound : int16 array (channels, time)
        The sound.
    rate, channels : int
        Of the recording.
    cut, scaled : bool
        Whether the recording went on, and whether its values went beyond 1.
    marks : uint64 array (p,)
        By which parts of the same recording are known, see `ganaug.modalities.overlaps.marks`.
    """

    sound: Sound
    rate: int
    channels: int
    cut: bool
    scaled: bool
    marks: Hashes


def rate_of(item: Path | bytes) -> int:
    """Return the rate in a file's header; `UnreadableError` where there is none."""
    with _opened(item) as file:
        return int(file.samplerate)


def read_sound(item: Path | bytes, how: Reading) -> Clip:
    """Read a sound; `UnreadableError` says why a file cannot be used."""
    with _opened(item) as file:
        rate, channels = int(file.samplerate), int(file.channels)
        if not SLOWEST <= rate <= 4 * FASTEST or channels > MOST_CHANNELS:
            raise UnreadableError(f"{channels} channels of {rate:,} values a second")
        wanted = min(int(file.frames), LOOKED * rate)
        more = file.frames > wanted
        try:
            values = file.read(wanted, dtype="float32", always_2d=True)
        except (soundfile().SoundFileError, MemoryError) as error:
            raise UnreadableError(f"it is damaged: {error}") from error
        if len(values) < wanted or _cut_short(item):
            raise UnreadableError("it is cut short")
    if not np.isfinite(values).all():
        raise UnreadableError("it has a missing or infinite value")
    if len(values) < SHORTEST * rate:
        raise UnreadableError(f"{len(values)} values are no sound: {1000 * SHORTEST:g} ms are needed")
    known = marks(values.T if how.marked else values[:0].T, MARKED)
    values = _channels((values - values.mean(0)).T, how.channels)
    if np.abs(values).max() < QUIET:
        raise UnreadableError("it is silent" + (f" for its first {LOOKED} seconds" if more else ""))
    found = _resampled(values, rate, how.rate)
    if how.even:
        found = _heard(found, how.rate)
    longest = round(how.seconds * how.rate)
    cut, found = more or found.shape[1] > longest, found[:, :longest]
    peak = float(np.abs(found).max())
    if peak < QUIET:
        raise UnreadableError(f"it is silent for its first {how.seconds:g} seconds")
    scale = PEAK / peak if how.even else 1 / max(peak, 1.0)
    return Clip(to_values(found * scale), rate, channels, cut, peak > 1, known)


@contextmanager
def _opened(item: Path | bytes) -> Iterator[Any]:
    """Open a file by what is in it, not by its name, whose suffix would have libraries print of what they miss."""
    package = soundfile()
    with io.BytesIO(item) if isinstance(item, bytes) else item.open("rb") as stream:
        try:
            file = package.SoundFile(stream)
        except package.SoundFileError as error:
            raise UnreadableError("it is no sound, or damaged, or protected") from error
        with file:
            if file.format not in FORMATS:
                raise UnreadableError(f"it is of the format {file.format}, which is not read")
            yield file


def _cut_short(item: Path | bytes) -> bool:
    """Tell whether a WAV or AIFF holds fewer bytes than it says: libsndfile would read what there is."""
    if isinstance(item, bytes):
        head, size = item[:8], len(item)
    else:
        with item.open("rb") as file:
            head, size = file.read(8), item.stat().st_size
    orders = {b"RIFF": "<u4", b"FORM": ">u4"}
    if head[:4] not in orders:
        return False
    said = int(np.frombuffer(head[4:], orders[head[:4]])[0])
    return 0 < said < 2**32 - 256 and said + 7 > size  # streams do not know their size; an odd one may lack its padding


def _channels(values: Values, wanted: int) -> Values:
    if len(values) == wanted:
        return values
    if wanted == 1:
        return np.asarray(values.mean(0, keepdims=True))
    return values[:2] if len(values) > 2 else np.repeat(values, 2, axis=0)


def _resampled(values: Values, rate: int, wanted: int) -> Values:
    if rate == wanted:
        return values
    found: Values = needed("soxr").resample(values.T, rate, wanted).T
    return found


def _heard(values: Values, rate: int) -> Values:
    """Cut off what comes before a sound is first heard, and after it was last heard."""
    loud = np.abs(values).max(0)
    peak = loud.max()
    first = max(0, int(np.argmax(loud >= FIRST * peak)) - round(BEFORE * rate))
    last = len(loud) - int(np.argmax(loud[::-1] >= LAST * peak))
    return values[:, first : max(last, first + round(SHORTEST * rate) + 1)]
