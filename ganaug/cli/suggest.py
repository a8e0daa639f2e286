"""Parameters that fit a data set and a device, for ``ganaug init``."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

import ganaug
from ganaug.cli.show import class_table, count_classes
from ganaug.config import PrepareParams
from ganaug.data.reading import about, told
from ganaug.data.splits import make_splits
from ganaug.modalities.image.load import common_shape, survey
from ganaug.modalities.image.sources import open_source
from ganaug.modalities.image.sources.builtin import BUILTIN

RATIO = 10.0  # synthetic rows for each real one, where rows are scarce
SYNTHETIC = 2000  # rows of a class, from which the ratio falls


class Suggestion(NamedTuple):
    """Parameters to set, by place in params.yaml, and in words what they rest on."""

    parameters: dict[str, Any]
    reasons: list[str]


def suggest(data: str, written: str, reading: PrepareParams) -> Suggestion:
    """Look at data and choose parameters.

    Parameters
    ----------
    data : str
        Where the data is.
    written : str
        How params.yaml names that place.
    reading : PrepareParams
        How to read it.

    Raises
    ------
    DataError
        The data cannot be read, or is too little to be split.
    """
    source = open_source(data, reading.columns)
    shapes, ranges, rejected, further = survey(source, reading.max_unreadable, reading.pixel_range)
    shape = common_shape(list(shapes.values()), reading.size, reading.channels)
    per_class = reading.per_class if data in BUILTIN else None
    codes = {name: code for code, name in enumerate(source.classes)}
    labels = np.array([codes[source.labels[i]] for i in shapes])
    parts = np.array([source.splits[i] if source.splits else "train" for i in shapes], object)
    counts = _training_rows(source.classes, labels, parts, per_class)
    chosen, budget = _budget(shape, counts)
    ratio = round(min(RATIO, max(1.0, SYNTHETIC / counts.max())), 1)
    parameters = {
        "ganaug_version": ganaug.__version__,
        "prepare.source": written,
        "prepare.size": list(shape[:2]),
        "prepare.channels": shape[2],
        "prepare.per_class": per_class,
        **_given(reading),
        **chosen,
        "merge.amount": ratio,
    }
    spread = f"{counts.min()}" if counts.min() == counts.max() else f"{counts.min()} to {counts.max()}"
    found = f"{len(shapes):,} images of {len(source.classes)} classes, brought to {shape[0]}x{shape[1]}x{shape[2]}"
    reasons = [
        class_table(count_classes(source.classes, labels, parts if source.splits else np.full(len(labels), "rows"))),
        *told(about(source, len(shapes), rejected, further)),
        f"{found}; a repeat trains on {spread} of each class",
        str(ranges),
        budget,
        f"{ratio:g} synthetic rows for each real one, {math.ceil(ratio * counts.max()):,} at most of a class",
    ]
    return Suggestion(parameters, reasons)


def _given(reading: PrepareParams) -> dict[str, Any]:
    """Return how the data is read, where that is not the default."""
    default = PrepareParams()
    columns = {f"prepare.columns.{key}": name for key, name in reading.columns.items() if name != default.columns[key]}
    levels = {} if reading.pixel_range is None else {"prepare.pixel_range": list(reading.pixel_range)}
    others = {name: getattr(reading, name) for name in ("near_duplicates", "max_unreadable")}
    given = {f"prepare.{name}": value for name, value in others.items() if value != getattr(default, name)}
    return columns | levels | given


def _training_rows(
    classes: Sequence[str], labels: NDArray[np.int64], given: NDArray[np.object_], per_class: int | None
) -> NDArray[np.int64]:
    """Return the rows of each class that one repeat trains on, with the default shares of validation and test rows."""
    share = PrepareParams()
    splits = make_splits(
        labels, classes, per_class=per_class, validation=share.validation, test=share.test, given=given
    )
    return np.bincount(labels[splits.repeats[0].train], minlength=len(classes))


