"""Which generated rows to keep, and why the others are dropped."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganaug.errors import ConfigError
from ganaug.synthesis.score import Scorer, Scores

KEPT, LOW_CONFIDENCE, LOW_REALISM, COPY = "", "low_confidence", "low_realism", "copy"
CHUNK = 2048  # candidates drawn and scored at once: memory does not grow with the quota


@dataclass(frozen=True)
class Selection:
    """What a generated row must show to be kept.

    Parameters
    ----------
    min_confidence : float, default=0.5
        Least probability that the teacher gives to the row's own label.
    min_realism : float, default=0.0
        Least probability of being real that the discriminator gives.
    drop_copies : bool, default=True
        Drop rows much closer to a training row than training rows are to each other.
    max_candidates : float, default=4.0
        Draw at most this many candidates for every row wanted.

    Raises
    ------
    ConfigError
        A value is out of range.
    """

    min_confidence: float = 0.5
    min_realism: float = 0.0
    drop_copies: bool = True
    max_candidates: float = 4.0

    def __post_init__(self) -> None:
        for name in ("min_confidence", "min_realism"):
            if not 0 <= getattr(self, name) <= 1:
                raise ConfigError(f"{name} is {getattr(self, name)!r}: give a probability from 0 to 1.")
        if not 1 <= self.max_candidates < np.inf:
            raise ConfigError(f"max_candidates is {self.max_candidates!r}: give 1 or more.")

    def reasons(self, scores: Scores, copy_distance: float) -> NDArray[np.object_]:
        """Return why each row is dropped, ``""`` where it is kept; the first reason that applies."""
        reasons = np.full(len(scores["realism"]), KEPT, object)
        if self.drop_copies:
            reasons[scores["nearest_distance"] <= copy_distance] = COPY
        reasons[(reasons == KEPT) & (scores["confidence"] < self.min_confidence)] = LOW_CONFIDENCE
        reasons[(reasons == KEPT) & (scores["realism"] < self.min_realism)] = LOW_REALISM
        return reasons


@dataclass(frozen=True)
class Candidates:
    """A portion of generated rows with their scores and what became of them."""

    images: NDArray[np.uint8]  # (n, H, W, C)
    labels: NDArray[Any]  # (n,)
    scores: Scores
    reasons: NDArray[np.object_]  # "" where kept

    @property
    def kept(self) -> NDArray[np.bool_]:
        """Which rows are kept (n,)."""
        return np.asarray(self.reasons == KEPT, dtype=bool)


def fill_quotas(
    sampler: Callable[[NDArray[np.int64]], NDArray[np.uint8]],
    scorer: Scorer,
    selection: Selection,
    quotas: NDArray[np.int64],
) -> Iterator[Candidates]:
    """Draw candidates until every class has its quota of kept rows, or has used up its candidates.

    Parameters
    ----------
    sampler : callable
        Labels (n,) to new images.
    scorer : Scorer
        Scores them.
    selection : Selection
        Judges them.
    quotas : int array (K,)
        Rows to keep of each class.

    Yields
    ------
    Candidates
        At most `CHUNK` at a time, kept and dropped.
    """
    missing, left = quotas.copy(), np.ceil(quotas * selection.max_candidates).astype(np.int64)
    while (wanted := np.minimum(missing, left)).any():
        labels = np.repeat(np.arange(len(quotas)), wanted)
        for start in range(0, len(labels), CHUNK):
            codes = labels[start : start + CHUNK]
            images = sampler(codes)
            scores = scorer(images, codes)
            found = Candidates(images, codes, scores, selection.reasons(scores, scorer.copy_distance))
            missing -= np.bincount(codes[found.kept], minlength=len(quotas))
            left -= np.bincount(codes, minlength=len(quotas))
            yield found
