"""What to do next, by what was found: which arm to use, whether synthetic rows belong in it, what more labels bring."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ganaug.evaluation.downstream.arms import ARMS
from ganaug.evaluation.equivalence import Oracle
from ganaug.evaluation.results import Results, real_rows
from ganaug.evaluation.stats.estimate import Estimate
from ganaug.evaluation.stats.looks import ALPHA
from ganaug.evaluation.stats.paired import estimate_rows
from ganaug.evaluation.verdict import ROPE, Finding

CLASSES = 2  # named as those that gain most from more labels


@dataclass(frozen=True)
class MoreLabels:
    """What labelling more rows would bring, by the oracle arm.

    Attributes
    ----------
    rows : float
        Rows a class.
    gain : Estimate
        What they brought; where the oracle goes down, what the last ones had brought, which is more than the next will.
    direction : str
        See `ganaug.evaluation.equivalence.Oracle`.
    classes : tuple of (str, Estimate)
        The classes whose recall gained most.
    """

    rows: float
    gain: Estimate
    direction: str
    classes: tuple[tuple[str, Estimate], ...]


@dataclass(frozen=True)
class Advice:
    """What to do next.

    Attributes
    ----------
    arm : str or None
        The arm to train with; None where nothing can be trusted.
    repeats, test_rows : int or None
        Repeats in all, or test rows, that would settle what is open.
    labels : MoreLabels or None
        None where the oracle arm was not run.
    """

    arm: str | None
    repeats: int | None
    test_rows: int | None
    labels: MoreLabels | None

    @property
    def synthetic(self) -> bool:
        """Whether synthetic rows belong into the training rows."""
        return self.arm is not None and ARMS[self.arm].synthetic


def advise(finding: Finding, results: Results) -> Advice:
    """Say what follows from a finding. Synthetic rows have to have shown that they help; the simpler arm has not."""
    arm = {"HELPS": finding.candidate, "INVALID": None}.get(finding.verdict, finding.reference)
    labels = _more_labels(finding.oracle, results, finding.reference) if finding.oracle else None
    return Advice(arm, finding.repeats_needed, finding.test_rows_needed, labels)


def _more_labels(oracle: Oracle, results: Results, reference: str) -> MoreLabels:
    """Read the curve where it doubles the rows at hand, or near that; downwards, at its first point."""
    names = results[reference][0]["classes"]
    at_hand = float(real_rows(results[reference]).mean()) / len(names)
    at = int(np.argmin(abs(oracle.rows - at_hand))) if oracle.direction == "up" else 0
    tested = [name for name, rows in zip(names, oracle.gains[at], strict=True) if all(map(len, rows))]
    of_class = {
        name: estimate_rows([rows], oracle.design, stated=ALPHA)
        for name, rows in zip(names, oracle.gains[at], strict=True)
        if name in tested
    }
    most = sorted(tested, key=lambda name: -of_class[name].mean)[:CLASSES]
    classes = tuple((name, of_class[name]) for name in most if of_class[name].mean > ROPE)
    return MoreLabels(float(oracle.rows[at]), oracle.bought[at], oracle.direction, classes)
