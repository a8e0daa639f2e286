from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from waves import cut, waves

from ganaug.errors import ConfigError
from ganaug.modalities.signal.architecture import CurveArchitecture, architecture_of, make_architecture
from ganaug.modalities.signal.augment import make_augment
from ganaug.modalities.signal.codec import ComponentCodec, CurveCodec, _scales, explained_left_out
from ganaug.modalities.signal.modality import SignalModality
from ganaug.modalities.signal.networks import Layout, shuffled, unshuffled
from ganaug.modalities.table.architecture import TableArchitecture

SIGNAL = SignalModality()
PARAMS = {"conditioning": "projection", "width": 32, "depth": 1}


def out_of_step(n: int = 40, length: int = 300) -> np.ndarray:
    random = np.random.default_rng(0)
    pulses = (random.random((n, length)) < 0.03).astype(float)
    return np.array([np.convolve(row, np.hanning(7), "same") for row in pulses])[:, None]


def there_and_back(codec, held):
    return codec.to_samples(codec.to_inputs(*(torch.from_numpy(array) for array in codec.to_arrays(held))))


def codecs(ragged: bool):
    signals = waves(30, 2)[0]
    signals[:, 1] = 5.0  # a constant channel
    held, spec = SIGNAL.infer(cut(signals) if ragged else signals)
    return held, spec, [SIGNAL.codec(held, spec), CurveCodec(spec, _scales(held, spec))]


@pytest.mark.parametrize("ragged", [False, True])
def test_signals_come_back_about_as_they_were(ragged):
    held, spec, both = codecs(ragged)
    assert isinstance(both[0], ComponentCodec)
    for codec in both:
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
        with pytest.raises((KeyError, ValueError)):
            SIGNAL.codec_of(spec, {"represented_by": "words"}, arrays)
        for name in {"middle", "length", "scores", "details"} & set(arrays):
            with pytest.raises((KeyError, ValueError)):
                SIGNAL.codec_of(spec, about, {**arrays, name: arrays[name][:1]})


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


def test_validation_rows_choose_the_representation():
    still = out_of_step()
    assert explained_left_out(still[:, 0] - still.mean()) < 0.4
    held, spec = SIGNAL.infer(still)
    codec = SIGNAL.codec(held, spec)
    assert isinstance(codec, CurveCodec)
    assert explained_left_out(waves(40)[0][:, 0].astype(float)) > 0.8
    np.testing.assert_allclose(there_and_back(codec, held), held, atol=1e-5)


@pytest.mark.parametrize("ragged", [False, True])
def test_what_is_made_keeps_to_the_range_and_the_lengths_of_the_training_signals(ragged):
    held, _, both = codecs(ragged)
    for codec in both:
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


@pytest.mark.parametrize("points", [2, 15, 40, 128, 129, 500, 5000])
def test_networks_fit_every_length(points):
    layout = Layout.of(points)
    assert layout.cells <= 16
    assert -(-points // layout.shuffle) <= 128
    made = CurveArchitecture(3, points, 2, width=8, anchors=0)
    generator, discriminator = made.build(0)
    labels = torch.tensor([0, 1])
    with torch.no_grad():
        curves = generator(torch.randn(2, made.latent), labels)
        assert curves.shape == (2, *made.example().shape[1:])
        assert discriminator(curves, labels)[0].shape == (2,)


def test_shuffled_times_come_back():
    curves = torch.randn(2, 3, 24)
    cells = shuffled(curves, 4)
    assert cells.shape == (2, 12, 6)
    assert torch.equal(cells[0, :4, 0], curves[0, 0, :4])
    assert torch.equal(unshuffled(cells, 4), curves)


def test_architectures_are_read_back():
    for codec, kind in zip(codecs(True)[2], (TableArchitecture, CurveArchitecture), strict=True):
        made = make_architecture(codec, 3, PARAMS, 7)
        assert isinstance(made, kind)
        about = json.loads(json.dumps(made.__dict__))
        assert architecture_of(about) == made
        with pytest.raises(TypeError):
            architecture_of(about | {"width": 10**9})
        with pytest.raises(TypeError):
            architecture_of(about | {"more": 1})


def test_changes_are_neutral_unless_they_happen_and_shifts_keep_values():
    held, _, both = codecs(True)
    for codec in both:
        inputs = codec.to_inputs(*(torch.from_numpy(array) for array in codec.to_arrays(held)))
        random = torch.Generator().manual_seed(0)
        augment = make_augment(codec, ["jitter", "scale", "shift"])
        never, always = (augment.draw(len(inputs), p, random) for p in (0.0, 1.0))
        np.testing.assert_allclose(augment(inputs, never), inputs, atol=2e-4)
        other = augment(inputs.requires_grad_(), always)
        assert (other - inputs).abs().flatten(1).mean(1).min() > 0.01
        assert torch.autograd.grad(other.sum(), inputs)[0].abs().sum() > 0
        with pytest.raises(ConfigError, match="no invariance 'rotate': choose among jitter, scale, shift"):
            make_augment(codec, ["rotate"])
    shift = make_augment(both[1], ["shift"])
    inputs = inputs.detach()
    moved = shift(inputs, torch.tensor([[0.0, 1.0]]).repeat(len(inputs), 1))
    assert torch.equal(moved[:, 0, : -shift.reach], inputs[:, 0, shift.reach :])
    assert torch.equal(moved[:, 0, -shift.reach :], inputs[:, 0, -1:].expand(-1, shift.reach))
    assert torch.equal(moved[:, 2], inputs[:, 2])  # the length stays
