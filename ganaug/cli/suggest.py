"""Parameters that fit a data set and a device, for ``ganaug init``."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

import ganaug
from ganaug.cli.options import SOUND
from ganaug.cli.show import class_table, count_classes
from ganaug.config import PrepareParams
from ganaug.data.reading import about, told
from ganaug.data.splits import make_splits
from ganaug.modalities import modality_for
from ganaug.modalities.choose import builtin_sources, check_options
from ganaug.modalities.loaded import Loaded

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
    options = reading.model_dump()
    modality, why = modality_for(data, reading.columns, reading.modality)
    check_options(modality, options)
    loaded = modality.survey(data, options)
    per_class = reading.per_class if data in builtin_sources() else None
    counts = _training_rows(loaded, per_class)
    chosen, reasons = modality.suggest(loaded.spec, counts)
    ratio = round(min(RATIO, max(1.0, SYNTHETIC / counts.max())), 1)
    parameters = {
        "ganaug_version": ganaug.__version__,
        "prepare.source": written,
        "prepare.modality": modality.name,
        "prepare.per_class": per_class,
        **_given(reading),
        **chosen,
        "merge.amount": ratio,
    }
    spread = f"{counts.min()}" if counts.min() == counts.max() else f"{counts.min()} to {counts.max()}"
    found = f"{len(loaded.labels):,} {modality.unit} of {len(loaded.classes)} classes"
    split = bool(loaded.split_folders) or (loaded.splits != "train").any()
    parts = loaded.splits if split else np.full(len(loaded.labels), "rows")
    said = [
        class_table(count_classes(loaded.classes, loaded.labels, parts)),
        *told(about(loaded, modality.unit)),
        f"{modality.name}: {why}; {modality.describe(loaded.spec)}",
        f"{found}; a repeat trains on {spread} of each class",
        loaded.facts["read_as"],
        *reasons,
        f"{ratio:g} synthetic rows for each real one, {math.ceil(ratio * counts.max()):,} at most of a class",
    ]
    return Suggestion(parameters, said)


def _given(reading: PrepareParams) -> dict[str, Any]:
    """Return how the data is read, where that is not the default."""
    default = PrepareParams()
    columns = {f"prepare.columns.{key}": name for key, name in reading.columns.items() if name != default.columns[key]}
    levels = {} if reading.pixel_range is None else {"prepare.pixel_range": list(reading.pixel_range)}
    kept = {"prepare.constraints": list(reading.constraints)} if reading.constraints else {}
    others = {
        name: getattr(reading, name)
        for name in ("groups", "near_duplicates", "max_unreadable", "channels", *sorted(SOUND))
    }
    given = {f"prepare.{name}": value for name, value in others.items() if value != getattr(default, name)}
    return columns | levels | kept | given


def _training_rows(loaded: Loaded, per_class: int | Mapping[str, int] | None) -> NDArray[np.int64]:
    """Return the rows of each class that one repeat trains on, with the default shares of validation and test rows."""
    share = PrepareParams()
    splits = make_splits(
        loaded.labels,
        loaded.classes,
        per_class=per_class,
        validation=share.validation,
        test=share.test,
        given=loaded.splits,
    )
    return np.bincount(loaded.labels[splits.repeats[0].train], minlength=len(loaded.classes))
