"""Downstream classifiers from other packages, for samples of any kind; a modality's own are the modality's."""

from __future__ import annotations

from collections.abc import Callable

from ganaug.modalities.training import Predict, Setting, TrainConfig, TrainingRows
from ganaug.utils.registry import Registry

# From (rows, setting, config) to what gives class probabilities of samples.
CLASSIFIERS: Registry[Callable[[TrainingRows, Setting, TrainConfig], Predict]] = Registry("classifier")
