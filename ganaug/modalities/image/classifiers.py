"""Downstream classifiers by name: the built-in ConvNet, scikit-learn estimators, timm models, a user's own.

- ``small_cnn``: the built-in `ganaug.modalities.image.classifier.SmallCNN`;
- ``sklearn.linear_model.LogisticRegression(C=10)``: any scikit-learn classifier with ``predict_proba``, on flattened
  pixels in [0, 1]; a list among its values, as in ``LogisticRegression(C=[1, 10])``, holds those that each arm tries;
  with ``features:`` before it: on features of a small ConvNet trained on the real training rows;
- ``timm:resnet18``: a model of timm, from random weights;
- ``package.module:function``: ``function(shape, n_classes)`` returns a torch module, which maps images (n, C, H, W) in
  [-1, 1] to logits.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from torch import nn

from ganaug.errors import ConfigError, GanaugError
from ganaug.modalities.batches import log_shares
from ganaug.modalities.embedding import JOINED, METHODS, Features, fit_embedded, join
from ganaug.modalities.estimators import make_estimator
from ganaug.modalities.image.classical import make_augment
from ganaug.modalities.image.classifier import Build, SmallCNN, extract_features, predict_proba, train_classifier
from ganaug.modalities.image.estimators import FEATURES, fit_estimator, is_estimator
from ganaug.modalities.image.fourier import FOURIER, fill_cells
from ganaug.modalities.training import LOGIT_ADJUSTED, Predict, Setting, TrainConfig, TrainingRows, loss_weights
from ganaug.utils.imported import import_named


def check_classifier(name: str, settings: Iterable[Setting] = (Setting(),)) -> None:
    """Raise `ConfigError` unless there is a classifier of this name, and it can be trained in these settings."""
    if not is_estimator(name):
        _build(name)
        return
    for setting in settings:
        make_estimator(name.removeprefix(FEATURES), setting)


def fit_classifier(name: str, rows: TrainingRows, setting: Setting, config: TrainConfig) -> Predict:
    """Train the classifier of this name.

    Returns
    -------
    callable
        From images (n, H, W, C) to class probabilities (n, n_classes).

    Raises
    ------
    ConfigError
        There is no such classifier, or it cannot be used.
    """
    if setting.method == FOURIER:
        rows, setting = fill_cells(rows, config.seed), replace(setting, method="")
    if setting.method in METHODS:
        embedded = fit_embedded(lambda base, k: _features(base, k, setting, config), rows, setting, config)
        if setting.method != JOINED:
            return embedded
        plain = fit_classifier(name, rows, replace(setting, method=""), config)
        return lambda images: join(plain(images), embedded(images))
    if is_estimator(name):
        return fit_estimator(name, rows, setting, config)
    model = _train(_build(name), rows, config.n_classes, setting, config)
    return lambda images: predict_proba(model, images)


def _features(rows: TrainingRows, n_classes: int, setting: Setting, config: TrainConfig) -> Features:
    """Return what the last layer of a `SmallCNN` trained on these rows sees."""
    model = _train(SmallCNN, rows, n_classes, setting, config)
    return lambda images: extract_features(model, images)


def _train(build: Build, rows: TrainingRows, n_classes: int, setting: Setting, config: TrainConfig) -> nn.Module:
    plan = config.plan(rows, setting, config.steps)
    return train_classifier(
        rows.samples,
        rows.labels,
        n_classes,
        batch_size=config.batch_size,
        learning_rate=setting.learning_rate,
        augment=make_augment(config, setting),
        mixup=setting.mixup,
        plan=plan,
        weights=loss_weights(rows, setting),
        adjustment=log_shares(rows.labels[plan], n_classes) if setting.method == LOGIT_ADJUSTED else None,
        build=build,
        seed=config.seed,
        device=config.device,
    )


def _build(name: str) -> Build:
    """Return what makes the torch module of this name."""
    if name == "small_cnn":
        return SmallCNN
    kind, colon, rest = name.partition(":")
    if not colon:
        raise ConfigError(
            f"there is no classifier {name!r}: evaluate.classifiers takes small_cnn, sklearn.<module>.<Class>, "
            "timm:<name> or module:function"
        )
    if kind == "timm":
        return _timm(rest)
    return import_named(name, "the classifier")  # type: ignore[no-any-return]


def _timm(model: str) -> Build:
    try:
        import timm
    except (
        ImportError,
        RuntimeError,
    ) as error:  # torchvision, which it needs, raises RuntimeError beside another torch
        raise GanaugError(
            f"the classifier timm:{model} needs timm, which cannot be imported ({error}); run `pip install timm`"
        ) from error
    if model not in timm.list_models():
        raise ConfigError(f"timm has no model {model!r}; list them with timm.list_models()")

    def build(shape: tuple[int, int, int], n_classes: int) -> Any:
        return timm.create_model(model, in_chans=shape[2], num_classes=n_classes)

    return build
