"""The small ConvNet as the teacher that scores generated images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

from ganaug.modalities.image.classifier import extract_features, predict_proba, train_classifier


@dataclass(frozen=True)
class ImageTeacher:
    """A trained `SmallCNN`; see `ganaug.modalities.parts.Teacher`."""

    network: nn.Module

    @classmethod
    def train(
        cls, images: NDArray[np.uint8], labels: NDArray[np.int64], n_classes: int, **options: Any
    ) -> ImageTeacher:
        """Train one; ``options`` are those of `train_classifier`."""
        return cls(train_classifier(images, labels, n_classes, **options))

    def predict_proba(self, samples: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return class probabilities (n, K)."""
        return predict_proba(self.network, samples)

    def features(self, samples: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return what the last layer sees (n, F)."""
        return extract_features(self.network, samples)
