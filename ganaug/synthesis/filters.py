"""Reasons to drop a generated row, each under a name; a selection is a list of them.

A filter looks only at the rows that those before it have left. A row that it drops carries its name as the reason.
Measured on two repeats of the built-in Fashion-MNIST cut, 600 steps, 200 kept rows a class, by a classifier that was
trained on 2,500 other real rows (hit rate: it sees the class that the row claims; coverage: of test rows, arXiv
2002.09797):

| filters | candidates kept | hit rate | precision | coverage |
|---|---|---|---|---|
| none | 1.00, 1.00 | .919, .870 | .72, .73 | .477, .493 |
| confidence .5 | .88, .87 | .927, .889 | .72, .75 | .465, .486 |
| density .5 | .87, .88 | .932, .883 | .75, .76 | .489, .500 |
| density 1 | .67, .67 | .944, .896 | .78, .79 | .483, .502 |
| realism .5 | .48, .40; of some classes none | .860, .885 | .76, .79 | .339, .362 |
| the better half by density | .56, .56 | .959, .909 | .79, .82 | .470, .494 |

The guard of diversity, after confidence, drops 3 and 8 % more and changes none of these by over .005: this generator
hardly repeats itself. At a radius of 1.5 it drops a third and a half, and precision and coverage fall by about .02.
None made a classifier better. Trained on real and kept rows it was right for .774 of the test rows with the filter of
copies alone, .770 with confidence .5 too, .770 and .771 with density .5 and 1 in its place: means of two repeats with
two seeds each, which differ as much by chance. So the default drops copies, and rows that the teacher takes for others.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ganaug.config import Section, check
from ganaug.config.messages import check_keys
from ganaug.config.types import Factor, Share, Takes, one_of
from ganaug.errors import ConfigError
from ganaug.metrics.nearest import Embed, copy_distance, nearest, spread_out
from ganaug.utils.registry import Registry
from ganaug.utils.samples import Samples, concat, nbytes, take

if TYPE_CHECKING:
    from ganaug.synthesis.score import Scores

MEMORY = 2**28  # bytes of kept rows that a diversity guard remembers
REMEMBERED = 4096  # scores of a class that a quota remembers

Mask = NDArray[np.bool_]


class Reference(NamedTuple):
    """The training rows, which filters may compare generated rows with."""

    samples: Samples  # (m)
    codes: NDArray[np.int64]  # (m,)
    embed: Embed  # what likeness is measured on


class Portion(NamedTuple):
    """Generated rows as a filter sees them."""

    samples: Samples  # (n)
    codes: NDArray[np.int64]  # (n,) the classes that they claim
    scores: Scores  # confidence, realism, density, nearest_distance, nearest: each (n,)
    unseen: Mask | None = None  # (n,) which are of a class in a group that has no training row

    def take(self, at: NDArray[np.int64]) -> Portion:
        """Return the rows at these positions."""
        scores = {name: score[at] for name, score in self.scores.items()}
        return Portion(take(self.samples, at), self.codes[at], scores, None if self.unseen is None else self.unseen[at])


class Filter(Protocol):
    """What a name stands for: made from its options, which are checked then."""

    def fit(self, reference: Reference) -> Callable[[Portion], Mask]:
        """Return what says of each row, portion by portion, whether to keep it; it may remember those it has seen."""


FILTERS: Registry[Callable[..., Filter]] = Registry("filter")


@FILTERS.register("copy")
class Copy(Section):
    """Drop rows much closer to a training row than training rows are to each other, see `copy_distance`."""

    def fit(self, reference: Reference) -> Callable[[Portion], Mask]:
        """See `Filter`."""
        limit = copy_distance(reference.samples, reference.embed)
        return lambda rows: rows.scores["nearest_distance"] > limit


class Threshold(Section):
    """Drop rows of which the score called ``name`` is below ``threshold``.

    But none of an empty cell, a class in a group: networks that never saw one doubt what they would have to learn.
    (With them asked, such rows were worth 2 to 14 points less: benchmarks/cells.py.)
    """

    threshold: Factor = Field(0.5, description="Least score to keep a row.")

    def fit(self, reference: Reference) -> Callable[[Portion], Mask]:
        """See `Filter`."""

        def passes(rows: Portion) -> Mask:
            enough: Mask = rows.scores[self.name] >= self.threshold
            return enough if rows.unseen is None else enough | rows.unseen

        return passes


@FILTERS.register("confidence")
class Confidence(Threshold):
    """Drop rows of which the teacher is not confident enough that they are of their class."""

    name = "confidence"
    threshold: Share = Field(0.5, description="Least probability that the teacher gives to the row's own class.")


@FILTERS.register("realism")
class Realism(Threshold):
    """Drop rows that the discriminator finds unreal. At one half, some classes may be left with none."""

    name = "realism"
    threshold: Share = Field(0.3, description="Least probability of being real that the discriminator gives.")


@FILTERS.register("density")
class Density(Threshold):
    """Drop rows that lie, to the teacher, where few training rows of their class do; see `ClassDensity`."""

    name = "density"
    threshold: Factor = Field(1.0, description="Least density; rows like the training rows have 1 on average.")


@FILTERS.register("diversity")
class Diversity(Section):
    """Drop rows that come close to a kept row of their class; put it last, or it also compares with rows dropped later.

    Of a class with so many kept rows that `MEMORY` is used up, the latest are remembered. Processes that generate
    together each compare their own rows.
    """

    name = "diversity"
    radius: Factor = Field(1.0, description="How close is too close, in units of the distance that makes a copy.")

    def fit(self, reference: Reference) -> Callable[[Portion], Mask]:
        """See `Filter`."""
        limit = copy_distance(reference.samples, reference.embed) * self.radius
        one = nbytes(take(reference.samples, slice(1)))
        room = max(1, MEMORY // (one * len(np.unique(reference.codes))))
        kept: dict[int, Samples] = {}

        def passes(rows: Portion) -> Mask:
            keep = np.zeros(len(rows.codes), bool)
            for code in np.unique(rows.codes):
                earlier = kept.get(code, take(rows.samples, slice(0)))
                at = np.flatnonzero(rows.codes == code)
                at = at[nearest(take(rows.samples, at), earlier, reference.embed)[0] > limit]
                at = at[spread_out(take(rows.samples, at), limit, reference.embed)]
                keep[at] = True
                kept[code] = take(concat([earlier, take(rows.samples, at)]), slice(-room, None))
            return keep

        return passes


@FILTERS.register("quota")
class Quota(Section):
    """Keep the best share of each class, by a score: a class that all find poor loses no more rows than another.

    The best among the rows of the class that have come so far, or the last `REMEMBERED`. Rows of equal score stay or
    go together.
    """

    name = "quota"
    share: Annotated[Share, Takes("a share above 0, 1 at most", accepts=lambda share: share > 0)] = Field(
        0.5, description="Share of a class to keep."
    )
    by: Annotated[str, one_of("confidence", "realism", "density")] = Field(
        "density", description="The score that tells which are best."
    )

    def fit(self, reference: Reference) -> Callable[[Portion], Mask]:
        """See `Filter`."""
        seen: dict[int, NDArray[np.float32]] = {}

        def passes(rows: Portion) -> Mask:
            keep = np.zeros(len(rows.codes), bool)
            for code in np.unique(rows.codes):
                at = np.flatnonzero(rows.codes == code)
                scores = rows.scores[self.by][at]
                seen[code] = np.concatenate([seen.get(code, scores[:0]), scores])[-REMEMBERED:]
                keep[at] = scores >= np.quantile(seen[code], 1 - self.share)
            return keep

        return passes


Options = Annotated[dict[Any, Any] | None, Takes("a mapping from options to values")]
Choice = str | Mapping[str, Mapping[str, Any] | None]


def named_filters(choices: Iterable[Choice], place: str = "filters") -> list[tuple[str, Filter]]:
    """Make filters, each from its name or from ``{name: options}``.

    Parameters
    ----------
    choices : iterable
        Names of `FILTERS`, with or without options.
    place : str
        Where they stand, for messages.

    Returns
    -------
    list of (str, Filter)
        With their names, in order.

    Raises
    ------
    ConfigError
        A name or an option is unknown, or a value out of range.

    Examples
    --------
    >>> [name for name, _ in named_filters(["copy", {"confidence": {"threshold": 0.8}}])]
    ['copy', 'confidence']
    """
    return [_named_filter(given, f"{place}[{i}]") for i, given in enumerate(choices)]


def _named_filter(given: Choice, place: str) -> tuple[str, Filter]:
    has_options = isinstance(given, Mapping) and len(given) == 1
    found, options = next(iter(given.items())) if has_options else (given, None)  # type: ignore[union-attr]
    name = check(Annotated[str, one_of(*FILTERS)], found, place)
    options = check(Options, options, f"{place}.{name}") or {}
    make = FILTERS[name]
    check_keys(options, inspect.signature(make).parameters, f"{place}.{name}")
    try:
        return name, make(**options)
    except ConfigError as error:
        raise ConfigError(f"{place}: {error}") from None
