"""Downstream classifiers of texts by name.

- ``tfidf_logistic_regression`` and ``tfidf_linear_svm``, on words, pairs of words and runs of characters;
- ``sklearn.module.Class(key=value)``: any scikit-learn classifier with ``predict_proba``, on the same;
- ``sentence_transformers:MODEL`` and ``features:package.module:function``: logistic regression on embeddings, see
  `ganaug.modalities.text.embeddings`;
- ``package.module:function``: ``function()`` returns an estimator that takes the texts themselves.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.validation import has_fit_parameter
from threadpoolctl import threadpool_limits

from ganaug.errors import ConfigError, option
from ganaug.modalities.estimators import is_users, make_estimator, make_users
from ganaug.modalities.text.embeddings import embed, encoder, is_embedding
from ganaug.modalities.text.features import TfidfFeatures
from ganaug.modalities.text.spec import Texts
from ganaug.modalities.text.treatments import mixed_within, treat
from ganaug.modalities.training import Predict, Setting, TrainConfig, TrainingRows
from ganaug.modalities.treatments import Training, weighted

NAMED = {
    "tfidf_logistic_regression": "sklearn.linear_model.LogisticRegression(C=10.0, max_iter=1000)",
    "tfidf_linear_svm": "ganaug.modalities.text.features.LinearSVM(C=1.0)",
}
EMBEDDED = NAMED["tfidf_logistic_regression"]  # on embeddings


def check_classifier(name: str, settings: Iterable[Setting] = (Setting(),)) -> None:
    """Raise `ConfigError` unless there is a classifier of this name, and it can be trained in these settings."""
    for setting in settings:
        _make(name, setting)
    if is_embedding(name):
        encoder(name, "cpu")  # what cannot be loaded is said before anything is trained


def fit_classifier(name: str, rows: TrainingRows, setting: Setting, config: TrainConfig) -> Predict:
    """Train the classifier of this name; every class weighs the same.

    Synthetic rows enter by their weight, see `ganaug.modalities.treatments.mix_weights`.

    Returns
    -------
    callable
        From texts (n) to class probabilities (n, n_classes).

    Raises
    ------
    ConfigError
        There is no such classifier, or it cannot be used.
    DataError
        The rows are of one class.
    """
    training = weighted(rows, setting, config.n_classes)
    with threadpool_limits(1, "blas"):
        return _fit(name, treat(training, setting, config.seed), setting, config)


def _fit(name: str, training: Training, setting: Setting, config: TrainConfig) -> Predict:
    estimator = _make(name, setting)
    if "random_state" in estimator.get_params():
        estimator.set_params(random_state=config.seed)
    labels, weights = training.targets.argmax(1), training.weights
    as_inputs = _inputs_of(name, training.samples, config.device)
    inputs = as_inputs(training.samples)
    if setting.mixup and not _takes_texts(name):
        inputs, labels, weights = mixed_within(csr_matrix(inputs), labels, weights, setting.mixup, config.seed)
    weighing = {"sample_weight": weights} if has_fit_parameter(estimator, "sample_weight") else {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # one trial among several
        estimator.fit(inputs, labels, **weighing)

    def predict(samples: Texts) -> NDArray[np.float64]:
        probabilities = np.zeros((len(samples), config.n_classes))
        probabilities[:, estimator.classes_] = estimator.predict_proba(as_inputs(samples))
        return probabilities

    return predict


def _inputs_of(name: str, training: Texts, device: str) -> Callable[[Texts], Any]:
    """Return what maps texts to what the classifier of this name takes."""
    if is_embedding(name):
        return lambda texts: embed(name, texts, device)
    return list if _takes_texts(name) else TfidfFeatures.fit(training)


def _takes_texts(name: str) -> bool:
    """Whether a classifier's name means a user's estimator of the texts themselves."""
    return is_users(name) and not is_embedding(name)


def _make(name: str, setting: Setting) -> Any:
    """Make the estimator of a name."""
    if _takes_texts(name):
        return make_users(name, setting)
    described = EMBEDDED if is_embedding(name) else NAMED.get(name, name)
    if described == name and not name.startswith("sklearn."):
        raise ConfigError(
            f"there is no classifier {name!r} of texts: {option('evaluate.classifiers')} takes {', '.join(NAMED)}, "
            "sentence_transformers:<model>, features:module:function, sklearn.<module>.<Class> or module:function"
        )
    return make_estimator(described, setting)
