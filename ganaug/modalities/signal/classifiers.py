"""The downstream classifiers of signals: MiniRocket and ridge regression first, estimators of scikit-learn by name."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import has_fit_parameter
from threadpoolctl import threadpool_limits

from ganaug.errors import ConfigError, option
from ganaug.modalities.estimators import is_users, make_estimator, make_users
from ganaug.modalities.signal.features import RocketFeatures, raw_features
from ganaug.modalities.signal.minirocket import FEATURES
from ganaug.modalities.signal.ridge import Ridge
from ganaug.modalities.signal.spec import SignalSpec
from ganaug.modalities.signal.treatments import treat
from ganaug.modalities.training import RATES, Predict, Setting, TrainConfig, TrainingRows
from ganaug.modalities.treatments import Training, weighted
from ganaug.utils.samples import take

MINIROCKET = "minirocket"
COMPONENTS = "components_"  # before the name of a classifier that sees principal components
NAMED = {
    "logistic_regression": "sklearn.linear_model.LogisticRegression(max_iter=1000)",
    "components_logistic_regression": "sklearn.linear_model.LogisticRegression(max_iter=1000)",
}
PENALTY_FACTORS = dict(zip(RATES, (1.0, 10.0, 0.1, 100.0, 0.01, 3.0), strict=True))
SHARE = 0.99  # of the variance that principal components keep


def check_classifier(name: str, settings: Iterable[Setting] = (Setting(),)) -> None:
    """Raise `ConfigError` unless there is a classifier of this name, and it can be trained in these settings."""
    for setting in settings:
        if name != MINIROCKET:
            _make(name, setting)


def fit_classifier(name: str, rows: TrainingRows, setting: Setting, config: TrainConfig) -> Predict:
    """Train the classifier of this name; every class weighs the same.

    Synthetic rows enter by their weight, see `ganaug.modalities.treatments.mix_weights`.

    Returns
    -------
    callable
        From signals (n) to class probabilities (n, n_classes).

    Raises
    ------
    ConfigError
        There is no such classifier, or it cannot be used.
    DataError
        The rows are of one class.
    """
    spec = config.spec
    assert isinstance(spec, SignalSpec)
    training = weighted(rows, setting, config.n_classes)
    with threadpool_limits(1, "blas"):
        return fit(name, treat(training, setting, spec, config.seed), setting, spec, config)


def fit(name: str, training: Training, setting: Setting, spec: SignalSpec, config: TrainConfig) -> Predict:
    """Train the classifier of this name on signals as they are."""
    return (_fit_rocket if name == MINIROCKET else _fit_estimator)(name, training, setting, spec, config)


def _fit_rocket(name: str, training: Training, setting: Setting, spec: SignalSpec, config: TrainConfig) -> Predict:
    features = RocketFeatures.fit(take(training.samples, training.real), spec, FEATURES, config.seed)
    factor = PENALTY_FACTORS[setting.learning_rate]
    ridge = Ridge.fit(features(training.samples), training.targets, training.weights, training.real, factor)
    absent = training.targets.sum(0) == 0

    def predict(samples: Any) -> NDArray[np.float64]:
        found = ridge.predict_proba(features(samples))
        found[:, absent] = 0.0
        return np.asarray(found / found.sum(1, keepdims=True))

    return predict


def _fit_estimator(name: str, training: Training, setting: Setting, spec: SignalSpec, config: TrainConfig) -> Predict:
    """Train an estimator of scikit-learn's kind; of a mixed signal it sees every label, by its share."""
    estimator = _make(name, setting)
    if "random_state" in estimator.get_params():
        estimator.set_params(random_state=config.seed)
    values = raw_features(training.samples, spec)
    rows, labels = np.nonzero(training.targets)
    weights = (training.weights[:, None] * training.targets)[rows, labels]
    scaler = StandardScaler().fit(values[training.real])
    if name.startswith(COMPONENTS):
        scaler = make_pipeline(scaler, PCA(SHARE, svd_solver="full")).fit(values[training.real])
    weighted = {"sample_weight": weights} if has_fit_parameter(estimator, "sample_weight") else {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # one trial among several
        estimator.fit(scaler.transform(values)[rows], labels, **weighted)

    def predict(samples: Any) -> NDArray[np.float64]:
        found = estimator.predict_proba(scaler.transform(raw_features(samples, spec)))
        probabilities = np.zeros((len(samples), config.n_classes))
        probabilities[:, estimator.classes_] = found
        return probabilities

    return predict


def _make(name: str, setting: Setting) -> Any:
    """Make the estimator of a name."""
    if is_users(name):
        return make_users(name, setting)
    described = NAMED.get(name, name)
    if not described.startswith("sklearn."):
        raise ConfigError(
            f"there is no classifier {name!r} of signals: {option('evaluate.classifiers')} takes {MINIROCKET}, "
            f"{', '.join(NAMED)}, sklearn.<module>.<Class> or module:function"
        )
    return make_estimator(described, setting)
