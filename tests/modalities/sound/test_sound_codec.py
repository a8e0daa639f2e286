"""Sounds to pictures and back; likeness; what the discriminator sees."""

from __future__ import annotations

import io

import numpy as np
import pytest
import soundfile as sf
import torch
from hits import SOUND, held

from ganaug.errors import ConfigError
from ganaug.modalities.sound.codec import SoundCodec
from ganaug.modalities.sound.likeness import seen
from ganaug.modalities.sound.mel import shape_for
from ganaug.modalities.sound.reading import Reading, read_sound
from ganaug.modalities.sound.spec import SoundSpec
from ganaug.modalities.sound.treatments import change, masked, played, stretched


@pytest.mark.slow
@pytest.mark.parametrize("channels", [1, 2])
def test_a_sound_that_is_made_of_a_picture_has_that_picture(channels):
    samples, spec, _ = held(channels=channels)
    codec = SoundCodec(spec)
    inputs = codec.to_inputs(*map(torch.from_numpy, codec.to_arrays(samples)))
    assert inputs.shape == (16, channels, 32, 16)
    made = codec.to_samples(inputs)
    before, after = seen(samples, spec), seen(made, spec)
    heard = before > 0
    assert np.sqrt(((after - before)[heard] ** 2).mean()) * 60 < 4  # decibels
    assert abs((after - before)[heard].mean()) * 60 < 1
    assert all(sound.shape[1] <= spec.longest and sound.dtype == np.int16 for sound in made)
    assert all(np.array_equal(a, b) for a, b in zip(codec.to_samples(inputs), made, strict=True))
    alone = codec.to_samples(inputs[3:4])[0]
    assert np.abs(alone.astype(int) - made[3]).max() <= 1  # whatever it is made with


def test_a_tone_comes_back_as_narrow_as_its_bands():
    time = np.arange(8_000) / 16_000
    tones = [sum(np.sin(2 * np.pi * k * pitch * time) / k for k in range(1, 7)) for pitch in (196, 330, 587)]
    samples, spec = SOUND.infer_at([0.3 * (tone * np.exp(-time / 0.3)).astype(np.float32) for tone in tones], 16_000)
    before, after = (seen(each, spec) for each in (samples, SoundCodec(spec).to_samples(_inputs(samples, spec))))
    anywhere = (before > 0) | (after > 0)
    assert np.sqrt(((after - before)[anywhere] ** 2).mean()) * 60 < 6  # decibels


def _inputs(samples, spec):
    codec = SoundCodec(spec)
    return codec.to_inputs(*map(torch.from_numpy, codec.to_arrays(samples)))


def test_silence_stays_silent():
    spec = held()[1]
    (made,) = SoundCodec(spec).to_samples(torch.full((1, 1, 32, 16), -1.0))
    assert made.any() == 0
    assert made.shape[1] >= 0.01 * spec.rate
    assert seen([made], spec).max() == 0


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


def test_changes_that_keep_a_label_move_time_bands_or_levels():
    codec = SoundCodec(held()[1])
    with pytest.raises(ConfigError, match="sounds have no invariance 'jitter'"):
        SOUND.augment(codec, ["jitter"])
    pictures = -torch.ones(8, 2, 32, 16)
    pictures[:, :, 16, 8] = 1.0
    centres = {}
    for name in SOUND.invariances:
        augment = SOUND.augment(codec, [name])
        draws = augment.draw(8, 1.0, torch.Generator().manual_seed(0))
        changed = augment(pictures, draws)
        assert changed.shape == pictures.shape
        assert torch.equal(changed[:, 0], changed[:, 1])  # channels alike
        assert torch.equal(augment(pictures, augment.draw(8, 0.0, torch.Generator())), pictures)
        loud = (changed[:, 0] + 1).clamp(min=0)
        centres[name] = [
            float((loud.sum(axis) * torch.arange(loud.shape[3 - axis])).sum(1).div(loud.sum((1, 2)) + 1e-9).std())
            for axis in (1, 2)
        ]
        assert not torch.equal(changed, pictures) or name == "mask"
    assert centres["shift"][0] > 0.3 > 0.01 > centres["shift"][1]
    assert centres["pitch"][1] > 0.3 > 0.01 > centres["pitch"][0]


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
