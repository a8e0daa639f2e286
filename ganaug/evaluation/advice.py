"""What to do next, by what was found: which arm to use, whether synthetic rows belong in it, what more labels bring."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ganaug.evaluation.downstream.arms import ARMS
from ganaug.evaluation.equivalence import Oracle
from ganaug.evaluation.results import PRIMARY_METRIC, Results, real_rows
from ganaug.evaluation.stats.estimate import Estimate
from ganaug.evaluation.stats.looks import ALPHA
from ganaug.evaluation.stats.paired import estimate_rows
from ganaug.evaluation.verdict import ROPE, Finding
from ganaug.modalities import modality_named

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


def classifier_advice(modality: str, summaries: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Say what another classifier brings, which may be more than any rows do.

    Parameters
    ----------
    modality : str
        Name of what samples are; empty where it is not known.
    summaries : mapping
        What `ganaug.evaluation.summary` found, by classifier, the deciding one first.

    Returns
    -------
    list of str
        A sentence, or none.
    """
    (first, (usual, best)), *others = ((name, _chosen(found["per_arm"])) for name, found in summaries.items())
    if others:
        name, (arm, other) = max(others, key=lambda found: found[1][1]["validation"])
        gain = other[PRIMARY_METRIC] - best[PRIMARY_METRIC]
        if gain > max(ROPE, _range(summaries[first]["per_arm"])):
            return [
                f"First take the classifier {name}: with it the arm {arm} is {100 * gain:.1f} points above {usual} "
                f"with {first}, and no two arms are as far apart."
            ]
    hint = modality_named(modality).better_classifier(list(summaries)) if modality else ""
    return [hint] if hint else []


def _contenders(arms: Mapping[str, Any]) -> dict[str, Any]:
    return {name: found for name, found in arms.items() if ARMS[name].contender} or dict(arms)


def _chosen(arms: Mapping[str, Any]) -> tuple[str, Any]:
    """Return the arm that validation rows prefer, and what was measured of it."""
    return max(_contenders(arms).items(), key=lambda arm: float(arm[1]["validation"]))


def _range(arms: Mapping[str, Any]) -> float:
    values = [found[PRIMARY_METRIC] for found in _contenders(arms).values()]
    return float(max(values) - min(values))


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
