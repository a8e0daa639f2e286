"""The verdict: what the repeats allow one to say about the candidate and the reference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ganaug.evaluation.downstream.arms import candidates, references
from ganaug.evaluation.equivalence import EquivalentSampleSize, Oracle, equivalent_rows, read_oracle
from ganaug.evaluation.results import Results, correct_rows, differences, scores
from ganaug.evaluation.stats.design import Design
from ganaug.evaluation.stats.estimate import Estimate
from ganaug.evaluation.stats.paired import ByClass, estimate_rows
from ganaug.evaluation.stats.power import repeats_needed, rows_needed

ROPE = 0.005  # half a point of the primary metric: gains below it are no gain in practice
CONTROL = "shuffled"


@dataclass(frozen=True)
class Finding:
    """Everything that the verdict rests on, for one classifier.

    Attributes
    ----------
    verdict : str
        HELPS, NO_BENEFIT, HARMS, INCONCLUSIVE, NO_SENSITIVITY or INVALID, see `compare_arms`.
    candidate, reference : str
        The best arm that adds synthetic rows to the real ones, and the best without any, as picked on validation rows.
    gain : Estimate
        Candidate minus reference on test rows.
    used : int
        Repeats in which the candidate trained on synthetic rows; in the others validation rows chose none.
    gain_where_used : Estimate or None
        Candidate minus reference in those repeats; None where there are none.
    control : Estimate or None
        Shuffled labels minus reference; None where that arm was not run.
    oracle : Oracle or None
        What real rows bought; None where that arm was not run.
    equivalent : EquivalentSampleSize or None
        The gain in real rows.
    leaks : tuple of str
        A sentence each.
    test_rows : int
        Rows that a repeat is tested on.
    """

    verdict: str
    candidate: str
    reference: str
    gain: Estimate
    used: int
    gain_where_used: Estimate | None
    control: Estimate | None
    oracle: Oracle | None
    equivalent: EquivalentSampleSize | None
    leaks: tuple[str, ...]
    test_rows: int

    @property
    def open_question(self) -> Estimate | None:
        """What has to be known better: of an open verdict the gain, of a blind comparison what real rows bring."""
        if self.verdict == "INCONCLUSIVE":
            return self.gain
        if self.verdict == "NO_SENSITIVITY" and self.oracle and self.oracle.most.mean > ROPE:
            return self.oracle.most
        return None

    @property
    def repeats_needed(self) -> int | None:
        """Repeats in all that would answer the open question, see `ganaug.evaluation.stats.power`."""
        return repeats_needed(self.open_question, ROPE) if self.open_question else None

    @property
    def test_rows_needed(self) -> int | None:
        """Test rows that it takes where more repeats would not do."""
        if self.open_question is None or self.repeats_needed is not None:
            return None
        return rows_needed(self.open_question, ROPE, self.test_rows)


def decide(gain: Estimate, rope: float = ROPE) -> str:
    """Say what an estimated gain means, by where its interval lies.

    HELPS: above ``rope``. NO_BENEFIT: below ``rope``: a gain that matters is ruled out. HARMS: below ``-rope``.
    INCONCLUSIVE: ``rope`` is inside of it, or there is none: after a single repeat, and where nothing varied.

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
    gain: Estimate,
    where_used: Estimate | None,
    control: Estimate | None = None,
    oracle: Estimate | None = None,
    leaks: Sequence[str] = (),
) -> str:
    """Decide on the gain, unless something shows that it cannot be trusted.

    INVALID: there is a leak, or the negative control wins by the rule of `decide`. NO_SENSITIVITY: no benefit was
    found, yet more real rows do not surely help either, so that the comparison could not have shown one. Repeats
    without synthetic rows say nothing against them, so that NO_BENEFIT has to hold where they were used, too.

    Parameters
    ----------
    gain, control : Estimate
        Candidate, and shuffled labels, minus reference.
    where_used : Estimate or None
        The gain in the repeats in which the candidate used synthetic rows; None where there are none.
    oracle : Estimate
        What the most real rows bought.
    leaks : sequence of str
        What the leak guards found.
    """
    if leaks or (control is not None and decide(control) == "HELPS"):
        return "INVALID"
    outcome = decide(gain)
    if outcome == "NO_BENEFIT" and (where_used is None or decide(where_used) not in ("NO_BENEFIT", "HARMS")):
        outcome = "INCONCLUSIVE"
    blind = gain.repeats > 1 and oracle is not None and decide(oracle) != "HELPS"
    return "NO_SENSITIVITY" if blind and outcome in ("NO_BENEFIT", "INCONCLUSIVE") else outcome


def compare_arms(results: Results, design: Design, leaks: Sequence[str] = ()) -> Finding | None:
    """Pick the two arms that are contrasted, and decide between them.

    Parameters
    ----------
    results : mapping
        Of one classifier; see `ganaug.evaluation.results.read_results`.
    design : Design
        How the repeats depend on one another.
    leaks : sequence of str
        What the leak guards found.

    Returns
    -------
    Finding or None
        None where no arm does without synthetic rows, or none adds them to real ones.
    """
    if not references(results) or not candidates(results):
        return None
    reference, candidate = (
        max(arms, key=lambda arm: float(scores(results[arm], split="validation").mean()))
        for arms in (references(results), candidates(results))
    )
    right = correct_rows(results[reference])

    def over_reference(arm: str) -> ByClass:
        return differences(correct_rows(results[arm]), right)

    gains = over_reference(candidate)
    gain = estimate_rows(gains, design)
    used = [result["n_train"]["synthetic"] > 0 for result in results[candidate]]
    where_used = [[rows for rows, use in zip(of_class, used, strict=True) if use] for of_class in gains]
    gain_where_used = estimate_rows(where_used, design, look=gain.repeats) if any(used) else None
    control = estimate_rows(over_reference(CONTROL), design) if CONTROL in results else None
    oracle = read_oracle(results, design)
    return Finding(
        verdict=conclude(gain, gain_where_used, control, oracle.most if oracle else None, leaks),
        candidate=candidate,
        reference=reference,
        gain=gain,
        used=sum(used),
        gain_where_used=gain_where_used,
        control=control,
        oracle=oracle,
        equivalent=equivalent_rows(oracle, gains) if oracle else None,
        leaks=tuple(leaks),
        test_rows=results[candidate][0]["test"]["n"],
    )
