"""What the training of every classifier has in common, whatever it is made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganaug.evaluation.downstream.arms import Setting
from ganaug.evaluation.downstream.training_rows import TrainingRows
from ganaug.modalities.batches import plan_batches
from ganaug.modalities.image.classical import ClassicalAugment

Predict = Callable[[NDArray[np.uint8]], NDArray[Any]]  # images (n, H, W, C) to class probabilities (n, n_classes)


@dataclass(frozen=True)
class TrainConfig:
    """How a classifier is trained, but for its rows and its setting.

    Attributes
    ----------
    n_classes, steps, batch_size, seed : int
        See `ganaug.modalities.image.classifier.train_classifier`.
    invariances : tuple of str
        Of the classical augmentation.
    device : str
        Where torch trains.
    """

    n_classes: int
    steps: int
    batch_size: int
    seed: int
    invariances: tuple[str, ...] = ()
    device: str = "cpu"

    def plan(self, rows: TrainingRows, setting: Setting, steps: int) -> NDArray[np.int64]:
        """Choose the rows of every batch (steps, batch_size)."""
        return plan_batches(
            rows.labels,
            steps,
            self.batch_size,
            np.random.default_rng(self.seed),
            synthetic=rows.synthetic,
            share=setting.share,
            pretrain=setting.pretrain,
        )

    def augment(self, setting: Setting) -> ClassicalAugment | None:
        """Return the classical augmentation, if there is any."""
        return ClassicalAugment(self.invariances, setting.strength) if setting.strength else None


def loss_weights(rows: TrainingRows, setting: Setting) -> NDArray[np.float32]:
    """Weight of each row's loss."""
    return np.where(rows.synthetic, setting.weight, 1).astype(np.float32)
