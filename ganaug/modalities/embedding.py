"""Classes of few rows told apart by what classes of many taught: rows as directions among a network's features.

A network that was trained on the common classes alone knows what rows of this kind differ by. Among its features rows
of a class that it never saw lie near one another, so that a few of them say where: by their mean (prototypical
networks, arXiv 1703.05175; centred and of length one, arXiv 1911.04623), or by logistic regression (arXiv 2003.11539).
This is the information that a translating generator has, without one.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganaug.errors import DataError
from ganaug.modalities.rarity import common
from ganaug.modalities.training import Predict, Setting, TrainConfig, TrainingRows
from ganaug.modalities.treatments import balanced, mix_weights
from ganaug.utils.samples import Samples

Floats = NDArray[np.floating[Any]]
Features = Callable[[Samples], Floats]  # samples (n) to features (n, F)

PROTOTYPES, LOGISTIC, JOINED, TRANSFER = "prototypes", "embedding_logistic", "joined_logistic", "feature_transfer"
METHODS = (PROTOTYPES, LOGISTIC, JOINED, TRANSFER)
SHARPNESS = 16.0  # of the softmax of cosines: half the probability means that no other class is nearly as near
SCALE, PENALTY, ITERATIONS = 10.0, 1e-4, 100  # of logistic regression: factor of the directions, weight of its squares
SHIFTS = 20  # of each row of a scarce class
TINY = 1e-9


class Embedding:
    """Directions of samples, as seen from the middle of the classes that are given.

    Parameters
    ----------
    features : callable
        Samples (n) to features (n, F).
    samples, codes : Samples (n) and int array (n,)
        Rows of these classes, each of which counts the same.
    """

    def __init__(self, features: Features, samples: Samples, codes: NDArray[np.int64]) -> None:
        self.features = features
        classes, codes = np.unique(codes, return_inverse=True)
        self.centre = class_means(unit(features(samples)), codes, len(classes)).mean(0)

    def __call__(self, samples: Samples) -> Floats:
        """Return directions (n, F) of length one."""
        return unit(unit(self.features(samples)) - self.centre)


def fit_embedded(
    train: Callable[[TrainingRows, int], Features], rows: TrainingRows, setting: Setting, config: TrainConfig
) -> Predict:
    """Train an embedding on the real rows of the common classes, and find all classes in it.

    Parameters
    ----------
    train : callable
        From rows, and how many classes they are of, to features.
    rows : TrainingRows
        Of all classes. Synthetic ones enter the means or the logistic regression, never the embedding.
    setting : Setting
        With a method of `METHODS`; `JOINED` is logistic regression, which the caller joins with something else.
    config : TrainConfig
        What is alike for all arms.

    Raises
    ------
    DataError
        All rows are of one class.
    """
    real = ~rows.synthetic if not rows.synthetic.all() else rows.synthetic
    known = common(np.bincount(rows.labels[real], minlength=config.n_classes))
    if len(known) < 2:
        raise DataError("a classifier needs training rows of two classes at least: give more rows.")
    base = rows.take(real & np.isin(rows.labels, known))
    base.labels = np.searchsorted(known, base.labels)
    embed = Embedding(train(base, len(known)), base.samples, base.labels)
    found, labels, synthetic = embed(rows.samples), rows.labels, rows.synthetic
    if setting.method == TRANSFER:
        moved, scarce = transferred(found[real], labels[real], known, config.seed)
        found, labels = np.concatenate([found, moved]), np.concatenate([labels, scarce])
        synthetic = np.concatenate([synthetic, np.zeros(len(scarce), bool)])
    weights = mix_weights(synthetic, setting)
    for kind in (synthetic, ~synthetic):
        weights[kind] *= balanced(labels[kind]) if kind.any() else 1
    if setting.method == PROTOTYPES:
        means = unit(class_means(found, labels, config.n_classes, weights))
        return lambda samples: nearest(embed(samples), means)
    ask = fit_logistic(found, labels, weights, config.n_classes)
    return lambda samples: ask(embed(samples))


def class_means(directions: Floats, codes: NDArray[np.int64], n_classes: int, weights: Floats | None = None) -> Floats:
    """Return the mean of each class (K, F), of rows that weigh so much (n,); zero where it has no row."""
    members = (codes == np.arange(n_classes)[:, None]).astype(np.float32)
    if weights is not None:
        members *= weights.astype(np.float32)
    total = members.sum(1, keepdims=True)
    found: Floats = members @ directions / np.where(total > 0, total, 1)
    return found


def nearest(directions: Floats, means: Floats) -> Floats:
    """Return class probabilities (n, K), the greatest for the mean (K, F) that is nearest."""
    return _softmax(SHARPNESS * directions @ means.T)


def fit_logistic(
    directions: Floats, labels: NDArray[np.int64], weights: Floats, n_classes: int
) -> Callable[[Floats], Floats]:
    """Fit logistic regression to weighted rows; return what gives class probabilities (n, K) of directions."""
    from sklearn.exceptions import ConvergenceWarning  # takes a while to load, and only this needs it
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=1 / (2 * PENALTY), fit_intercept=False, max_iter=ITERATIONS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # the penalty is small, and more steps change little
        model.fit(SCALE * directions, labels, sample_weight=weights / weights.sum())

    def ask(asked: Floats) -> Floats:
        found = np.zeros((len(asked), n_classes))
        found[:, model.classes_] = model.predict_proba(SCALE * asked)
        return found

    return ask


def transferred(
    directions: Floats, codes: NDArray[np.int64], known: NDArray[np.int64], seed: int
) -> tuple[Floats, NDArray[np.int64]]:
    """Move rows of the other classes as rows of the known ones differ from their class mean.

    Feature transfer (Yin et al., arXiv 1803.09014): within-class variation is taken to be alike in all classes.

    Returns
    -------
    directions, codes : arrays (m, F) and (m,)
        `SHIFTS` of each row of a class that is not among the known.
    """
    among = np.flatnonzero(np.isin(codes, known))
    scarce = np.repeat(np.flatnonzero(~np.isin(codes, known)), SHIFTS)
    means = class_means(directions, codes, int(codes.max()) + 1)
    like = np.random.default_rng(seed).choice(among, len(scarce))
    moved = unit(directions[scarce] + directions[like] - means[codes[like]])
    return moved, codes[scarce]


def join(first: Floats, second: Floats) -> Floats:
    """Average the log-probabilities (n, K) of two classifiers, where the second's differ as much as the first's."""
    scores = [np.log(np.maximum(found, TINY)) for found in (first, second)]
    scores = [each - each.mean(1, keepdims=True) for each in scores]
    spread, other = (np.maximum(each.std(1, keepdims=True), TINY) for each in scores)
    return _softmax((scores[0] + scores[1] * spread / other) / 2)


def unit(vectors: Floats) -> Floats:
    """Scale vectors (n, F) to a length of one."""
    found: Floats = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), TINY)
    return found


def _softmax(logits: Floats) -> Floats:
    powers = np.exp(logits - logits.max(1, keepdims=True))
    found: Floats = powers / powers.sum(1, keepdims=True)
    return found
