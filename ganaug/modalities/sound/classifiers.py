"""The downstream classifiers of sounds: those of signals, on the levels of mel bands, and the ConvNet of images."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from ganaug.errors import ConfigError, option
from ganaug.modalities.batches import plan_batches
from ganaug.modalities.estimators import is_users
from ganaug.modalities.image.classifier import predict_proba, train_classifier
from ganaug.modalities.signal import classifiers as of_signals
from ganaug.modalities.signal.spec import SignalSpec
from ganaug.modalities.signal.treatments import treat
from ganaug.modalities.sound.likeness import as_signals, signal_spec, to_images
from ganaug.modalities.sound.spec import SoundSpec
from ganaug.modalities.sound.treatments import change, masked
from ganaug.modalities.training import Predict, Setting, TrainConfig, TrainingRows
from ganaug.modalities.treatments import Training, weighted, with_changed

CNN = "mel_cnn"
NAMES = (of_signals.MINIROCKET, CNN, *of_signals.NAMED)
MASKS = "spec_augment"  # the method of a setting


def check_classifier(name: str, settings: Iterable[Setting] = (Setting(),)) -> None:
    """Raise `ConfigError` unless there is a classifier of this name, and it can be trained in these settings."""
    if name == CNN:
        return
    if name not in NAMES and not name.startswith("sklearn.") and not is_users(name):
        raise ConfigError(
            f"there is no classifier {name!r} of sounds: {option('evaluate.classifiers')} takes {', '.join(NAMES)}, "
            "sklearn.<module>.<Class> or module:function"
        )
    of_signals.check_classifier(name, settings)


def fit_classifier(name: str, rows: TrainingRows, setting: Setting, config: TrainConfig) -> Predict:
    """Train the classifier of this name; every class weighs the same, synthetic rows as in those of signals.

    Returns
    -------
    callable
        From sounds (n) to class probabilities (n, n_classes).

    Raises
    ------
    ConfigError
        There is no such classifier, or it cannot be used.
    DataError
        The rows are of one class.
    """
    spec = config.spec
    assert isinstance(spec, SoundSpec)
    seen = signal_spec(spec)
    with threadpool_limits(1, "blas"):
        training = _treated(weighted(rows, setting, config.n_classes), name, setting, spec, config.seed)
        fit = _fit_cnn if name == CNN else of_signals.fit
        predict = fit(name, training, setting, seen, config)
    return lambda sounds: predict(as_signals(sounds, spec))


def _treated(training: Training, name: str, setting: Setting, spec: SoundSpec, seed: int) -> Training:
    """Do what a setting says: to recordings, then to the levels of their bands, which are returned as signals.

    The ConvNet mixes batches itself.
    """
    random, strength = np.random.default_rng(seed), setting.strength
    if strength:
        sounds = training.samples
        training = with_changed(training, lambda at: [change(sounds[i], spec, strength, random) for i in at.tolist()])
    levels = replace(training, samples=as_signals(training.samples, spec))
    if setting.method == MASKS:
        levels = with_changed(levels, lambda at: _masked(levels.samples[at], spec.channels, random))
        setting = replace(setting, method="")
    mixup = 0.0 if name == CNN else setting.mixup
    return treat(levels, replace(setting, strength=0.0, mixup=mixup), signal_spec(spec), seed)


def _masked(signals: NDArray[Any], channels: int, random: np.random.Generator) -> NDArray[np.float32]:
    n, rows, frames = signals.shape
    return masked(signals.reshape(n, channels, -1, frames), random).reshape(n, rows, frames)


def _fit_cnn(name: str, training: Training, setting: Setting, spec: SignalSpec, config: TrainConfig) -> Predict:
    """Train the ConvNet of images, which sees every row as often; weights say what each of them counts."""
    sound = config.spec
    assert isinstance(sound, SoundSpec)

    def shown(signals: NDArray[Any]) -> NDArray[np.uint8]:
        return to_images(signals.reshape(len(signals), sound.channels, -1, spec.longest))

    rows = np.zeros(len(training.weights), np.int64)
    model = train_classifier(
        shown(training.samples),
        training.targets.argmax(1),
        config.n_classes,
        learning_rate=setting.learning_rate,
        mixup=setting.mixup,
        plan=plan_batches(rows, config.steps, config.batch_size, np.random.default_rng(config.seed)),
        weights=training.weights.astype(np.float32),
        seed=config.seed,
        device=config.device,
    )
    return lambda signals: predict_proba(model, shown(signals))
