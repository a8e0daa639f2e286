"""scikit-learn estimators as downstream classifiers, on pixels or on features."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import has_fit_parameter

from ganaug.modalities.batches import log_shares
from ganaug.modalities.estimators import make_estimator
from ganaug.modalities.image.classical import make_augment
from ganaug.modalities.image.classifier import extract_features, train_classifier
from ganaug.modalities.training import LOGIT_ADJUSTED, Predict, Setting, TrainConfig, TrainingRows, loss_weights

Encode = Callable[[NDArray[np.uint8]], NDArray[np.float32]]
FEATURES = "features:"
ROWS = 4000  # that an estimator is fitted on, in every arm alike


def is_estimator(name: str) -> bool:
    """Whether a classifier's name means a scikit-learn estimator."""
    return name.removeprefix(FEATURES).startswith("sklearn.")


def fit_estimator(name: str, rows: TrainingRows, setting: Setting, config: TrainConfig) -> Predict:
    """Fit a scikit-learn classifier to rows that are drawn, augmented and mixed as the batches of a network are.

    A mixed row bears the label of its greater part, as estimators know no soft labels; adjusted for class shares are
    their probabilities, as they have no logits.

    Raises
    ------
    ConfigError
        The name describes no scikit-learn classifier with probabilities.
    """
    estimator = make_estimator(name.removeprefix(FEATURES), setting)
    if "random_state" in estimator.get_params():
        estimator.set_params(random_state=config.seed)
    encode = _features(rows, config) if name.startswith(FEATURES) else _flat
    seen = config.plan(rows, setting, -(-ROWS // config.batch_size)).ravel()
    images, generator, augment = rows.samples[seen], np.random.default_rng(config.seed), make_augment(config, setting)
    if augment is not None:
        images = augment(images, generator)
    if setting.mixup:
        share = generator.beta(setting.mixup, setting.mixup, (len(images), 1, 1, 1))
        share = np.maximum(share, 1 - share)
        images = np.round(share * images + (1 - share) * images[generator.permutation(len(images))]).astype(np.uint8)
    weighted = has_fit_parameter(estimator, "sample_weight")
    weights = {"sample_weight": loss_weights(rows, setting)[seen]} if weighted else {}
    estimator.fit(encode(images), rows.labels[seen], **weights)

    adjusted = setting.method == LOGIT_ADJUSTED
    shares = np.exp(log_shares(rows.labels[seen], config.n_classes)) if adjusted else np.ones(config.n_classes)

    def predict(given: NDArray[np.uint8]) -> NDArray[np.float64]:
        probabilities = np.zeros((len(given), config.n_classes))
        probabilities[:, estimator.classes_] = estimator.predict_proba(encode(given)) / shares[estimator.classes_]
        probabilities /= probabilities.sum(1, keepdims=True)
        return probabilities

    return predict


def _flat(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Pixels in [0, 1], (n, H W C)."""
    return images.reshape(len(images), -1).astype(np.float32) / np.float32(255)


def _features(rows: TrainingRows, config: TrainConfig) -> Encode:
    """Features of a small ConvNet trained on the real rows, or on all where none is real."""
    real = ~rows.synthetic if not rows.synthetic.all() else rows.synthetic
    model = train_classifier(
        rows.samples[real],
        rows.labels[real],
        config.n_classes,
        steps=config.steps,
        seed=config.seed,
        device=config.device,
    )
    return lambda images: extract_features(model, images)
