from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import torch
from waves import cut, waves

from ganaug.errors import DataError
from ganaug.modalities import modality_named, modality_of
from ganaug.modalities.signal import spec as specs
from ganaug.modalities.signal.grid import resample, to_grid, weights
from ganaug.modalities.signal.modality import SignalModality
from ganaug.utils.samples import take

SIGNAL = SignalModality()


@pytest.mark.parametrize(
    ("X", "is_signal"),
    [
        (np.zeros((3, 40)), True),
        (np.zeros((3, 40), np.float32), True),
        (np.zeros((3, 6, 40)), True),
        (np.zeros((3, 2, 28)), True),
        ([np.zeros(9), np.zeros(12)], True),
        ([np.zeros((2, 9)), np.zeros((2, 12))], True),
        ([[0.5, 1.0, 2.0]], True),
        (torch.zeros(3, 40), True),
        (np.zeros((3, 4)), False),  # a few features
        (np.zeros((3, 28, 28)), False),  # images as floats
        (np.zeros((3, 40), np.int64), False),
        (np.zeros((3, 40), np.uint8), False),
        (np.zeros((2, 3, 40, 40)), False),
        (pd.DataFrame(np.zeros((3, 40))), False),
        (["a word"], False),
        ([1.0, 2.0], False),
        ([], False),
    ],
)
def test_signals_are_told_by_type_and_shape(X, is_signal):  # noqa: N803
    assert SIGNAL.recognises(X) is is_signal
    if is_signal:
        assert modality_of(X) is modality_named("signal")


@pytest.mark.parametrize("channel_axis", [True, False])
@pytest.mark.parametrize("form", ["array", "list", "ragged"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_signals_come_back_as_they_were(channel_axis, form, dtype):
    channels = 3 if channel_axis else 1
    given = waves(8, channels)[0].astype(dtype)
    given = cut(given) if form == "ragged" else list(given) if form == "list" else given
    if not channel_axis:
        given = given[:, 0] if form == "array" else [signal[0] for signal in given]
    held, spec = SIGNAL.infer(given)
    assert (spec.dtype, spec.channels, spec.channel_axis, spec.ragged) == (
        dtype,
        channels,
        channel_axis,
        form == "ragged",
    )
    assert isinstance(held, list) == (form == "ragged")
    again = SIGNAL.restore(SIGNAL.conform(given, spec), spec)
    assert type(again) is type(given)
    assert all(np.array_equal(a, b) and a.dtype == b.dtype for a, b in zip(again, given, strict=True))
    assert SIGNAL.spec_of(json.loads(json.dumps(spec.to_json()))) == spec
    inside = SIGNAL.conform(held, spec)
    assert all(np.array_equal(a, b) for a, b in zip(inside, held, strict=True))
    assert len(SIGNAL.conform(given[:0], spec)) == 0

    column = SIGNAL.to_arrow(held, spec)
    batch = pa.RecordBatch.from_arrays(column, schema=SIGNAL.columns(spec))
    stored = SIGNAL.from_arrow(batch, spec)
    assert all(np.array_equal(a, b) and a.dtype == b.dtype for a, b in zip(stored, held, strict=True))
    assert SIGNAL.ids(stored).tolist() == SIGNAL.ids(held).tolist()
    assert len(set(SIGNAL.ids(held))) == len(given)
    part = SIGNAL.from_arrow(batch.slice(3, 2), spec)
    assert all(np.array_equal(a, b) for a, b in zip(part, take(held, [3, 4]), strict=True))
    assert len(SIGNAL.from_arrow(batch.slice(0, 0), spec)) == 0


X = waves(4, 2)[0]


def changed(signals: np.ndarray, value: float) -> np.ndarray:
    found = signals.copy()
    found[2, 0, 5] = value
    return found


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (changed(X, np.nan), "missing value in signal 2: fill it in, or drop"),
        (changed(X, np.inf), "infinite value in signal 2"),
        (X[:0], "no signal at all"),
        (X[:, :, :1], "single value"),
        (X[:, :, :0], "no value in signal 0"),
        ([X[0], X[1, :1]], "2 channels in signal 0 and 1 in signal 1"),
        ([X[0].T, X[1].T[:30]], "40 channels in signal 0 and 30 in signal 1: .*channels first"),
        ([X[0], X[1, 0]], "not all .*channels"),
        ([["a", "b"]], "no numbers"),
        (X.astype(str), "no numbers"),
        (np.zeros(5), "shape .5,.: give signals"),
        (np.zeros((2, 3, 4, 5)), "give signals as floats"),
        (np.zeros((1, 20_000)), "cut it into windows"),
        ([[1.0, [2.0]]], "no array in signal 0"),
    ],
)
def test_what_cannot_be_used_is_said_in_a_sentence(given, why):
    with pytest.raises(DataError, match=why) as raised:
        SIGNAL.infer(given)
    assert "\n" not in str(raised.value)


def test_other_signals_are_refused():
    spec = SIGNAL.infer(X)[1]
    with pytest.raises(DataError, match="30 values in signal 0, but the model was trained on signals of 40"):
        SIGNAL.conform(X[:, :, :30], spec)
    with pytest.raises(DataError, match="1 channels in signal 0, but the model was trained on 2"):
        SIGNAL.conform(X[:, :1], spec)
    ragged = SIGNAL.infer(cut(X))[1]
    longer = np.concatenate([X, X], axis=2)
    assert [signal.shape for signal in SIGNAL.conform(longer, ragged)] == [(2, 80)] * 4


@pytest.mark.parametrize(
    "changes", [{"channels": 0}, {"shortest": 50}, {"low": [0.0]}, {"longest": 10**9}, {"dtype": "O"}, {"more": 1}]
)
def test_a_damaged_spec_is_none(changes):
    about = json.loads(json.dumps(SIGNAL.infer(X)[1].to_json()))
    with pytest.raises((ValueError, TypeError)):
        specs.spec_of(about | changes)


def test_a_grid_keeps_ends_lines_and_levels():
    line = np.linspace(0, 1, 21)[None]
    np.testing.assert_allclose(resample(line, 41)[0], np.linspace(0, 1, 41), atol=1e-12)
    assert resample(line, 21) is line
    np.testing.assert_allclose(resample(np.full((2, 100), 3.0), 7), 3.0)
    zigzag = np.tile([1.0, -1.0], 50)[None]
    assert np.abs(resample(zigzag, 10)[0, 1:-1]).max() < 0.1  # which would alias to 1 or -1
    np.testing.assert_allclose(weights(9, 30).sum(0), 1)
    ragged = cut(X)
    assert to_grid(ragged, 16).shape == (4, 2, 16)


def test_signals_are_described_in_words():
    assert SIGNAL.describe(SIGNAL.infer(X)[1]) == "signals of 40 values, 2 channels"
    ragged = SIGNAL.infer([np.zeros(9), np.arange(12.0)])[1]
    assert SIGNAL.describe(ragged) == "signals of 9 to 12 values, 1 channel"
    assert SIGNAL.facts(ragged) == {"values": "9 to 12", "channels": 1}
