"""Spare real rows whose labels a teacher says: what rows without labels would bring (Lee, 2013).

The oracle says what the same rows bring with their labels. Both only explain the other arms, which do not have them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ganaug.data.rows import Schema, read_samples, read_table
from ganaug.errors import DataError, option
from ganaug.evaluation.downstream.arms import ARMS, Arm
from ganaug.modalities.training import Setting, TrainingRows

NAME = ROWS = "pseudo_labels"
MOST = 10  # spare rows for each training row
STEPS = 500  # of the teacher
SETTINGS = tuple(
    Setting(share=share, min_confidence=sure)
    for share, sure in ((0.5, 0.9), (0.5, 0.7), (0.25, 0.9), (0.25, 0.7), (0.5, 0.0), (0.25, 0.0))
)


@dataclass(frozen=True)
class SpareRowsArm(Arm):
    """An arm of spare rows; no generator has a part in it."""

    @property
    def synthetic(self) -> bool:
        """Whether it has synthetic rows."""
        return False


ARMS.register(NAME)(
    SpareRowsArm(
        "real + pseudo-labels",
        "real rows, and spare ones that a teacher labels",
        ROWS,
        SETTINGS,
        contender=False,
        first_look=False,
    )
)


def pseudo_labelled(real: TrainingRows, pool: str | Path | None, schema: Schema, seed: int) -> TrainingRows:
    """Label spare rows by a teacher of the training rows.

    Parameters
    ----------
    real : TrainingRows
        The real training rows.
    pool : path-like or None
        Parquet file of spare rows, whose labels are not read.
    schema : Schema
        What they share.
    seed : int
        Of the choice of rows, `MOST` times the training rows at most, and of the teacher.

    Returns
    -------
    TrainingRows
        Marked synthetic, as their labels are made up, with the teacher's confidence in these.

    Raises
    ------
    DataError
        There is no spare row.
    """
    ids = np.empty(0, object) if pool is None else read_table(pool, ["id"])["id"].to_numpy(object)
    if not len(ids):
        raise DataError(
            f"the arm {NAME} needs spare rows, and there are none: set {option('prepare.per_class')}, so that some are "
            f"left over, or leave it out of {option('evaluate.arms')}"
        )
    assert pool is not None
    at = np.sort(np.random.default_rng(seed).permutation(len(ids))[: MOST * len(real.labels)])
    samples = read_samples(pool, at)
    modality, k = schema.modality, len(schema.classes)
    teacher = modality.teacher(real.samples, real.labels, k, steps=STEPS, seed=seed, device="cpu", spec=schema.spec)
    probable = teacher.predict_proba(samples)
    sure = probable.max(1).astype(np.float32)
    return TrainingRows(samples, probable.argmax(1).astype(np.int64), np.ones(len(at), bool), sure, ids[at])
