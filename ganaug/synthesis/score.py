"""What speaks for and against a generated row: the discriminator, a teacher, the nearest training row."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Scores = dict[str, NDArray[Any]]
BLOCK = 4096  # training rows compared at once, so that memory does not grow with their number


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


class Scorer:
    """Score generated rows.

    Parameters
    ----------
    realism : callable
        ``(rows, labels) -> P(real)``, the discriminator's view.
    teacher : callable
        ``rows -> class probabilities (n, K)``, from a classifier that has seen the training rows only.
    training : uint8 array (m, ...)
        The training rows.
    """

    def __init__(
        self,
        realism: Callable[[NDArray[np.uint8], NDArray[np.int64]], Floats],
        teacher: Callable[[NDArray[np.uint8]], Floats],
        training: NDArray[np.uint8],
    ) -> None:
        self._realism, self._teacher, self._training = realism, teacher, training
        self.copy_distance = copy_distance(training)

    def __call__(self, rows: NDArray[np.uint8], labels: NDArray[np.int64]) -> Scores:
        """Return realism, confidence in the row's own label, nearest_distance and nearest, each (n,)."""
        distance, closest = nearest(rows, self._training)
        return {
            "realism": self._realism(rows, labels),
            "confidence": self._teacher(rows)[np.arange(len(rows)), labels],
            "nearest_distance": distance,
            "nearest": closest,
        }
