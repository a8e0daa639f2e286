"""scikit-learn estimators by name, and the parameter by which each is tuned."""

from __future__ import annotations

import ast
import importlib
from typing import Any

from ganaug.errors import ConfigError
from ganaug.modalities.training import RATES, Setting
from ganaug.utils.imported import import_named

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
NAMED = ("sklearn.", "features:sklearn.", "sentence_transformers:", "timm:")  # before what else a colon may stand in


def is_users(name: str) -> bool:
    """Whether a classifier's name means a user's function, ``module:function``, or features that one makes."""
    return ":" in name.removeprefix("features:") and not name.startswith(NAMED)


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
    return estimator if lists else tuned(estimator, name, setting)


def make_users(name: str, setting: Setting) -> Any:
    """Make the estimator that a user's function ``module:function`` returns, tuned for a setting.

    Raises
    ------
    ConfigError
        There is no such function, what it returns gives no probabilities, or nothing tells this setting from another.
    """
    estimator = import_named(name, "the classifier")()
    if not hasattr(estimator, "predict_proba"):
        raise ConfigError(f"the classifier {name} gives no probabilities (predict_proba); return one that does")
    return tuned(estimator, name, setting)


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


def tuned(estimator: Any, name: str, setting: Setting) -> Any:
    """Return the estimator with the tuned parameter's value for a setting; `ConfigError` where it has none."""
    at, parameters = RATES.index(setting.learning_rate), estimator.get_params()
    if not at:
        return estimator
    for key, factors in TUNED.items():
        value = parameters.get(key)
        if isinstance(value, (int, float)) and not isinstance(value, bool) and value > 0:
            return estimator.set_params(**{key: value * factors[at]})
    raise ConfigError(
        f"the classifier {name!r} has no parameter that ganaug knows to tune ({', '.join(TUNED)}), so arms would not "
        "be tuned alike: list values to try, as in LogisticRegression(C=[1, 10]), or set evaluate.trials to 1"
    )
