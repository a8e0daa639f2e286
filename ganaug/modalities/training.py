"""What the training of every downstream classifier has in common, whatever it is made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ganaug.modalities.batches import plan_batches
from ganaug.modalities.loaded import Spec
from ganaug.utils.samples import Samples, take

Predict = Callable[[Samples], NDArray[Any]]  # samples (n) to class probabilities (n, n_classes)

LOGIT_ADJUSTED, DEFERRED, GROUP_BALANCED = "logit_adjusted", "deferred", "group_balanced"  # how rows are drawn
NATURAL = {LOGIT_ADJUSTED: 1.0, DEFERRED: 0.6}  # share of the steps, at the start, in which rows are drawn as they come

RATES = (3e-3, 1e-3, 6e-3, 2e-3, 4e-3, 5e-4)  # learning rates, in the order tried


@dataclass(frozen=True)
class Setting:
    """What validation rows may choose about the training of a classifier.

    Attributes
    ----------
    learning_rate : float
        Peak of a network's schedule; one of `RATES`. Of an estimator it stands for another parameter, see
        `ganaug.modalities.estimators.make_estimator`.
    strength : float
        Of the modality's classical augmentation; 0: none.
    mixup : float
        Parameter of MixUp's Beta distribution; 0: none.
    share, weight, min_confidence, pretrain : float
        How synthetic rows enter, see `ganaug.config.Mixing`.
    method : str
        What else the modality does with the training rows, by name; empty: nothing.
    """

    learning_rate: float = 3e-3
    strength: float = 0.0
    mixup: float = 0.0
    share: float = 0.0
    weight: float = 1.0
    min_confidence: float = 0.0
    pretrain: float = 0.0
    method: str = ""

    @property
    def synthetic(self) -> bool:
        """Whether synthetic rows enter at all."""
        return self.share > 0 or self.pretrain > 0


@dataclass
class TrainingRows:
    """What a classifier is trained on.

    Attributes
    ----------
    samples, labels : Samples (n) and int array (n,)
        Rows.
    synthetic : bool array (n,)
        Which are synthetic.
    confidence : float array (n,)
        The teacher's confidence in a synthetic row's label; 1 for real rows.
    ids : object array (n,)
        Content hashes.
    groups : object array (n,)
        Names of their groups, or None; left out, of none.
    """

    samples: Samples
    labels: NDArray[np.int64]
    synthetic: NDArray[np.bool_]
    confidence: NDArray[np.float32]
    ids: NDArray[np.object_]
    groups: NDArray[np.object_] = field(default_factory=lambda: np.empty(0, object))

    def __post_init__(self) -> None:
        if not len(self.groups):
            self.groups = np.full(len(self.labels), None, object)

    @property
    def cells(self) -> NDArray[np.int64]:
        """A code (n,) for the class of each row in its group."""
        codes, names = pd.factorize(self.groups)
        return self.labels * (len(names) + 1) + codes + 1

    def take(self, mask: NDArray[np.bool_]) -> TrainingRows:
        """Return the rows that ``mask`` marks."""
        return TrainingRows(*(take(getattr(self, name), mask) for name in self.__dataclass_fields__))


@dataclass(frozen=True)
class TrainConfig:
    """How a classifier is trained, but for its rows and its setting.

    Attributes
    ----------
    n_classes, steps, batch_size, seed : int
        Classes, optimiser steps, rows in a batch, and of everything random.
    invariances : tuple of str
        Changes that keep a label true, beyond those that do for nearly any data.
    device : str
        Where torch trains.
    spec : Spec or None
        What all samples share, for those modalities whose classifiers have to know.
    """

    n_classes: int
    steps: int
    batch_size: int
    seed: int
    invariances: tuple[str, ...] = ()
    device: str = "cpu"
    spec: Spec | None = None

    def plan(self, rows: TrainingRows, setting: Setting, steps: int) -> NDArray[np.int64]:
        """Choose the rows of every batch (steps, batch_size).

        Where groups are balanced, synthetic rows have no share of their own: they stand where real ones are missing.
        """
        by_cell = setting.method == GROUP_BALANCED
        return plan_batches(
            rows.cells if by_cell else rows.labels,
            steps,
            self.batch_size,
            np.random.default_rng(self.seed),
            synthetic=rows.synthetic,
            share=None if by_cell else setting.share,
            pretrain=setting.pretrain,
            natural=NATURAL.get(setting.method, 0.0),
        )


def loss_weights(rows: TrainingRows, setting: Setting) -> NDArray[np.float32]:
    """Weight of each row's loss."""
    return np.where(rows.synthetic, setting.weight, 1).astype(np.float32)
