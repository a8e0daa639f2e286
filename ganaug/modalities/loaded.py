"""A source that a modality has read: samples, and what they share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ganaug.utils.samples import Samples, take

Codes = NDArray[np.int64]
Ids = NDArray[np.object_]


class Rejected(NamedTuple):
    """A row or file set aside: its name in the source, and why."""

    name: str
    reason: str


@dataclass(frozen=True)
class Spec:
    """What all samples of a data set share: an image's size, a table's columns. Fields are what JSON can hold."""

    def to_json(self) -> dict[str, Any]:
        """Return the fields as JSON holds them."""
        return asdict(self)


@dataclass
class Loaded:
    """A source in memory, or what is known of it before it is.

    Attributes
    ----------
    samples : Samples or None
        All usable samples (n), in the source's order; None where they have not been decoded.
    spec : Spec
        What they share.
    classes : tuple of str
        Class names in order.
    labels : int array (n,)
        Positions in ``classes``.
    names : object array (n,)
        What to call each sample in reports: a path, ``row 17``.
    groups : object array (n,)
        Group of each sample, or None.
    splits : object array (n,)
        train, validation or test; all of it train where the source does not say.
    rejected, skipped : list of Rejected
        Rows that could not be used; files that are no rows.
    further : dict of str to int
        Pages, frames and the like after the first that are not read, of the rows that have some.
    read_from : str
        The folder in the source that holds the samples, where that is not the source itself.
    split_folders : dict of str to str
        The folders that were taken for splits, and which split each one is.
    facts : dict
        What else reports say of the source, as JSON holds it. ``read_as`` says in words how it was read, ``findings``
        in sentences what else is worth knowing, ``notes`` what of it those have to know who read no report.
    decode : callable, optional
        Positions to samples, where ``samples`` is None.
    recordings : int array (n,), optional
        Numbers that are alike for windows of one recording that overlap, see `ganaug.modalities.overlaps`. None: not
        looked for.
    """

    samples: Samples
    spec: Spec
    classes: tuple[str, ...]
    labels: Codes
    names: Ids
    groups: Ids
    splits: Ids
    rejected: list[Rejected] = field(default_factory=list)
    skipped: list[Rejected] = field(default_factory=list)
    further: dict[str, int] = field(default_factory=dict)
    read_from: str = ""
    split_folders: dict[str, str] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    decode: Callable[[Sequence[int]], Samples] | None = None
    recordings: Codes | None = None

    def some(self, positions: Sequence[int]) -> Samples:
        """Return the samples at these positions."""
        return take(self.samples, np.asarray(positions, np.int64)) if self.decode is None else self.decode(positions)
