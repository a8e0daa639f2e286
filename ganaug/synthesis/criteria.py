"""How good a generator is on validation rows, to choose among its states through training. Lower is better.

Never call these with test rows: what chooses a model cannot judge it. Validation rows are real and have labels, so the
choice costs what those labels cost.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from torch import nn

from ganaug.metrics.distances import kid
from ganaug.modalities.base import Modality
from ganaug.modalities.loaded import Spec
from ganaug.modalities.parts import Codec
from ganaug.synthesis.sample import sample
from ganaug.utils.registry import Registry
from ganaug.utils.samples import Samples, concat

Codes = NDArray[np.int64]
Criterion = Callable[[nn.Module], float]

PER_CLASS = 50  # samples of each class that are looked at
STEPS = 300  # of a classifier that is trained here


class Known(NamedTuple):
    """What a criterion may look at: samples (n) and class codes (n,)."""

    modality: Modality
    spec: Spec
    codec: Codec
    samples: Samples
    codes: Codes
    validation_samples: Samples
    validation_codes: Codes
    n_classes: int
    seed: int
    device: str


CRITERIA: Registry[Callable[[Known], Criterion]] = Registry("criterion")


@CRITERIA.register("kid")
def class_wise_kid(known: Known) -> Criterion:
    """Mean over classes of the kernel inception distance (Binkowski et al., arXiv 1801.01401) to validation rows.

    On features of a classifier trained on the training rows, not Inception's. Class by class, since a good distance
    over all rows can hide bad classes. Those with a single validation row are left out.
    """
    teacher = known.modality.teacher(
        known.samples, known.codes, known.n_classes, steps=STEPS, seed=known.seed, device=known.device, spec=known.spec
    )
    theirs = teacher.features(known.validation_samples)
    counts = np.bincount(known.validation_codes, minlength=known.n_classes)
    classes = np.flatnonzero(counts > 1)

    def distance(generator: nn.Module) -> float:
        samples, codes = _samples(generator, known)
        ours = teacher.features(samples)
        return float(np.mean([kid(ours[codes == c], theirs[known.validation_codes == c]) for c in classes]))

    return distance


@CRITERIA.register("accuracy")
def train_on_synthetic(known: Known) -> Criterion:
    """Minus the accuracy, on validation rows, of a classifier trained on samples only (CAS, arXiv 1905.10887)."""

    def error(generator: nn.Module) -> float:
        samples, codes = _samples(generator, known)
        found = (
            known.modality.teacher(
                samples, codes, known.n_classes, steps=STEPS, seed=known.seed, device=known.device, spec=known.spec
            )
            .predict_proba(known.validation_samples)
            .argmax(1)
        )
        return -float((found == known.validation_codes).mean())

    return error


def _samples(generator: nn.Module, known: Known) -> tuple[Samples, Codes]:
    codes = np.repeat(np.arange(known.n_classes), PER_CLASS)
    return concat([known.codec.to_samples(part) for part in sample(generator, codes, known.seed)]), codes
