"""What speaks for and against a generated row: the discriminator, a teacher, the nearest training row."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics.pairwise import euclidean_distances

from ganaug.metrics.pruned import nearest_of
from ganaug.modalities.base import Modality
from ganaug.modalities.loaded import Spec
from ganaug.modalities.parts import Teacher
from ganaug.utils.samples import Samples, take

Floats = NDArray[np.float32]
Scores = dict[str, NDArray[Any]]
BLOCK = 4096  # training rows of a class looked at, so that memory does not grow with their number
NEIGHBOURS = 5


class ClassDensity:
    """How densely training rows of its class lie about a row, in a space of features (Naeem et al., arXiv 2002.09797).

    Around each training row there is a ball that reaches to its fifth neighbour of the class. The density at a row is
    the number of balls that hold it, over five. Of a class with more than 4,096 training rows that many are looked at;
    in one of two to five the balls reach to the furthest; where there is but one, nothing can be said: 1.

    Parameters
    ----------
    training : Samples (m)
        The training rows.
    codes : int array (m,)
        Their classes.
    features : callable
        Samples (n) to features (n, F).
    """

    def __init__(self, training: Samples, codes: NDArray[np.int64], features: Callable[[Samples], Floats]) -> None:
        self._balls: dict[int, tuple[Floats, Floats, int]] = {}
        for code in np.unique(codes):
            at = np.flatnonzero(codes == code)
            centres = features(take(training, at[:: -(-len(at) // BLOCK)]))
            k = min(NEIGHBOURS, len(centres) - 1)
            if k:
                between = euclidean_distances(centres)
                radii = np.partition(between, k, axis=1)[:, k].copy()  # 0 is to itself; a view would keep all of it
                self._balls[int(code)] = centres, radii, k

    def __call__(self, features: Floats, codes: NDArray[np.int64]) -> Floats:
        """Return the density (n,) at rows with features (n, F) that claim classes (n,)."""
        density = np.ones(len(codes), np.float32)
        for code in np.unique(codes):
            if int(code) in self._balls:
                centres, radii, k = self._balls[int(code)]
                density[codes == code] = (euclidean_distances(features[codes == code], centres) <= radii).sum(1) / k
        return density


class Scorer:
    """Score generated rows.

    Parameters
    ----------
    modality, spec : Modality and Spec
        What a sample is.
    realism : callable
        ``(samples, labels) -> P(real)``, the discriminator's view.
    teacher : Teacher
        A classifier that has seen the training rows only.
    training : Samples (m)
        The training rows.
    codes : int array (m,)
        Their classes.
    """

    def __init__(
        self,
        modality: Modality,
        spec: Spec,
        realism: Callable[[Samples, NDArray[np.int64]], Floats],
        teacher: Teacher,
        training: Samples,
        codes: NDArray[np.int64],
    ) -> None:
        self.modality, self.embed = modality, partial(modality.embed, spec=spec)
        self._realism, self._teacher = realism, teacher
        self._density = ClassDensity(training, codes, teacher.features)
        self._nearest = nearest_of(training, self.embed)
        self.training, self.codes = training, codes

    def __call__(self, rows: Samples, labels: NDArray[np.int64]) -> Scores:
        """Return realism, confidence in the row's own label, density, nearest_distance and nearest, each (n,)."""
        distance, closest = self._nearest(rows)
        return {
            "realism": self._realism(rows, labels),
            "confidence": self._teacher.predict_proba(rows)[np.arange(len(rows)), labels],
            "density": self._density(self._teacher.features(rows), labels),
            "nearest_distance": distance,
            "nearest": closest,
        }
