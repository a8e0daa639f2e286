"""Classifiers of sounds in every arm, the teacher, and what a report says of sounds."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hits import SOUND, held

from ganaug.errors import ConfigError
from ganaug.modalities.training import Setting, TrainConfig, TrainingRows


@pytest.fixture(autouse=True)
def _few_features(monkeypatch):
    monkeypatch.setattr("ganaug.modalities.signal.classifiers.FEATURES", 336)


def rows(kits: int = 3, synthetic: bool = False) -> tuple[TrainingRows, object]:
    samples, spec, labels = held(kits)
    made = np.arange(len(labels)) % 2 == 1 if synthetic else np.zeros(len(labels), bool)
    codes = (labels == "kick").astype(np.int64)
    return TrainingRows(samples, codes, made, np.ones(len(codes), np.float32), np.full(len(codes), "", object)), spec


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "setting"),
    [
        ("minirocket", Setting()),
        ("minirocket", Setting(strength=1.0)),
        ("minirocket", Setting(method="spec_augment")),
        ("minirocket", Setting(method="random_over")),
        ("minirocket", Setting(mixup=0.4, strength=0.5)),
        ("minirocket", Setting(share=0.5)),
        ("mel_cnn", Setting(share=0.5, mixup=0.2)),
        ("mel_cnn", Setting(method="spec_augment")),
        ("logistic_regression", Setting()),
        ("sklearn.neighbors.KNeighborsClassifier(n_neighbors=1)", Setting()),
    ],
    ids=lambda value: str(value)[:60],
)
def test_kicks_are_told_from_hats_in_every_setting(name, setting):
    training, spec = rows(synthetic=setting.share > 0)
    SOUND.check_classifier(name, [setting])
    config = TrainConfig(2, 40, 8, 0, spec=spec)
    predict = SOUND.fit_classifier(name, training, setting, config)
    samples, _, labels = held(6)
    found = predict(samples[12:])
    assert found.shape == (12, 2)
    np.testing.assert_allclose(found.sum(1), 1, rtol=1e-5)
    assert (found.argmax(1) == (labels[12:] == "kick")).mean() > 0.9
    again = SOUND.fit_classifier(name, training, setting, config)(samples[12:])
    np.testing.assert_array_equal(again, found)


def test_a_classifier_that_is_none():
    with pytest.raises(ConfigError, match=r"no classifier 'small_cnn' of sounds: .* takes minirocket, mel_cnn"):
        SOUND.check_classifier("small_cnn", [Setting()])


def test_the_teacher_is_sure_of_its_class():
    training, spec = rows(6)
    teacher = SOUND.teacher(training.samples, training.labels, 2, steps=1, seed=0, device="cpu", spec=spec)
    assert (teacher.predict_proba(training.samples).argmax(1) == training.labels).all()
    assert np.isfinite(SOUND.extractor("in_domain", teacher)(training.samples)).all()


def compared(made) -> dict:
    samples, spec, labels = held(12)
    some = {"reference": samples[:24], "real_vs_real": samples[24:], "after": made}
    names = {name: labels[: len(rows)].tolist() for name, rows in some.items()}
    return json.loads(json.dumps(SOUND.compare([], some, names, spec, 0), allow_nan=False))


@pytest.mark.slow
def test_what_can_be_measured_shows():
    samples, spec, labels = held(12)
    samples, labels = samples[:24], labels[:24]
    like, quiet = compared(samples), compared([sound // 8 for sound in samples])
    means = like["means"]
    assert means["after"] == means["reference"]
    assert quiet["means"]["after"]["loudness"] == pytest.approx(means["after"]["loudness"] - 18, abs=0.5)
    assert quiet["detection"]["after"] > 0.95
    kicks, hats = ([s for s, name in zip(samples, labels, strict=True) if name == which] for which in ("kick", "hat"))
    assert compared(kicks)["means"]["after"]["centroid"] < 300 < 4_000 < compared(hats)["means"]["after"]["centroid"]
    shown = SOUND.show_comparison(like)
    assert "Spectral centroid, Hz" in shown
    assert SOUND.show_comparison({}) is None
    some = {"reference": samples[:1], "real_vs_real": samples, "after": samples}
    assert SOUND.compare([], some, {name: ["a"] * len(rows) for name, rows in some.items()}, spec, 0) == {}
