"""The verdict: what the draws allow one to say about the candidate and the reference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ganaug.evaluation.arms import candidates, references
from ganaug.evaluation.equivalence import Oracle, Worth, equivalent_rows, read_oracle
from ganaug.evaluation.power import draws_needed
from ganaug.evaluation.results import Results, scores
from ganaug.evaluation.statistics import Estimate, estimate

ROPE = 0.005  # half a point of the decisive metric: gains below it are no gain in practice
CONTROL = "shuffled"


@dataclass(frozen=True)
class Finding:
    """Everything that the verdict rests on, for one classifier.

    Attributes
    ----------
    verdict : str
        HELPS, NO_BENEFIT, HARMS, INCONCLUSIVE, NO_SENSITIVITY or INVALID, see `judge`.
    candidate, reference : str
        The best arm that adds synthetic rows to the real ones, and the best without any, as picked on validation rows.
    gain : Estimate
        Candidate minus reference on test rows.
    control : Estimate or None
        Shuffled labels minus reference; None where that arm was not run.
    oracle : Oracle or None
        What real rows bought; None where that arm was not run.
    worth : Worth or None
        The gain in real rows.
    leaks : tuple of str
        A sentence each.
    """

    verdict: str
    candidate: str
    reference: str
    gain: Estimate
    control: Estimate | None
    oracle: Oracle | None
    worth: Worth | None
    leaks: tuple[str, ...]

    @property
    def draws_needed(self) -> int | None:
        """Draws that would settle an open verdict, or show that real rows help; see `ganaug.evaluation.power`."""
        if self.verdict == "INCONCLUSIVE":
            return draws_needed(self.gain, ROPE)
        if self.verdict == "NO_SENSITIVITY" and self.oracle and self.oracle.most.mean > ROPE:
            return draws_needed(self.oracle.most, ROPE)
        return None


def decide(gain: Estimate, rope: float = ROPE) -> str:
    """Say what an estimated gain means, by where its 95 % interval lies.

    HELPS: above ``rope``, so P(gain > rope) is at least 97.5 %. NO_BENEFIT: below ``rope``, at most 2.5 %: a gain that
    matters is ruled out. HARMS: below ``-rope``. INCONCLUSIVE: ``rope`` is inside of it, or there is a single draw.

    Parameters
    ----------
    gain : Estimate
        Higher is better.
    rope : float
        The least gain that matters (*region of practical equivalence*; Benavoli et al., 2017).
    """
    if gain.low is None or gain.high is None:
        return "INCONCLUSIVE"
    if gain.low > rope:
        return "HELPS"
    if gain.high < -rope:
        return "HARMS"
    return "NO_BENEFIT" if gain.high < rope else "INCONCLUSIVE"


def conclude(
    gain: Estimate, control: Estimate | None = None, oracle: Estimate | None = None, leaks: Sequence[str] = ()
) -> str:
    """Decide on the gain, unless something shows that it cannot be trusted.

    INVALID: there is a leak, or the negative control wins by the rule of `decide`. NO_SENSITIVITY: no benefit was
    found, yet more real rows do not surely help either, so that the comparison could not have shown one.

    Parameters
    ----------
    gain, control : Estimate
        Candidate, and shuffled labels, minus reference.
    oracle : Estimate
        What the most real rows bought.
    leaks : sequence of str
        What the leak guards found.
    """
    if leaks or (control is not None and decide(control) == "HELPS"):
        return "INVALID"
    outcome = decide(gain)
    blind = gain.draws > 1 and oracle is not None and decide(oracle) != "HELPS"
    return "NO_SENSITIVITY" if blind and outcome in ("NO_BENEFIT", "INCONCLUSIVE") else outcome


def judge(results: Results, ratio: float, leaks: Sequence[str] = ()) -> Finding | None:
    """Pick the two arms that are contrasted and judge them.

    Parameters
    ----------
    results : mapping
        Of one classifier; see `ganaug.evaluation.results.read_results`.
    ratio : float
        See `ganaug.evaluation.statistics.estimate`.
    leaks : sequence of str
        What the leak guards found.

    Returns
    -------
    Finding or None
        None where no arm does without synthetic rows, or none adds them to real ones.
    """
    rivals, hopefuls = references(results), candidates(results)
    if not rivals or not hopefuls:
        return None
    reference, candidate = (
        max(arms, key=lambda arm: float(scores(results[arm], split="validation").mean())) for arms in (rivals, hopefuls)
    )

    def over_reference(arm: str) -> NDArray[np.float64]:
        return scores(results[arm]) - scores(results[reference])

    gains = over_reference(candidate)
    gain = estimate(gains, ratio)
    control = estimate(over_reference(CONTROL), ratio) if CONTROL in results else None
    oracle = read_oracle(results, ratio)
    return Finding(
        verdict=conclude(gain, control, oracle.most if oracle else None, leaks),
        candidate=candidate,
        reference=reference,
        gain=gain,
        control=control,
        oracle=oracle,
        worth=equivalent_rows(oracle, gains) if oracle else None,
        leaks=tuple(leaks),
    )
