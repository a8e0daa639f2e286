"""What speaks for and against a generated row: the discriminator, a teacher, the nearest training row."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics.pairwise import euclidean_distances

Floats = NDArray[np.float32]
Scores = dict[str, NDArray[Any]]
BLOCK = 4096  # training rows compared at once, so that memory does not grow with their number
NEIGHBOURS = 5
ROUNDING = 1e-6  # of the distance of equal rows


def nearest(
    rows: NDArray[np.uint8], training: NDArray[np.uint8], skip_self: bool = False
) -> tuple[Floats, NDArray[np.int64]]:
    """Find the nearest training row of every row.

    Parameters
    ----------
    rows, training : uint8 arrays (n, ...) and (m, ...)
        Rows of the same shape.
    skip_self : bool
        ``rows`` is ``training``, and a row is not its own neighbour.

    Returns
    -------
    float32 array (n,)
        Root mean square difference to it, 0 to 1.
    int array (n,)
        Which training row it is.
    """
    flat = rows.reshape(len(rows), -1).astype(np.float32) / 255
    best, where = np.full(len(flat), np.inf, np.float32), np.zeros(len(flat), np.int64)
    for start in range(0, len(training), BLOCK):
        part = training[start : start + BLOCK].reshape(-1, flat.shape[1]).astype(np.float32) / 255
        squared = (flat**2).sum(1)[:, None] - 2 * flat @ part.T + (part**2).sum(1)
        if skip_self:
            own = np.arange(max(start, 0), min(start + len(part), len(flat)))
            squared[own, own - start] = np.inf
        closest = squared.argmin(1)
        distance = np.sqrt(((flat - part[closest]) ** 2).mean(1))  # exact, unlike the expanded square: 0 for a copy
        closer = distance < best
        best[closer], where[closer] = distance[closer], closest[closer] + start
    return best, where


def copy_distance(training: NDArray[np.uint8]) -> float:
    """Return the distance below which a generated row counts as a copy.

    Half of what separates all but the closest twentieth of the training rows from their nearest neighbour: a row much
    closer to a training row than training rows are to each other. A copying diagnostic, no promise of privacy.
    """
    if len(training) < 2:
        return 0.0
    some = training[:: max(1, len(training) // BLOCK)]
    distances, _ = nearest(some, some, skip_self=True)
    return float(0.5 * np.quantile(distances, 0.05))


def spread_out(rows: NDArray[np.uint8], limit: float) -> NDArray[np.int64]:
    """Return positions of rows (n, ...), each further than ``limit`` from those before; distances as in `nearest`."""
    if not len(rows):
        return np.empty(0, np.int64)
    flat = rows.reshape(len(rows), -1).astype(np.float32) / 255
    close = euclidean_distances(flat) <= (limit + ROUNDING) * np.sqrt(flat.shape[1])
    kept: list[int] = []
    for at in range(len(flat)):
        if not close[at, kept].any():
            kept.append(at)
    return np.array(kept, np.int64)


class ClassDensity:
    """How densely training rows of its class lie about a row, in a space of features (Naeem et al., arXiv 2002.09797).

    Around each training row there is a ball that reaches to its fifth neighbour of the class. The density at a row is
    the number of balls that hold it, over five. Of a class with more than 4,096 training rows that many are looked at;
    in one of two to five the balls reach to the furthest; where there is but one, nothing can be said: 1.

    Parameters
    ----------
    features : float array (m, F)
        Of the training rows.
    codes : int array (m,)
        Their classes.
    """

    def __init__(self, features: Floats, codes: NDArray[np.int64]) -> None:
        self._balls: dict[int, tuple[Floats, Floats, int]] = {}
        for code in np.unique(codes):
            centres = features[codes == code]
            centres = centres[:: -(-len(centres) // BLOCK)]
            k = min(NEIGHBOURS, len(centres) - 1)
            if k:
                between = euclidean_distances(centres)
                self._balls[int(code)] = centres, np.partition(between, k, axis=1)[:, k], k  # 0 is to itself

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
    realism : callable
        ``(rows, labels) -> P(real)``, the discriminator's view.
    teacher : callable
        ``rows -> class probabilities (n, K)``, from a classifier that has seen the training rows only.
    features : callable
        ``rows -> (n, F)``, what the teacher's last layer sees.
    training : uint8 array (m, ...)
        The training rows.
    codes : int array (m,)
        Their classes.
    """

    def __init__(
        self,
        realism: Callable[[NDArray[np.uint8], NDArray[np.int64]], Floats],
        teacher: Callable[[NDArray[np.uint8]], Floats],
        features: Callable[[NDArray[np.uint8]], Floats],
        training: NDArray[np.uint8],
        codes: NDArray[np.int64],
    ) -> None:
        self._realism, self._teacher, self._features = realism, teacher, features
        self._density = ClassDensity(features(training), codes)
        self.training, self.codes = training, codes

    def __call__(self, rows: NDArray[np.uint8], labels: NDArray[np.int64]) -> Scores:
        """Return realism, confidence in the row's own label, density, nearest_distance and nearest, each (n,)."""
        distance, closest = nearest(rows, self.training)
        return {
            "realism": self._realism(rows, labels),
            "confidence": self._teacher(rows)[np.arange(len(rows)), labels],
            "density": self._density(self._features(rows), labels),
            "nearest_distance": distance,
            "nearest": closest,
        }
