"""Sounds as FLAC, without loss: in Arrow, in files, and in pages."""

from __future__ import annotations

import io
from importlib import import_module
from typing import Any

import pyarrow as pa

from ganaug.errors import GanaugError
from ganaug.modalities.sound.spec import Sound, Sounds, SoundSpec

COLUMN = "audio"
FILE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])


def soundfile() -> Any:
    """Return the package that reads and writes files of sounds; `GanaugError` where it is not installed."""
    return needed("soundfile")


def needed(package: str) -> Any:
    """Return a package of the extra ``sound``; `GanaugError` where it is not installed."""
    try:
        return import_module(package)
    except (ImportError, OSError) as error:  # OSError: no libsndfile
        raise GanaugError(
            f"files of sounds need the package {package}, which cannot be imported ({error}); run "
            "`pip install 'ganaug[sound]'`"
        ) from error


def encode(sound: Sound, rate: int, form: str = "FLAC") -> bytes:
    """Return a sound (channels, time) as a file, FLAC, WAV or MP3; the same bytes for the same sound."""
    buffer = io.BytesIO()
    soundfile().write(buffer, sound.T, rate, format=form, subtype=None if form == "MP3" else "PCM_16")
    return buffer.getvalue()


def decode(content: bytes, spec: SoundSpec) -> Sound:
    """Return the sound in a file that `encode` wrote; `ValueError` where it is damaged or of another spec."""
    package = soundfile()
    try:
        values, rate = package.read(io.BytesIO(content), dtype="int16", always_2d=True)
    except package.SoundFileError as error:
        raise ValueError(f"a sound that cannot be decoded: {error}") from error
    if rate != spec.rate or values.shape[1] != spec.channels or not 0 < len(values) <= spec.longest:
        raise ValueError(f"a sound of {len(values)} x {values.shape[1]} values, {rate} a second")
    sound: Sound = values.T.copy()
    return sound


def to_column(sounds: Sounds, spec: SoundSpec) -> pa.Array:
    """Return the column that holds sounds."""
    files = pa.array([encode(sound, spec.rate) for sound in sounds], pa.binary())
    return pa.StructArray.from_arrays([files, pa.nulls(len(sounds), pa.string())], fields=list(FILE))


def from_column(column: pa.Array, spec: SoundSpec) -> Sounds:
    """Return the sounds that a column holds; `ValueError` where they are damaged."""
    return [decode(content or b"", spec) for content in column.field("bytes").to_pylist()]
