"""scikit-learn estimators as downstream classifiers, on pixels or on features."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import has_fit_parameter

from ganaug.errors import ConfigError
from ganaug.evaluation.downstream.arms import RATES, Setting
from ganaug.evaluation.downstream.train_config import Predict, TrainConfig, loss_weights
from ganaug.evaluation.downstream.training_rows import TrainingRows
from ganaug.modalities.image.classifier import extract_features, train_classifier

Encode = Callable[[NDArray[np.uint8]], NDArray[np.float32]]
FEATURES = "features:"
_DOWN_AND_UP = (1, 1 / 4, 4, 1 / 16, 16, 1 / 2)
_UP = (1, 2, 4, 8, 3, 6)
TUNED = {  # parameters by which estimators are tuned, in this order, with a factor for each of `RATES`
    "C": _DOWN_AND_UP,
    "alpha": _DOWN_AND_UP,
    "learning_rate": (1, 1 / 3, 2, 1 / 10, 1 / 2, 3),
    "var_smoothing": (1, 1e3, 1e6, 1e7, 1e5, 1e4),
    "n_neighbors": _UP,
    "min_samples_leaf": _UP,
}
ROWS = 4000  # that an estimator is fitted on, in every arm alike


def is_estimator(name: str) -> bool:
    """Whether a classifier's name means a scikit-learn estimator."""
    return name.removeprefix(FEATURES).startswith("sklearn.")


def fit_estimator(name: str, rows: TrainingRows, setting: Setting, config: TrainConfig) -> Predict:
    """Fit a scikit-learn classifier to rows that are drawn, augmented and mixed as the batches of a network are.

    A mixed row bears the label of its greater part, as estimators know no soft labels.

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
    images, generator, augment = rows.images[seen], np.random.default_rng(config.seed), config.augment(setting)
    if augment is not None:
        images = augment(images, generator)
    if setting.mixup:
        share = generator.beta(setting.mixup, setting.mixup, (len(images), 1, 1, 1))
        share = np.maximum(share, 1 - share)
        images = np.round(share * images + (1 - share) * images[generator.permutation(len(images))]).astype(np.uint8)
    weighted = has_fit_parameter(estimator, "sample_weight")
    weights = {"sample_weight": loss_weights(rows, setting)[seen]} if weighted else {}
    estimator.fit(encode(images), rows.labels[seen], **weights)

    def predict(given: NDArray[np.uint8]) -> NDArray[np.float64]:
        probabilities = np.zeros((len(given), config.n_classes))
        probabilities[:, estimator.classes_] = estimator.predict_proba(encode(given))
        return probabilities

    return predict


def _flat(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Pixels in [0, 1], (n, H W C)."""
    return images.reshape(len(images), -1).astype(np.float32) / np.float32(255)


def _features(rows: TrainingRows, config: TrainConfig) -> Encode:
    """Features of a small ConvNet trained on the real rows, or on all where none is real."""
    real = ~rows.synthetic if not rows.synthetic.all() else rows.synthetic
    model = train_classifier(
        rows.images[real],
        rows.labels[real],
        config.n_classes,
        steps=config.steps,
        seed=config.seed,
        device=config.device,
    )
    return lambda images: extract_features(model, images)


def make_estimator(name: str, setting: Setting = Setting()) -> Any:  # noqa: B008 - frozen
    """Make the scikit-learn estimator that ``sklearn.module.Class(key=value)`` describes; values are literals.

    What the learning rate is to a network, a parameter is to an estimator: each of `RATES` stands for a value of it. It
    is the one whose value is a list, ``C=[1, 10, 100]``, or else the first of `TUNED` that the estimator has, times a
    factor.

    Raises
    ------
    ConfigError
        There is no such estimator, it gives no probabilities, or nothing tells this setting from another.
    """
    module, attribute, options = _parsed(name)
    lists = [key for key, value in options.items() if isinstance(value, list)]
    at = RATES.index(setting.learning_rate)
    if len(lists) > 1:
        raise ConfigError(f"the classifier {name!r} lists values of {' and '.join(lists)}; list those of one parameter")
    for key in lists:
        values = options[key]
        if at >= len(values) or any(value in values[:i] for i, value in enumerate(values)):
            raise ConfigError(
                f"the classifier {name!r} lists {len(values)} values of {key}, but evaluate.trials takes {at + 1} "
                "different ones, as every arm is tuned alike; list more, or try fewer settings"
            )
        options[key] = values[at]
    try:
        estimator = getattr(importlib.import_module(module), attribute)(**options)
    except (ImportError, AttributeError, TypeError) as error:
        raise ConfigError(f"the classifier {name!r} cannot be made: {error}") from None
    if not hasattr(estimator, "predict_proba"):
        raise ConfigError(
            f"the classifier {name!r} gives no probabilities (predict_proba); wrap it in "
            "sklearn.calibration.CalibratedClassifierCV in a module of your own, or take another"
        )
    return estimator if lists or not at else estimator.set_params(**_tuned(name, estimator.get_params(), at))


def _parsed(name: str) -> tuple[str, str, dict[str, Any]]:
    """Split a name into module, class and options."""
    try:
        tree = ast.parse(name, mode="eval").body
        call = tree if isinstance(tree, ast.Call) else ast.Call(tree, [], [])
        options = {str(keyword.arg): ast.literal_eval(keyword.value) for keyword in call.keywords}
        module, _, attribute = ast.unparse(call.func).rpartition(".")
    except (SyntaxError, ValueError) as error:
        raise ConfigError(
            f"the classifier {name!r} is not written as sklearn.module.Class(key=value): {error}"
        ) from None
    return module, attribute, options


def _tuned(name: str, parameters: Mapping[str, Any], at: int) -> dict[str, Any]:
    """Return the tuned parameter's value for the rate at this position."""
    for key, factors in TUNED.items():
        value = parameters.get(key)
        if isinstance(value, (int, float)) and not isinstance(value, bool) and value > 0:
            return {key: value * factors[at]}
    raise ConfigError(
        f"the classifier {name!r} has no parameter that ganaug knows to tune ({', '.join(TUNED)}), so arms would not "
        "be tuned alike: list values to try, as in LogisticRegression(C=[1, 10]), or set evaluate.trials to 1"
    )
