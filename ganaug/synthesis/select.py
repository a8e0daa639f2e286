"""Which generated rows to keep, and why the others are dropped."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganaug.data.rows import digest
from ganaug.errors import ConfigError, option
from ganaug.synthesis.filters import Choice, Portion, Reference, named_filters
from ganaug.synthesis.score import Scorer, Scores
from ganaug.utils.samples import Samples

KEPT = ""
MOST = 1e9  # candidates for every row wanted; more could not be counted
CHUNK = 2048  # candidates drawn and scored at once: memory does not grow with the quota


@dataclass(frozen=True)
class Selection:
    """What a generated row must pass to be kept.

    Parameters
    ----------
    filters : sequence of str or {str: mapping}
        Names in `ganaug.synthesis.filters.FILTERS`, with options or without, in the order in which they look at a row.
        Other packages add some through the entry points ``ganaug.filter``.
    max_candidates : float, default=4.0
        Draw at most this many candidates for every row wanted.

    Raises
    ------
    ConfigError
        A filter or an option is unknown, or a value out of range.

    Examples
    --------
    >>> everything = Selection(filters=())
    >>> strict = Selection(filters=("copy", {"confidence": {"threshold": 0.8}}, "density"))
    """

    filters: Sequence[Choice] = ("copy", "confidence")
    max_candidates: float = 4.0

    def __post_init__(self) -> None:
        named_filters(self.filters)
        if not 1 <= self.max_candidates < np.inf:
            raise ConfigError(f"{option('generate.max_candidates')} is {self.max_candidates!r}: give 1 or more.")

    def fit(self, reference: Reference) -> Callable[[Portion], NDArray[np.object_]]:
        """Return what says of each row of a portion which filter drops it, ``""`` where none does."""
        tests = [(name, made.fit(reference)) for name, made in named_filters(self.filters)]

        def reasons(rows: Portion) -> NDArray[np.object_]:
            found = np.full(len(rows.codes), KEPT, object)
            for name, passes in tests:
                left = np.flatnonzero(found == KEPT)
                found[left[~passes(rows.take(left))]] = name
            return found

        return reasons


@dataclass(frozen=True)
class Candidates:
    """A portion of generated rows with their scores and what became of them."""

    samples: Samples  # (n)
    labels: NDArray[Any]  # (n,)
    scores: Scores
    reasons: NDArray[np.object_]  # the filter that dropped the row, "" where kept
    trained_on: str  # digest of the rows that the teacher saw
    groups: NDArray[np.object_] | None = None  # (n,) in whose style a row is; None: of no certain one
    contents: NDArray[np.object_] | None = None  # (n,) ids of the rows of which these are versions; None: of none

    @property
    def kept(self) -> NDArray[np.bool_]:
        """Which rows are kept (n,)."""
        return np.asarray(self.reasons == KEPT, dtype=bool)


def fill_quotas(
    sampler: Callable[[NDArray[np.int64]], tuple[Samples, NDArray[np.object_] | None]],
    scorer: Scorer,
    selection: Selection,
    quotas: NDArray[np.int64],
    classes: NDArray[np.int64] | None = None,
    unseen: NDArray[np.bool_] | None = None,
) -> Iterator[Candidates]:
    """Draw candidates until every quota has its kept rows, or has used up its candidates.

    Parameters
    ----------
    sampler : callable
        Numbers (n,) of quotas to new samples, and ids of the rows of which they are versions, if they are.
    scorer : Scorer
        Scores them.
    selection : Selection
        Which to keep.
    quotas : int array (Q,)
        Rows to keep, of each class or of each cell.
    classes : int array (Q,), optional
        The class of each quota; None: quotas are of the classes.
    unseen : bool array (Q,), optional
        Which quotas are of cells without a training row, see `ganaug.synthesis.filters.Threshold`.

    Yields
    ------
    Candidates
        At most `CHUNK` at a time, kept and dropped; their labels are the numbers of the quotas.
    """
    classes = np.arange(len(quotas)) if classes is None else classes
    reasons = selection.fit(Reference(scorer.training, scorer.codes, scorer.embed))
    trained_on = digest(scorer.modality.ids(scorer.training))
    missing, left = (
        quotas.copy(),
        np.ceil(np.minimum(quotas * min(selection.max_candidates, MOST), 2.0**62)).astype(np.int64),
    )
    while (wanted := np.minimum(missing, left)).any():
        numbers = np.repeat(np.arange(len(quotas)), wanted)
        for start in range(0, len(numbers), CHUNK):
            at = numbers[start : start + CHUNK]
            (samples, contents), codes = sampler(at), classes[at]
            scores = scorer(samples, codes)
            portion = Portion(samples, codes, scores, None if unseen is None else unseen[at])
            found = Candidates(samples, at, scores, reasons(portion), trained_on, contents=contents)
            missing -= np.bincount(at[found.kept], minlength=len(quotas))
            left -= np.bincount(at, minlength=len(quotas))
            yield found
