"""From a source to labelled sounds of one rate; those that cannot be used are set aside, by name and reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ganaug.errors import DataError, option
from ganaug.modalities.files.load import loaded, read_files
from ganaug.modalities.files.opening import holds_files, open_files
from ganaug.modalities.files.source import Source, UnreadableError, check_file
from ganaug.modalities.loaded import Loaded
from ganaug.modalities.overlaps import recordings
from ganaug.modalities.sound import builtin
from ganaug.modalities.sound.flac import encode
from ganaug.modalities.sound.kind import SOUNDS
from ganaug.modalities.sound.reading import PEAK, Clip, Reading, rate_of, read_sound
from ganaug.modalities.sound.spec import FULL, LONGEST, RATE, SHORTEST, spec_for
from ganaug.utils.words import counted

RECORDED = "recorded"  # loudness that stays as it is
UNASKED = 2.0  # seconds of a sound at most, where nobody says how many
MOST_OF_THEM = 0.9  # of the sounds are no longer than the length that is chosen then


def claims(source: str | Path, columns: Mapping[str, str]) -> str:
    """Say why a source holds sounds; empty where it does not."""
    return "built in" if source in SOUNDS.builtin else holds_files(source, SOUNDS, columns)


def load(source: str | Path, options: Mapping[str, Any]) -> Loaded:
    """Read the sounds of a source.

    Parameters
    ----------
    source : str or path-like
        The built-in name, a folder, or a manifest.
    options : mapping
        Of the parameters of prepare: columns, max_unreadable, near_duplicates, rate, seconds, channels and loudness.

    Raises
    ------
    DataError
        It cannot be read, or too many of its rows cannot.
    """
    opened = _built_in() if source in SOUNDS.builtin else open_files(source, SOUNDS, options.get("columns"))
    seconds = options.get("seconds")
    if seconds is not None and not SHORTEST <= seconds <= LONGEST:
        raise DataError(f"{option('prepare.seconds')} is {seconds:g}: give {SHORTEST:g} to {LONGEST:g} seconds.")
    channels = options.get("channels") or 1
    if channels > 2:
        raise DataError(f"{option('prepare.channels')} is {channels}: sounds have 1 or 2 channels.")
    rate = options.get("rate") or _common_rate(opened)
    marked = bool(options.get("near_duplicates"))
    how = Reading(rate, channels, seconds or UNASKED, options.get("loudness") != RECORDED, marked)
    good, clips, rejected = read_files(
        opened, SOUNDS, lambda item: read_sound(item, how), options.get("max_unreadable", 0.05)
    )
    sounds = [clip.sound for clip in clips]
    longest = round(how.seconds * rate) if seconds else _common_length(sounds)
    fitted = [_cut(sound, longest, how.even) for sound in sounds]
    cut = sum(clip.cut or clip.sound.shape[1] > longest for clip in clips)
    spec = spec_for(fitted, rate, even=how.even)
    found = loaded(opened, good, fitted, spec, rejected=rejected, facts=_facts(clips, how, longest, cut))
    return replace(found, recordings=recordings([clip.marks for clip in clips]) if marked else None)


def _built_in() -> Source:
    sounds, labels, groups = builtin.drum_machine()
    files = [encode(sound, builtin.RATE) for sound in sounds]
    names = [f"sound {i}" for i in range(len(files))]
    return Source(names, labels, files, groups=list(groups))


def _common_rate(source: Source) -> int:
    """Return the most common rate of the files, 16,000 at most; of several equally common ones the highest."""
    rates: Counter[int] = Counter()
    for item in source.items:
        with suppress(UnreadableError, OSError):  # which is found again when the file is read
            check_file(item)
            rates[rate_of(item)] += 1
    usual = max(rates, key=lambda rate: (rates[rate], rate), default=RATE)
    return min(usual, RATE)


def _common_length(sounds: Sequence[Any]) -> int:
    lengths = sorted(sound.shape[1] for sound in sounds)
    return int(lengths[int(MOST_OF_THEM * (len(lengths) - 1))])


def _cut(sound: Any, longest: int, even: bool) -> Any:
    """Cut a sound, and where sounds are evened out bring what is left to the same peak."""
    if sound.shape[1] <= longest:
        return sound
    part = sound[:, :longest]
    scale = PEAK * FULL / max(1, int(np.abs(part.astype(np.int64)).max())) if even else 1.0
    return np.ascontiguousarray(np.rint(part * scale), np.int16)


def _facts(clips: Sequence[Clip], how: Reading, longest: int, cut: int) -> dict[str, Any]:
    """Say how the files were read, and what was done to them."""
    resampled = sum(clip.rate != how.rate for clip in clips)
    mixed = sum(clip.channels != how.channels for clip in clips)
    scaled = sum(clip.scaled for clip in clips)
    width = "mono" if how.channels == 1 else "stereo"
    evened = "begun where they are first heard, and equally loud" if how.even else "as loud as they are"
    findings = [f"Sounds are {evened}."]
    if resampled:
        findings.append(f"Resampled to {how.rate:,} values a second: {counted(resampled, 'sound')}.")
    if mixed:
        findings.append(f"Brought to {width}: {counted(mixed, 'sound')}.")
    if cut:
        findings.append(f"Cut to {longest / how.rate:.3g} seconds: {counted(cut, 'sound')}.")
    if scaled and not how.even:
        findings.append(f"Scaled down, as values went beyond 1: {counted(scaled, 'sound')}.")
    return {
        "read_as": f"{how.rate:,} values a second, {width}, {longest / how.rate:.3g} seconds at most",
        "resampled": resampled,
        "mixed": mixed,
        "cut": cut,
        "findings": findings,
    }
