"""Files of sounds: which are read and as what, and what is said of those that are not."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile as sf

from ganaug.data.prepare import prepare
from ganaug.errors import ConfigError, DataError
from ganaug.modalities import modality_for
from ganaug.modalities.files.source import UnreadableError
from ganaug.modalities.sound.modality import SoundModality
from ganaug.modalities.sound.reading import PEAK, Reading, read_sound

SOUND = SoundModality()
EVEN, RECORDED = Reading(16_000, 1, 0.5, True), Reading(16_000, 1, 0.5, False)


def tone(seconds: float = 0.4, rate: int = 16_000, frequency: float = 440.0) -> np.ndarray:
    time = np.arange(round(seconds * rate)) / rate
    return 0.5 * np.exp(-time / 0.1) * np.sin(2 * np.pi * frequency * time)


def encoded(values: np.ndarray, rate: int = 16_000, **form: str) -> bytes:
    buffer = io.BytesIO()
    sf.write(buffer, values, rate, **({"format": "WAV"} | form))
    return buffer.getvalue()


def pitch(sound: np.ndarray, rate: int = 16_000) -> float:
    return float(np.abs(np.fft.rfft(sound[0], rate)).argmax())


@pytest.mark.parametrize(
    "form",
    [
        {"format": "WAV", "subtype": "PCM_U8"},
        {"format": "WAV", "subtype": "PCM_24"},
        {"format": "WAV", "subtype": "FLOAT"},
        {"format": "FLAC", "subtype": "PCM_24"},
        {"format": "AIFF"},
        {"format": "OGG", "subtype": "VORBIS"},
        {"format": "OGG", "subtype": "OPUS"},
        {"format": "MP3"},
    ],
    ids=lambda form: " ".join(form.values()),
)
@pytest.mark.parametrize("rate", [8_000, 48_000])
def test_formats_depths_and_rates_give_the_same_sound(form, rate):
    clip = read_sound(encoded(tone(rate=rate), rate, **form), EVEN)
    assert clip.sound.dtype == np.int16
    assert abs(pitch(clip.sound) - 440) <= 4
    assert abs(int(np.abs(clip.sound).max()) - PEAK * 32_767) < 2
    assert (clip.rate, clip.channels, clip.cut) == (rate, 1, False)


def test_values_beyond_one_are_scaled_and_not_clipped():
    loud = encoded(7 * tone(), subtype="FLOAT")
    quiet = encoded(tone(), subtype="FLOAT")
    np.testing.assert_allclose(read_sound(loud, EVEN).sound, read_sound(quiet, EVEN).sound, atol=1)
    clip = read_sound(loud, RECORDED)
    assert clip.scaled
    assert (np.abs(clip.sound) == 32_767).sum() == 1


def test_evened_out_sounds_begin_where_they_are_heard_and_are_equally_loud():
    late = np.concatenate([np.zeros(30_000), 0.01 * tone(), np.zeros(8_000)])
    clip = read_sound(encoded(late), EVEN)
    plain = read_sound(encoded(tone()), EVEN)
    np.testing.assert_allclose(clip.sound[:, 31:2_031], plain.sound[:, :2_000], atol=400)  # 2 ms stay
    assert clip.sound.shape[1] <= plain.sound.shape[1] + 100
    with pytest.raises(UnreadableError, match=r"silent for its first 0\.5 seconds"):
        read_sound(encoded(late), RECORDED)


def test_channels_are_mixed_down_or_kept():
    values = np.stack([tone(), 0.25 * tone()], axis=1) + 0.3  # a constant is taken away
    mono = read_sound(encoded(values), RECORDED).sound
    stereo = read_sound(encoded(values), Reading(16_000, 2, 0.5, False)).sound
    assert mono.shape[0] == 1
    np.testing.assert_allclose(stereo.mean(0), mono[0], atol=2)
    assert np.abs(stereo[0]).max() > 3 * np.abs(stereo[1]).max()
    dead = np.stack([tone(), np.full(len(tone()), 0.7)], axis=1)
    assert np.abs(read_sound(encoded(dead), EVEN).sound).max() > 29_000
    assert read_sound(encoded(np.tile(tone()[:, None], 6)), EVEN).channels == 6
    assert len(read_sound(encoded(tone()), Reading(16_000, 2, 0.5, True)).sound) == 2


def bad(kind: str) -> bytes:
    good = encoded(tone())
    nan = tone()
    nan[100] = np.nan
    return {
        "cut WAV": good[: len(good) // 2],
        "cut FLAC": encoded(np.random.default_rng(0).normal(0, 0.1, 40_000), format="FLAC")[:30_000],
        "cut AIFF": encoded(tone(), format="AIFF")[:4_000],
        "text": b"This is not the song that you wanted.\n" * 40,
        "picture": b"\x89PNG\r\n\x1a\n" + bytes(500),
        "random": np.random.default_rng(0).integers(0, 256, 5_000, np.uint8).tobytes(),
        "silence": encoded(np.zeros(8_000)),
        "a constant": encoded(np.full(8_000, 0.4)),
        "NaN": encoded(nan, subtype="FLOAT"),
        "one value": encoded(np.array([0.5])),
        "no value": encoded(np.zeros(0)),
        "slow": encoded(tone(), 200),
        "another format": encoded(tone(), format="AU"),
    }[kind]


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("cut WAV", "cut short"),
        ("cut FLAC", "damaged|cut short"),
        ("cut AIFF", "cut short"),
        ("text", "no sound, or damaged, or protected"),
        ("picture", "no sound, or damaged, or protected"),
        ("random", "no sound, or damaged, or protected|damaged"),
        ("silence", "silent"),
        ("a constant", "silent"),
        ("NaN", "missing or infinite"),
        ("one value", "1 values are no sound"),
        ("no value", "0 values are no sound"),
        ("slow", "1 channels of 200 values a second"),
        ("another format", "of the format AU"),
    ],
)
def test_what_cannot_be_used_is_set_aside_with_the_reason(kind, reason, tmp_path, capfd):
    with pytest.raises(UnreadableError, match=reason):
        read_sound(bad(kind), EVEN)
    path = tmp_path / "a.mp3"  # whatever it is called
    path.write_bytes(bad(kind))
    with pytest.raises(UnreadableError, match=reason):
        read_sound(path, EVEN)
    assert capfd.readouterr().err == ""


@pytest.mark.slow
def test_of_hours_only_the_beginning_is_read(tmp_path):
    path = tmp_path / "long.flac"
    with sf.SoundFile(path, "w", 8_000, 1, format="FLAC") as file:
        minute = np.tile(tone(rate=8_000), 150)
        for _ in range(62):
            file.write(minute)
    clip = read_sound(path, EVEN)
    assert clip.cut
    assert clip.sound.shape == (1, 8_000)
    with sf.SoundFile(path, "w", 8_000, 1, format="FLAC") as file:
        file.write(np.zeros(8_000 * 70))
    with pytest.raises(UnreadableError, match="silent for its first 60 seconds"):
        read_sound(path, EVEN)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two classes of mixed rates, channels, formats and lengths, and a bad file among them."""
    root = tmp_path / "sounds"
    for label, frequency in (("high", 2_000), ("low", 200)):
        (root / label).mkdir(parents=True)
        for i in range(12):
            rate = (44_100, 44_100, 22_050)[i % 3]
            values = tone(0.2 + 0.02 * i, rate, frequency + 20 * i)
            values = np.stack([values] * (1 + i % 2), axis=1)
            sf.write(root / label / f"{i:02d}.{('wav', 'flac', 'aiff')[i % 3]}", values, rate)
    (root / "low" / "99.mp3").write_text("no sound")
    (root / "low" / "cover.txt").write_text("a text")
    return root


def test_a_folder_of_sounds_is_told_from_its_files(folder, tmp_path):
    kind, why = modality_for(folder, {})
    assert (kind.name, why) == ("sound", "a folder of sounds")
    found = SOUND.load(folder, {})
    assert found.spec.rate == 16_000  # most have more
    assert found.classes == ("high", "low")
    assert len(found.samples) == 24
    assert {sound.dtype for sound in found.samples} == {np.dtype("int16")}
    assert [row.name for row in found.rejected] == ["low/99.mp3"]
    assert [row.name for row in found.skipped] == ["low/cover.txt"]
    assert found.facts["mixed"] == 12
    assert found.facts["resampled"] == 24
    assert "Resampled to 16,000 values a second: 24 sounds." in found.facts["findings"]
    short = SOUND.load(folder, {"seconds": 0.1, "rate": 8_000, "channels": 2})
    assert {sound.shape for sound in short.samples} == {(2, 800)}
    assert short.facts["cut"] == 24
    for wrong, message in (({"channels": 3}, "1 or 2 channels"), ({"seconds": 60}, r"0\.01 to 10 seconds")):
        with pytest.raises(DataError, match=message):
            SOUND.load(folder, wrong)
    (tmp_path / "pictures" / "a").mkdir(parents=True)
    (tmp_path / "pictures" / "a" / "1.png").write_bytes(b"x")
    assert modality_for(tmp_path / "pictures", {})[0].name == "image"


def test_manifests_and_tables_of_files_are_told_too(folder, tmp_path):
    files = sorted(folder.glob("*/*.wav"))
    manifest = tmp_path / "list.csv"
    pd.DataFrame({"path": files, "label": [f.parent.name for f in files], "group": "g"}).to_csv(manifest)
    assert modality_for(manifest, {})[0].name == "sound"
    assert SOUND.load(manifest, {}).groups.tolist() == ["g"] * 8
    found = prepare(folder, out=tmp_path / "splits", report=tmp_path / "r.json", validation=2, test=2)
    assert found["modality"] == "sound"
    table = tmp_path / "splits/0/train.parquet"
    assert modality_for(table, {})[0].name == "sound"
    again = SOUND.load(table, {"loudness": "recorded", "rate": 16_000})
    assert len(again.samples) == 16
    before = table.read_bytes()
    prepare(folder, out=tmp_path / "splits", report=tmp_path / "r.json", validation=2, test=2)
    assert table.read_bytes() == before


def test_parameters_of_sounds_mean_nothing_to_pictures(tmp_path):
    with pytest.raises(ConfigError, match=r"rate is for sounds of the modality 'sound'"):
        prepare("digits", out=tmp_path / "s", report=tmp_path / "r.json", rate=8_000)


def test_too_many_bad_files_stop_it(folder):
    for i in range(5):
        (folder / "high" / f"bad{i}.wav").write_bytes(bad("silence"))
    with pytest.raises(DataError, match=r"6 of 30 rows cannot be used \('high/bad0.wav': it is silent"):
        SOUND.load(folder, {})
    (folder / "more").mkdir()
    (folder / "more" / "a.m4a").write_bytes(b"x")
    with pytest.raises(DataError, match=r"\.m4a files cannot be read: save them as WAV or FLAC"):
        SOUND.load(folder, {})
