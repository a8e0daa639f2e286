from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from waves import cut, waves

from ganaug.errors import ConfigError
from ganaug.modalities.signal.modality import SignalModality

SIGNAL = SignalModality()
PARAMS = {"conditioning": "projection", "width": 32, "depth": 1}


def out_of_step(n: int = 40, length: int = 300) -> np.ndarray:
    random = np.random.default_rng(0)
    pulses = (random.random((n, length)) < 0.03).astype(float)
    return np.array([np.convolve(row, np.hanning(7), "same") for row in pulses])[:, None]


def there_and_back(codec, held):
    return codec.to_samples(codec.to_inputs(*(torch.from_numpy(array) for array in codec.to_arrays(held))))


def fitted(ragged: bool):
    signals = waves(30, 2)[0]
    signals[:, 1] = 5.0  # a constant channel
    held, spec = SIGNAL.infer(cut(signals) if ragged else signals)
    return held, spec, SIGNAL.codec(held, spec)


@pytest.mark.parametrize("ragged", [False, True])
def test_signals_come_back_about_as_they_were(ragged):
    held, spec, codec = fitted(ragged)
    again = there_and_back(codec, held)
    assert type(again) is type(held)
    for old, new in zip(held, again, strict=True):
        assert new.dtype == old.dtype
        assert abs(new.shape[1] - old.shape[1]) <= 1
        if new.shape == old.shape:
            assert np.sqrt(((new - old) ** 2).mean()) < 0.12
        assert (new[1] == 5).all()
    about, arrays = json.loads(json.dumps(codec.state()[0])), codec.state()[1]
    restored = SIGNAL.codec_of(spec, about, arrays)
    assert all(np.array_equal(a, b) for a, b in zip(there_and_back(restored, held), again, strict=True))
    for name in set(arrays) - {"low", "high"}:
        with pytest.raises((KeyError, ValueError)):
            SIGNAL.codec_of(spec, about, {**arrays, name: arrays[name][:1]})
    for name in set(arrays) - {"scores", "details"}:
        with pytest.raises((KeyError, ValueError)):
            SIGNAL.codec_of(spec, about, {key: array for key, array in arrays.items() if key != name})
    with pytest.raises(ValueError, match="no numbers"):
        SIGNAL.codec_of(spec, about, {**arrays, "sizes": np.full_like(arrays["sizes"], np.nan)})


def test_generated_signals_get_the_detail_of_the_nearest_training_signal():
    random = np.random.default_rng(0)
    held, spec = SIGNAL.infer(waves(60)[0] + 0.05 * random.standard_normal((60, 1, 40)))
    codec = SIGNAL.codec(held, spec)
    np.testing.assert_allclose(there_and_back(codec, held), held, atol=1e-5)
    plain = codec.without_rows()
    assert not {"scores", "details"} & set(plain.state()[1])
    smooth = there_and_back(plain, held)
    assert np.abs(smooth - held).max() > 0.02
    scores = torch.from_numpy(codec.to_arrays(held)[0])
    moved = scores.clone()
    moved[:, 0] += 0.01
    left = np.asarray(codec.to_samples(moved)) - np.asarray(plain.to_samples(moved))
    inside = (np.abs(held) < 0.95 * np.abs(held).max()) & (np.abs(smooth) < 0.95 * np.abs(held).max())  # not clipped
    np.testing.assert_allclose(left[inside], (held - smooth)[inside], atol=1e-5)  # so near a signal, its own detail


def test_details_are_of_a_bounded_number_of_signals(monkeypatch):
    held, spec = SIGNAL.infer(waves(30)[0])
    monkeypatch.setattr("ganaug.modalities.signal.codec.DETAILED_ROWS", 7)
    assert len(SIGNAL.codec(held, spec).details) <= 7
    monkeypatch.setattr("ganaug.modalities.signal.codec.DETAILED_VALUES", 3)  # fewer than one signal has
    assert len(SIGNAL.codec(held, spec).details) == 1


@pytest.mark.parametrize(("rows", "steps"), [(2, 400), (20, 500), (140, 3500), (10**6, 4000)])
def test_steps_go_by_rows(rows, steps):
    assert SIGNAL.auto_steps(rows, "cpu") == steps


def test_signals_out_of_step_come_back():
    held, spec = SIGNAL.infer(out_of_step())
    codec = SIGNAL.codec(held, spec)
    assert codec.numbers == 24
    np.testing.assert_allclose(there_and_back(codec, held), held, atol=1e-5)


@pytest.mark.parametrize("ragged", [False, True])
def test_what_is_made_keeps_to_the_range_and_the_lengths_of_the_training_signals(ragged):
    held, _, codec = fitted(ragged)
    inputs = codec.to_inputs(*(torch.from_numpy(array) for array in codec.to_arrays(held)))
    made = codec.to_samples(100 * torch.randn(inputs.shape, generator=torch.Generator().manual_seed(0)))
    low, high = min(s.min() for s in held), max(s.max() for s in held)
    sizes = [s.shape[1] for s in held]
    for signal in made:
        assert signal.min() >= low
        assert signal.max() <= high
        assert min(sizes) <= signal.shape[1] <= max(sizes)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_few_or_equal_signals_have_components_too(n):
    held, spec = SIGNAL.infer(np.tile(np.arange(20.0), (n, 1)))
    codec = SIGNAL.codec(held, spec)
    np.testing.assert_allclose(there_and_back(codec, held), held, atol=1e-5)


def test_architectures_are_read_back():
    codec = fitted(True)[2]
    made = SIGNAL.architecture(codec, 3, PARAMS, 7)
    assert made.inputs == codec.numbers
    about = json.loads(json.dumps(made.__dict__))
    assert SIGNAL.architecture_of(about) == made
    with pytest.raises(TypeError):
        SIGNAL.architecture_of(about | {"width": 10**9})
    with pytest.raises(TypeError):
        SIGNAL.architecture_of(about | {"more": 1})


def test_changes_are_neutral_unless_they_happen_and_shifts_keep_values():
    held, spec, codec = fitted(True)
    inputs = codec.to_inputs(*(torch.from_numpy(array) for array in codec.to_arrays(held)))
    random = torch.Generator().manual_seed(0)
    augment = SIGNAL.augment(codec, ["jitter", "scale", "shift"])
    never, always = (augment.draw(len(inputs), p, random) for p in (0.0, 1.0))
    np.testing.assert_allclose(augment(inputs, never), inputs, atol=2e-4)
    other = augment(inputs.requires_grad_(), always)
    assert (other - inputs).abs().flatten(1).mean(1).min() > 0.01
    assert torch.autograd.grad(other.sum(), inputs)[0].abs().sum() > 0
    with pytest.raises(ConfigError, match="no invariance 'rotate': choose among jitter, scale, shift"):
        SIGNAL.augment(codec, ["rotate"])
    shift = SIGNAL.augment(codec, ["shift"])
    inputs = inputs.detach()
    moved = shift(inputs, torch.tensor([[0.0, 1.0]]).repeat(len(inputs), 1))
    assert torch.equal(moved[:, -1], inputs[:, -1])  # the length stays
    curves = torch.randn(4, 2, spec.longest, generator=random)
    later = shift.change(curves, torch.tensor([[0.0, 1.0]]).repeat(4, 1))
    assert torch.equal(later[:, :, : -shift.reach], curves[:, :, shift.reach :])
    assert torch.equal(later[:, :, -shift.reach :], curves[:, :, -1:].expand(-1, -1, shift.reach))
