"""Sounds in memory, what they share, and what is said of those that cannot be used."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hits import SOUND, held, hits

from ganaug import GANAugmenter
from ganaug.errors import ConfigError, DataError


@pytest.mark.parametrize("channels", [1, 2])
def test_sounds_come_back_as_they_were_given(channels):
    given, _ = hits(channels=channels)
    samples, spec = SOUND.infer_at(given, 16_000)
    back = SOUND.restore(samples, spec)
    assert [sound.shape for sound in back] == [sound.shape for sound in given]
    assert all(np.abs(a - b).max() < 1 / 65_000 for a, b in zip(back, given, strict=True))
    again = SOUND.conform(back, spec)
    assert all(np.array_equal(a, b) for a, b in zip(again, samples, strict=True))
    assert SOUND.spec_of(json.loads(json.dumps(spec.to_json()))) == spec
    whole = SOUND.restore(*SOUND.infer_at([np.arange(500, dtype=np.int16)], 16_000))
    assert whole[0].dtype == np.int16


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([], "no sound at all"),
        (["a"], "not all"),
        ([np.zeros(500), np.zeros((1, 500))], r"not all \(time,\)"),
        ([np.zeros((3, 500))], "one or two channels"),
        ([np.zeros((1, 500)), np.zeros((2, 500))], "mix them down"),
        ([np.full(500, 1.5)], r"values up to 1\.5 in sound 0"),
        ([np.full(500, np.nan)], "missing or infinite"),
        ([np.zeros(1)], r"6\.25e-05 seconds in sound 0"),
        ([np.zeros(200_000)], r"12\.5 seconds in sound 0"),
        ([np.zeros(500, np.int64)], "X holds int64"),
        ([np.zeros(500), np.zeros(500, np.int16)], "whole numbers and floats"),
        (5, "no list of sounds"),
    ],
)
def test_what_cannot_be_used_is_refused_by_number(given, message):
    with pytest.raises(DataError, match=message):
        SOUND.infer_at(given, 16_000)


def test_a_rate_is_asked_for_and_checked():
    given, labels = hits()
    with pytest.raises(DataError, match="give rate"):
        GANAugmenter(modality="sound", steps=1).fit(given, labels)
    with pytest.raises(DataError, match="rate is 5 values a second"):
        GANAugmenter(modality="sound", rate=5, steps=1).fit(given, labels)
    with pytest.raises(ConfigError, match="rate is for sounds, and these are signals"):
        GANAugmenter(rate=100, steps=1).fit(np.zeros((4, 20)), [0, 0, 1, 1])
    samples, spec = SOUND.infer_at(given, 16_000)
    with pytest.raises(DataError, match=f"trained on {spec.longest:,} at most"):
        SOUND.conform([np.zeros(9_000)], spec)
    with pytest.raises(DataError, match="2 channels in sound 0"):
        SOUND.conform([np.zeros((2, 900))], spec)
    assert len(samples) == 16


@pytest.mark.parametrize(
    "change", [{"rate": 5}, {"channels": 3}, {"longest": 10}, {"top": float("nan")}, {"dtype": "x"}, {"more": 1}]
)
def test_a_damaged_description_is_none(change):
    spec = held()[1]
    with pytest.raises(ValueError, match=r"."):
        SOUND.spec_of(spec.to_json() | change)
    assert SOUND.describe(spec) == "sounds of up to 0.247 seconds, mono, 16,000 values a second"
