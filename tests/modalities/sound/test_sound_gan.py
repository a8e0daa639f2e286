"""GANAugmenter with sounds, what it saves, and files of sounds."""

from __future__ import annotations

import io
from pathlib import Path

import datasets
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import soundfile as sf
from hits import SOUND, held, hits

from ganaug import GANAugmenter, load_augmenter
from ganaug.data.rows import Rows, RowWriter, Schema, read_rows
from ganaug.errors import DataError
from ganaug.modalities.exports import export, forms


@pytest.fixture(scope="module")
def fitted() -> GANAugmenter:
    sounds, labels = hits(2)
    augmenter = GANAugmenter(
        modality="sound", rate=16_000, steps=3, width=8, batch_size=8, device="cpu", random_state=0
    )
    return augmenter.fit(sounds, labels)


@pytest.mark.slow
def test_sounds_are_made_in_the_form_in_which_they_were_given(fitted, monkeypatch, tmp_path):
    monkeypatch.setattr("ganaug.augmenter.TEACHER_STEPS", 1)
    sounds, labels = hits(2)
    made, y = fitted.sample(per_class=2, random_state=5)
    assert y.tolist() == ["hat", "hat", "kick", "kick"]
    assert {(sound.dtype, sound.ndim) for sound in made} == {(np.dtype("float32"), 1)}
    assert all(160 <= len(sound) <= max(map(len, sounds)) for sound in made)
    assert all(np.array_equal(a, b) for a, b in zip(fitted.sample(per_class=2, random_state=5)[0], made, strict=True))
    more, names = fitted.augment(sounds, labels, ratio=0.5)
    assert all(np.abs(a - b).max() < 1e-4 for a, b in zip(more, sounds, strict=False))
    assert names[: len(labels)].tolist() == labels.tolist()
    assert ((fitted.score_real(sounds, labels) >= 0) & (fitted.score_real(sounds) <= 1)).all()
    fitted.save(tmp_path / "model")
    again = load_augmenter(tmp_path / "model", device="cpu")
    assert all(np.array_equal(a, b) for a, b in zip(again.sample(per_class=2, random_state=5)[0], made, strict=True))
    assert again.spec_ == fitted.spec_
    sounds, labels = hits(2)
    twin = GANAugmenter(**fitted.get_params()).fit(sounds, labels)
    twin.save(tmp_path / "twin")
    assert twin.model_id_ == fitted.model_id_


def splits(folder: Path, channels: int) -> Rows:
    samples, spec, labels = held(3, channels)
    codes = (labels == "kick").astype(np.int64)
    rows = Rows.build(Schema(SOUND, spec, ("a hat/cymbal", "kick")), samples, codes, groups=["g"] * 12)
    rows.synthetic[:3] = True
    for part, at in (("train", slice(0, 8)), ("validation", slice(8, 10)), ("test", slice(10, 12))):
        with RowWriter(folder / f"{part}.parquet", rows.schema) as writer:
            writer.write(rows.take(np.arange(12)[at]))
    return rows


def test_files_are_read_back_by_us_and_by_datasets(tmp_path):
    rows = splits(tmp_path, 2)
    found = read_rows(tmp_path / "train.parquet")
    assert found.schema.spec == rows.schema.spec
    assert all(np.array_equal(a, b) for a, b in zip(found.samples, rows.samples[:8], strict=True))
    assert SOUND.ids(found.samples).tolist() == found.ids.tolist() == rows.ids[:8].tolist()
    data = datasets.Dataset.from_parquet(str(tmp_path / "train.parquet"), cache_dir=str(tmp_path / "cache"))
    assert data.features["audio"] == datasets.Audio(sampling_rate=16_000)
    content = data.cast_column("audio", datasets.Audio(decode=False))[3]["audio"]["bytes"]
    values, rate = sf.read(io.BytesIO(content), dtype="int16")
    assert rate == 16_000
    np.testing.assert_array_equal(values.T, rows.samples[3])
    table = pq.read_table(tmp_path / "train.parquet")
    damaged = table["audio"].combine_chunks().field("bytes").to_pylist()
    with pytest.raises(ValueError, match="cannot be decoded"):
        SOUND.from_arrow(_batch(damaged[0][:50]), rows.schema.spec)
    mono = held(1)[1]
    with pytest.raises(ValueError, match="x 2 values"):
        SOUND.from_arrow(_batch(damaged[0]), mono)


def _batch(content: bytes):
    import pyarrow as pa

    column = pa.array([{"bytes": content, "path": None}], SOUND.columns(held(1)[1]).field(0).type)
    return pa.RecordBatch.from_arrays([column], ["audio"])


@pytest.mark.parametrize("form", forms(SOUND))
def test_exports_read_back_as_they_were(form, tmp_path):
    rows = splits(tmp_path, 1)
    export(SOUND, form, tmp_path, tmp_path / "out")
    provenance = pd.read_csv(tmp_path / "out" / "provenance.csv")
    assert provenance["id"].tolist() == rows.ids.tolist()
    if form == "npz":
        with np.load(tmp_path / "out/train.npz") as found:
            assert found["rate"] == 16_000
            for row, length, sound in zip(found["X"], found["lengths"], rows.samples, strict=False):
                np.testing.assert_allclose(row[:, :length] * 32_767, sound, atol=0.01)
                assert np.isnan(row[:, length:]).all()
    else:
        for path, sound in zip(provenance["path"], rows.samples, strict=True):
            values, rate = sf.read(tmp_path / "out" / path, dtype="int16")
            assert rate == 16_000
            np.testing.assert_array_equal(values, sound[0])
        assert provenance["path"][3].startswith("train/")
        assert provenance["path"][3].endswith(f"000003-real.{form.removesuffix('_folder')}")
        loaded = SOUND.load(tmp_path / "out", {"loudness": "recorded"})
        assert sorted(loaded.splits) == sorted(provenance["split"])
    before = {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()}
    export(SOUND, form, tmp_path, tmp_path / "out")
    assert {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()} == before
    with pytest.raises(DataError, match="no export of sounds; known are flac_folder, npz, wav_folder"):
        export(SOUND, "mp3", tmp_path, tmp_path / "out")
