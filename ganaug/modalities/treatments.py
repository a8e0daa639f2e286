"""What is done to training samples of any kind before a classifier sees them: made ones join, classes weigh alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ganaug.errors import DataError
from ganaug.modalities.training import Setting, TrainingRows
from ganaug.utils.samples import Samples, concat, take

COPIES, MOST_COPIES = 4, 4_000  # of a real sample, each changed in another way; and of all together

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Training:
    """What a classifier is fitted to.

    Attributes
    ----------
    samples : Samples (n)
        Training samples.
    targets : array (n, K)
        The probability of each class.
    weights : array (n,)
        Of each sample.
    real : bool array (n,)
        Which are real samples, as they are.
    """

    samples: Samples
    targets: Floats
    weights: Floats
    real: NDArray[np.bool_]

    def plus(self, samples: Samples, targets: Floats, weights: Floats) -> Training:
        """Return these samples and others, which are made up."""
        return Training(
            concat([self.samples, samples]),
            np.concatenate([self.targets, targets]),
            np.concatenate([self.weights, weights]),
            np.concatenate([self.real, np.zeros(len(weights), bool)]),
        )

    def of_class(self, code: int) -> NDArray[np.int64]:
        """Return the positions of a class's samples."""
        return np.flatnonzero(self.targets.argmax(1) == code)


def balanced(labels: NDArray[np.int64]) -> Floats:
    """Return weights (n,) of mean 1 with which each class weighs the same."""
    counts = np.bincount(labels)
    return np.asarray(len(labels) / np.count_nonzero(counts) / counts[labels], np.float64)


def mix_weights(synthetic: NDArray[np.bool_], setting: Setting) -> Floats:
    """Weight rows (n,) so that synthetic ones have their share, all together as much as the real rows would have.

    So more synthetic rows neither drown the real ones nor loosen what keeps a classifier simple.
    """
    real = int((~synthetic).sum())
    if not real or real == len(synthetic):
        return np.asarray(np.where(synthetic, setting.weight, 1.0), np.float64)
    share = setting.pretrain + (1 - setting.pretrain) * setting.share
    each = share * real / (len(synthetic) - real)
    return np.asarray(np.where(synthetic, setting.weight * each, 1 - share), np.float64)


def weighted(rows: TrainingRows, setting: Setting, n_classes: int) -> Training:
    """Return the rows that a setting has enter, every class weighing the same; `DataError` where they are of one class.

    If all are synthetic, they count as real.
    """
    weights = mix_weights(rows.synthetic, setting)
    used = np.flatnonzero(weights > 0)
    if len(np.unique(rows.labels[used])) < 2:
        raise DataError("a classifier needs training rows of two classes at least: give more rows.")
    weights = weights[used] * balanced(rows.labels[used])
    targets = np.eye(n_classes)[rows.labels[used]]
    real = ~rows.synthetic[used]
    return Training(take(rows.samples, used), targets, weights, real if real.any() else ~real)


def with_changed(training: Training, change: Callable[[NDArray[np.int64]], Samples]) -> Training:
    """Add changed copies of every sample: `COPIES` of a real one, one of others. All of a sample weigh what it did.

    ``change`` maps positions of samples to changed copies of these.
    """
    copies = np.where(training.real, max(1, min(COPIES, MOST_COPIES // max(int(training.real.sum()), 1))), 1)
    source = np.repeat(np.arange(len(copies)), copies)
    shared = replace(training, weights=training.weights / (1 + copies))
    return shared.plus(change(source), training.targets[source], shared.weights[source])


def doubled(training: Training, make: Callable[[Samples, int, int], Samples]) -> Training:
    """Add what each class lacks to twice the samples of the largest, so that it says something of balanced classes.

    ``make`` makes so many of the samples of a class, whose code it is given last. All that a class then has weigh as
    much as it did.
    """
    counts = np.bincount(training.targets.argmax(1), minlength=training.targets.shape[1])
    for code in np.flatnonzero(counts).tolist():
        own, missing = training.of_class(code), int(2 * counts.max() - counts[code])
        made = make(take(training.samples, own), missing, code)
        total, weights = training.weights[own].sum(), training.weights.copy()
        weights[own] *= len(own) / (len(own) + missing)
        targets = np.repeat(training.targets[own[:1]], missing, axis=0)
        more = np.full(missing, total / (len(own) + missing))
        training = replace(training, weights=weights).plus(made, targets, more)
    return training
