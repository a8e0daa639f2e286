"""Which files are sounds, and what they are called."""

from __future__ import annotations

from ganaug.modalities.files.kind import FileKind

SOUNDS = FileKind(
    unit="sound",
    column="audio",
    suffixes=frozenset(".wav .wave .flac .ogg .oga .opus .mp3 .aif .aiff .aifc".split()),  # noqa: SIM905
    unread=frozenset(".m4a .aac .wma .amr .ape .wv .mpc .caf .au .snd .ra .mid .midi .ac3 .dsf .3gp".split()),  # noqa: SIM905
    remedy="save them as WAV or FLAC",
    builtin=("drum_machine",),
)
