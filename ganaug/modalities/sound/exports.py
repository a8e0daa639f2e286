"""Augmented splits in the forms that other tools read as they are: folders of FLAC or WAV, and NumPy.

``flac_folder``, ``wav_folder``: ``{split}/{class}/000000-real.flac``, as in exports of images. ``npz``: a file a split.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ganaug.data.names import SPLITS
from ganaug.data.rows import iter_encoded, read_schema
from ganaug.modalities.image.exports import write_folder
from ganaug.modalities.signal.exports import LABEL, write_npz
from ganaug.modalities.sound.flac import COLUMN, decode, encode, from_column
from ganaug.modalities.sound.spec import SoundSpec, to_floats


def _flac_folder(splits: Path, folder: Path) -> Iterator[str]:
    return write_folder(splits, folder, COLUMN, "flac")


def _wav_folder(splits: Path, folder: Path) -> Iterator[str]:
    spec = read_schema(splits / f"{SPLITS[0]}.parquet").spec
    assert isinstance(spec, SoundSpec)
    return write_folder(splits, folder, COLUMN, "wav", lambda content: encode(decode(content, spec), spec.rate, "WAV"))


def _npz(splits: Path, folder: Path) -> Iterator[str]:
    for part in SPLITS:
        source = splits / f"{part}.parquet"
        schema = read_schema(source)
        assert isinstance(schema.spec, SoundSpec)
        batches = list(iter_encoded(source))
        labels = [schema.classes[code] for batch in batches for code in batch.column(LABEL).to_pylist()]
        sounds = [to_floats(sound) for batch in batches for sound in from_column(batch.column(COLUMN), schema.spec)]
        if sounds:
            write_npz(sounds, labels, folder / f"{part}.npz", ragged=True, rate=schema.spec.rate)
        yield from [f"{part}.npz"] * len(labels)


FORMS = {"flac_folder": _flac_folder, "wav_folder": _wav_folder, "npz": _npz}
