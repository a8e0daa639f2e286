"""Sounds to pictures and back; likeness; what the discriminator sees."""

from __future__ import annotations

import io

import numpy as np
import pytest
import soundfile as sf
import torch
from hits import SOUND, held

from ganaug.modalities.signal.codec import SignalCodec
from ganaug.modalities.sound.likeness import as_signals, seen
from ganaug.modalities.sound.mel import shape_for
from ganaug.modalities.sound.reading import Reading, read_sound
from ganaug.modalities.sound.spec import SoundSpec
from ganaug.modalities.sound.treatments import change, masked, played, stretched


def there_and_back(codec, samples, moved=0.0):
    scores = torch.from_numpy(codec.to_arrays(samples)[0])
    scores[:, 0] += moved
    return codec.to_samples(scores)


@pytest.mark.parametrize("channels", [1, 2])
def test_sounds_come_back_as_they_were(channels):
    samples, spec, _ = held(channels=channels)
    codec = SOUND.codec(samples, spec)
    made = there_and_back(codec, samples)
    for old, new in zip(samples, made, strict=True):
        assert (new.shape, new.dtype) == (old.shape, np.int16)
        assert np.abs(new - old.astype(int)).max() < 0.01 * 32_767
    again = SOUND.codec_of(spec, *codec.state())
    assert all(np.array_equal(a, b) for a, b in zip(there_and_back(again, samples), made, strict=True))
    (alone,) = codec.to_samples(torch.from_numpy(codec.to_arrays(samples[3:4])[0]))
    assert np.abs(alone.astype(int) - made[3]).max() <= 1  # whatever it is made with
    swapped = codec.state()[1]["ends"].copy()
    swapped[[0, 1]] = swapped[[1, 0]]
    with pytest.raises(ValueError, match="end before they begin"):
        SOUND.codec_of(spec, {}, {**codec.state()[1], "ends": swapped})
    for name in ("ends", "middle", "scores"):
        with pytest.raises((KeyError, ValueError)):
            SOUND.codec_of(spec, {}, {**codec.state()[1], name: codec.state()[1][name][:-1]})


def test_a_generated_sound_has_the_levels_that_it_should_have():
    samples, spec, labels = held()
    codec = SOUND.codec(samples, spec)
    scores = torch.from_numpy(codec.to_arrays(samples)[0])
    for label in set(labels):
        scores[labels == label] = 0.6 * scores[labels == label] + 0.4 * scores[labels == label].roll(1, 0)
    wanted = SignalCodec.to_samples(codec, scores)
    made = codec.to_samples(scores)
    off = np.abs(as_signals(made, spec) - wanted)
    assert off[wanted > 0.05].mean() * 60 < 2.5  # decibels
    assert all(sound.shape[1] <= spec.longest for sound in made)
    assert not all(np.array_equal(a, b) for a, b in zip(made, samples, strict=True))


def test_without_recordings_a_sound_is_made_of_its_levels():
    samples, spec, _ = held()
    codec = SOUND.codec(samples, spec).without_rows()
    assert not {"recordings", "ends", "scores", "details"} & set(codec.state()[1])
    made = there_and_back(codec, samples)
    before, after = (seen(each, spec) for each in (samples, made))
    heard = before > 0.1
    assert np.abs(after - before)[heard].mean() * 60 < 6  # decibels
    assert all(sound.shape[1] <= spec.longest and sound.dtype == np.int16 for sound in made)


@pytest.mark.parametrize("kept", [True, False])
def test_tones_come_back(kept):
    time = np.arange(8_000) / 16_000
    tones = [sum(np.sin(2 * np.pi * k * pitch * time) / k for k in range(1, 7)) for pitch in (196, 330, 587)]
    samples, spec = SOUND.infer_at([0.3 * (tone * np.exp(-time / 0.3)).astype(np.float32) for tone in tones], 16_000)
    codec = SOUND.codec(samples, spec)
    before, after = (
        seen(each, spec) for each in (samples, there_and_back(codec if kept else codec.without_rows(), samples))
    )
    anywhere = (before > 0) | (after > 0)
    assert np.sqrt(((after - before)[anywhere] ** 2).mean()) * 60 < (0.1 if kept else 6)  # decibels


def test_silence_stays_silent():
    spec = held()[1]
    silent = [np.zeros((1, 2_000), np.int16)] * 3
    codec = SOUND.codec(silent, spec)
    for each in (codec, codec.without_rows()):
        (made, *_) = there_and_back(each, silent, moved=0.1)
        assert made.any() == 0
        assert made.shape[1] >= 0.01 * spec.rate


def test_recordings_are_of_a_bounded_number(monkeypatch):
    samples, spec, _ = held()
    monkeypatch.setattr("ganaug.modalities.sound.codec.DETAILED_VALUES", 5 * spec.longest)
    codec = SOUND.codec(samples, spec)
    assert 1 <= len(codec.recordings) == len(codec.scores) <= 5
    assert all(any(np.array_equal(each, sound) for sound in samples) for each in codec.recordings)


@pytest.mark.parametrize(
    ("rate", "seconds", "shape"),
    [
        (16_000, 0.5, (32, 32, 256)),
        (16_000, 1.0, (64, 64, 256)),
        (16_000, 10.0, (64, 128, 1250)),
        (8_000, 0.05, (32, 16, 128)),
        (44_100, 2.0, (64, 128, 706)),
        (1_000, 0.02, (32, 16, 16)),
    ],
)
def test_pictures_span_the_longest_sound(rate, seconds, shape):
    found = shape_for(rate, round(rate * seconds))
    assert found == shape
    assert found.frames * found.hop >= rate * seconds
    spec = SoundSpec(rate, 1, round(rate * seconds), -20.0)
    sound = (3_000 * np.random.default_rng(0).standard_normal((1, spec.longest))).astype(np.int16)
    levels = seen([sound], spec)
    assert np.isfinite(levels).all()
    assert levels[..., 1 : spec.longest // found.hop - 1].min(initial=1) > 0  # no band is empty


def test_copies_are_found_louder_resampled_and_compressed():
    samples, spec, _ = held()
    how = Reading(spec.rate, 1, 0.25, True)
    plain, others = [], []
    for i, sound in enumerate(samples[:6]):
        quiet, kept = 0.4 * sound[0] / 32_767, sound[0] / 32_767
        for values, into, form in (
            (kept, plain, {"format": "WAV"}),
            (quiet, others, {"format": ("WAV", "OGG")[i % 2]}),
        ):
            buffer = io.BytesIO()
            sf.write(buffer, values, spec.rate, **form)
            into.append(read_sound(buffer.getvalue(), how).sound)
    clusters = SOUND.duplicates([*plain, *others], spec, near=True)
    assert (clusters[:6] == clusters[6:]).sum() >= 3  # those that were not compressed, at least
    assert (clusters[0:6:2] == clusters[6:12:2]).all()
    assert len(set(SOUND.duplicates([*plain, *others], spec, near=False))) == 12
    known = SOUND.originals(plain, spec)
    assert known.copies(others)[::2].all()
    assert not known.copies(samples[8:]).any()
    assert SOUND.embed(samples, spec).shape == (16, 512)
    assert SOUND.embed([], spec).shape == (0, 512)


def test_treatments_change_what_they_say():
    rate, time = 16_000, np.arange(4_000) / 16_000
    tone = np.sin(2 * np.pi * 500 * time)[None].astype(np.float32)

    def pitch(values: np.ndarray) -> float:
        return float(np.abs(np.fft.rfft(values[0], rate)).argmax())

    assert played(tone, 1.1).shape[1] == pytest.approx(4_000 / 1.1, abs=1)
    assert pitch(played(tone, 1.1)) == pytest.approx(550, abs=3)
    longer = stretched(tone, 1.25)
    assert longer.shape[1] == 5_000
    assert pitch(longer) == pytest.approx(500, abs=4)
    assert pitch(stretched(tone, 0.8)) == pytest.approx(500, abs=5)
    samples, spec, _ = held()
    random = np.random.default_rng(0)
    for sound in samples:
        changed = change(sound, spec, 2.0, random)
        assert changed.dtype == np.int16
        assert 1 <= changed.shape[1] <= spec.longest
    again = change(samples[0], spec, 1.0, np.random.default_rng(5))
    assert np.array_equal(again, change(samples[0], spec, 1.0, np.random.default_rng(5)))
    blank = masked(np.ones((50, 1, 32, 16), np.float32), random)
    assert 0.5 < blank.mean() < 0.95
    assert set(np.unique(blank)) == {0.0, 1.0}
