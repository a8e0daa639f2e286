"""Downstream classifiers of tables by name.

- ``hist_gradient_boosting``, ``random_forest``, ``logistic_regression`` of scikit-learn;
- ``lightgbm``, ``xgboost``, ``catboost``, where installed;
- ``sklearn.module.Class(key=value)``: any scikit-learn classifier with ``predict_proba``;
- ``package.module:function``: ``function()`` returns one.

Missing values and categories go to a classifier as such where it takes them. Else numbers are scaled, gaps filled with
the median and marked, and categories become a column a level, all as the real training rows say.
"""

from __future__ import annotations

import importlib.util
import warnings
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.validation import has_fit_parameter

from ganaug.errors import ConfigError, DataError, option
from ganaug.modalities.estimators import is_users, make_estimator, make_users
from ganaug.modalities.table.features import Features, Matrix, Scaled
from ganaug.modalities.table.spec import TableSpec, infer
from ganaug.modalities.table.treatments import Training, needs_imblearn, treat
from ganaug.modalities.training import Predict, Setting, TrainConfig, TrainingRows
from ganaug.modalities.treatments import mix_weights

NAMED = {
    "hist_gradient_boosting": "sklearn.ensemble.HistGradientBoostingClassifier(min_samples_leaf=5)",
    "random_forest": "sklearn.ensemble.RandomForestClassifier(n_estimators=200)",
    "logistic_regression": "sklearn.linear_model.LogisticRegression(max_iter=1000)",
    "lightgbm": "lightgbm.LGBMClassifier(min_child_samples=5, verbose=-1, n_jobs=1)",
    "xgboost": "xgboost.XGBClassifier(learning_rate=0.3, n_jobs=1)",
    "catboost": "catboost.CatBoostClassifier(learning_rate=0.1, thread_count=1, verbose=False, "
    "allow_writing_files=False)",
}
OTHERS = ("lightgbm", "xgboost", "catboost")  # packages of their own
BALANCED_FOREST = (
    "imblearn.ensemble.BalancedRandomForestClassifier(n_estimators=200, sampling_strategy='all', replacement=True, "
    "bootstrap=False)"
)


def check_classifier(name: str, settings: Iterable[Setting] = (Setting(),)) -> None:
    """Raise `ConfigError` unless there is a classifier of this name, and it can be trained in these settings."""
    for setting in settings:
        _make(name, setting)


def fit_classifier(name: str, rows: TrainingRows, setting: Setting, config: TrainConfig) -> Predict:
    """Train the classifier of this name.

    Synthetic rows enter by their weight, see `ganaug.modalities.treatments.mix_weights`.

    Returns
    -------
    callable
        From rows of a table (n) to class probabilities (n, n_classes).

    Raises
    ------
    ConfigError
        There is no such classifier, or it cannot be used.
    DataError
        The setting's method cannot be used on these rows.
    """
    real = ~rows.synthetic if not rows.synthetic.all() else rows.synthetic
    known: pd.DataFrame = rows.samples[real].reset_index(drop=True)
    spec = config.spec if isinstance(config.spec, TableSpec) else infer(known)
    features = Features.fit(known, spec)
    values, weights = features(rows.samples), mix_weights(rows.synthetic, setting)
    used = weights > 0
    training = Training(values[used], rows.labels[used], weights[used])
    training = treat(training, setting.method, setting.mixup, features.is_category, config.seed)
    estimator = _make(BALANCED_FOREST if setting.method == "balanced_forest" else name, setting)
    if "random_state" in estimator.get_params():
        estimator.set_params(random_state=config.seed)
    prepare = _preparation(estimator, features, values[real])
    classes, labels = np.unique(training.labels, return_inverse=True)
    if len(classes) < 2:
        raise DataError("a classifier needs training rows of two classes at least: give more rows.")
    weighted = {"sample_weight": training.weights} if has_fit_parameter(estimator, "sample_weight") else {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # one trial among several
        estimator.fit(prepare(training.values), labels, **weighted)
    shares = np.bincount(labels, training.weights) / training.weights.sum()

    def predict(samples: pd.DataFrame) -> NDArray[np.float64]:
        found = np.asarray(estimator.predict_proba(prepare(features(samples))), np.float64)
        if setting.method == "prior":
            found /= shares
        probabilities = np.zeros((len(samples), config.n_classes))
        probabilities[:, classes] = found / found.sum(1, keepdims=True)
        return probabilities

    return predict


def _make(name: str, setting: Setting) -> Any:
    """Make the estimator of a name."""
    if is_users(name):
        return make_users(name, setting)
    described = NAMED.get(name, name)
    package = described.partition(".")[0]
    if package in (*OTHERS, "imblearn") and importlib.util.find_spec(package) is None:
        if package == "imblearn":
            raise ConfigError(needs_imblearn("balanced_forest"))
        raise ConfigError(
            f"the classifier {name} needs the package {package}, which is not installed; run `pip install {package}`"
        )
    if package not in ("sklearn", "imblearn", *OTHERS):
        raise ConfigError(
            f"there is no classifier {name!r} of tables: {option('evaluate.classifiers')} takes {', '.join(NAMED)}, "
            "sklearn.<module>.<Class> or module:function"
        )
    return make_estimator(described, setting)


def _preparation(estimator: Any, features: Features, training: Matrix) -> Callable[[Matrix], Matrix]:
    """Return what makes values into what an estimator takes; one that knows categories is told which they are."""
    if "categorical_features" in estimator.get_params():
        estimator.set_params(categorical_features=features.is_category if features.is_category.any() else None)
        return lambda values: values
    if type(estimator).__module__.partition(".")[0] in OTHERS or _takes_gaps(estimator):
        return features.one_hot
    return Scaled.fit(features, training)


def _takes_gaps(estimator: Any) -> bool:
    from sklearn.utils import get_tags

    return bool(get_tags(estimator).input_tags.allow_nan)
