"""The GAN of signals, through the front door."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file
from waves import cut, waves

from ganaug import GANAugmenter
from ganaug.errors import ConfigError, DataError, ModelError
from ganaug.synthesis.select import Selection
from ganaug.utils.samples import concat, take

QUICK = {"steps": 120, "batch_size": 32, "width": 32, "device": "cpu", "random_state": 0}


def speed(signal: np.ndarray) -> int:
    """The strongest frequency of the first channel, in waves over the longest signal of 40 values."""
    channel = signal[0] if signal.ndim == 2 else signal
    power = np.abs(np.fft.rfft(channel - channel.mean(), 400))
    return round(power.argmax() * 40 / 400)


@pytest.fixture(scope="module")
def one() -> GANAugmenter:
    signals, labels = waves(40)
    return GANAugmenter(**QUICK).fit(signals[:, 0], labels)


@pytest.fixture(scope="module")
def ragged() -> GANAugmenter:
    signals, labels = waves(40, 2)
    return GANAugmenter(**QUICK).fit(cut(signals), labels)


@pytest.mark.slow
def test_signals_are_of_the_class_asked_for_and_vary(one):
    signals, _ = waves(40)
    made, labels = one.sample(per_class=30, random_state=0)
    assert (made.shape, made.dtype) == ((60, 40), np.float32)
    hits = np.array(
        [speed(signal) == {"slow": 2, "quick": 4}[label] for signal, label in zip(made, labels, strict=True)]
    )
    assert hits.mean() > 0.9
    assert len(np.unique(made, axis=0)) == 60
    assert not (made[:, None] == signals[None, :, 0]).all(2).any()
    spread = made.std(0).mean() / signals[:, 0].std(0).mean()
    assert 0.6 < spread < 1.4


@pytest.mark.slow
def test_lengths_are_generated_too(ragged):
    made, labels = ragged.sample(per_class=30, random_state=0)
    lengths = [signal.shape[1] for signal in made]
    assert isinstance(made, list)
    assert {signal.shape[0] for signal in made} == {2}
    assert min(lengths) >= 20
    assert max(lengths) <= 40
    assert len(set(lengths)) > 5
    hits = [
        abs(speed(signal) - {"slow": 2, "quick": 4}[label] * 30 / signal.shape[1]) < 1.6
        for signal, label in zip(made, labels, strict=True)
    ]
    assert np.mean(hits) > 0.5


@pytest.mark.slow
@pytest.mark.parametrize("which", ["one", "ragged"])
def test_a_saved_model_makes_the_same_signals(which, request, tmp_path):
    fitted = request.getfixturevalue(which)
    made, labels = fitted.sample(per_class=5, random_state=3)
    fitted.save(tmp_path / "model")
    again = GANAugmenter.load(tmp_path / "model", device="cpu")
    assert again.spec_ == fitted.spec_
    for old, new in zip(made, again.sample(y=labels, random_state=3)[0], strict=True):
        assert np.array_equal(old, new)
    assert np.array_equal(again.score_real(made, labels), fitted.score_real(made, labels))
    assert list((tmp_path / "model" / "samples").glob("*.svg"))
    config = tmp_path / "model" / "config.json"
    config.write_text(config.read_text().replace('"width": 32', '"width": 32000'))
    with pytest.raises(ModelError):
        GANAugmenter.load(tmp_path / "model", device="cpu")


def test_a_model_can_be_saved_without_training_signals(tmp_path):
    signals, labels = waves(60)
    noisy = signals + np.random.default_rng(0).normal(0, 0.1, signals.shape).astype(np.float32)
    fitted = GANAugmenter(steps=2, width=8, device="cpu", random_state=0, modality="signal").fit(noisy, labels)
    made = {}
    for keep in (True, False):
        fitted.set_params(keep_rows=keep).save(tmp_path / str(keep))
        made[keep] = GANAugmenter.load(tmp_path / str(keep), device="cpu").sample(per_class=5, random_state=0)[0]
        names = load_file(tmp_path / str(keep) / "model.safetensors")
        assert any(name.endswith("details") for name in names) is keep
    detail = made[True] - made[False]
    assert np.abs(detail).max() > 0.05
    assert np.array_equal(made[True], fitted.sample(per_class=5, random_state=0)[0])


def test_augmented_signals_begin_with_those_given(ragged):
    signals, labels = waves(40, 2)
    given = cut(signals)
    both, of_both = ragged.augment(given, labels, ratio=0.5, selection=Selection(filters=["copy", "confidence"]))
    assert len(both) == len(of_both) > 40
    assert all(np.array_equal(a, b) for a, b in zip(both, given, strict=False))
    assert (of_both[:40] == labels).all()


def test_one_form_goes_into_the_other_only_where_it_fits(one, ragged):
    with pytest.raises(DataError, match="30 values in signal 0"):
        one.score_real(waves(2)[0][:, 0, :30])
    with pytest.raises(DataError, match="1 channels in signal 0"):
        ragged.score_real(waves(2)[0])
    with pytest.raises(ConfigError, match="signals and sounds have no invariance 'rotate'"):
        GANAugmenter(**QUICK, invariances=["rotate"]).fit(*waves(8))


@pytest.mark.slow
def test_ragged_signals_are_saved_and_training_resumes_to_the_byte(tmp_path, monkeypatch, capsys):
    signals, labels = waves(16, 2)
    given = cut(signals)
    options = QUICK | {"steps": 12, "batch_size": 8, "width": 16, "invariances": ["jitter", "scale", "shift"]}
    fitted = GANAugmenter(**options, verbose=True).fit(given, labels)
    assert "X is read as signals of 20 to 40 values, 2 channels" in capsys.readouterr().err
    made = fitted.sample(per_class=3, random_state=0)[0]
    assert all(np.isfinite(signal).all() for signal in made)
    fitted.save(tmp_path / "model")
    again = GANAugmenter.load(tmp_path / "model", device="cpu").sample(per_class=3, random_state=0)[0]
    assert all(np.array_equal(a, b) for a, b in zip(made, again, strict=True))
    resumed = interrupted(options, given, labels, tmp_path / "check", monkeypatch).sample(per_class=3, random_state=0)[
        0
    ]
    assert all(np.array_equal(a, b) for a, b in zip(made, resumed, strict=True))


def interrupted(options, given, labels, folder: Path, monkeypatch) -> GANAugmenter:
    """Stop a training at its seventh step, and take it up again."""
    from ganaug.gan.trainer import Trainer

    step, made = Trainer.train_step, []

    def stops(self):
        made.append(self.step)
        if len(made) == 7:
            raise KeyboardInterrupt
        return step(self)

    fresh = GANAugmenter(**options, checkpoint_dir=str(folder))
    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "train_step", stops)
        with pytest.raises(KeyboardInterrupt):
            fresh.fit(given, labels)
    assert list(folder.iterdir())
    return fresh.fit(given, labels)


def test_ragged_signals_are_taken_and_joined():
    given = cut(waves(6)[0])
    joined = concat([take(given, [5, 2]), take(given, slice(0, 0)), take(given, np.arange(6) < 2)])
    assert [len(signal[0]) for signal in joined] == [given[i].shape[1] for i in (5, 2, 0, 1)]


@pytest.mark.gpu
def test_signals_are_of_the_class_asked_for_on_a_gpu_and_the_same_again():
    signals, labels = waves(40, 2)
    options = QUICK | {"device": "cuda", "invariances": ["jitter", "scale", "shift"]}
    made, again = (GANAugmenter(**options).fit(signals, labels).sample(per_class=30, random_state=0) for _ in range(2))
    assert np.array_equal(made[0], again[0])
    hits = [speed(signal) == {"slow": 2, "quick": 4}[label] for signal, label in zip(*made, strict=True)]
    assert np.mean(hits) > 0.8
