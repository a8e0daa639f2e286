"""The verdict and what follows from it, in plain words."""

from __future__ import annotations

from ganaug.evaluation.advice import Advice, MoreLabels
from ganaug.evaluation.downstream.arms import ARMS
from ganaug.evaluation.equivalence import EquivalentSampleSize
from ganaug.evaluation.results import PRIMARY_METRIC, Results
from ganaug.evaluation.stats.design import SAME_ROWS
from ganaug.evaluation.stats.estimate import Estimate
from ganaug.evaluation.stats.looks import PLAN, looks_text
from ganaug.evaluation.verdict import ROPE, Finding
from ganaug.utils.words import spanned

METRIC = PRIMARY_METRIC.replace("_", " ")
LEAST = f"{100 * ROPE:g} points"
NO_CONTRAST = "No verdict: it takes an arm without synthetic rows and one that adds them to the real ones."
FOUND = {
    "HELPS": "synthetic samples help",
    "HARMS": "synthetic samples do harm",
    "NO_BENEFIT": "synthetic samples bring no gain that matters",
    "INCONCLUSIVE": "it is open whether synthetic samples help",
}


def statement(finding: Finding, advice: Advice, results: Results, design: str, labels: tuple[int, int]) -> list[str]:
    """Say in a short sentence what was found, in the next what to do, then what that rests on.

    Parameters
    ----------
    finding : Finding
    advice : Advice
    results : mapping
        What it was found in.
    design : str
        See `ganaug.evaluation.stats.design`.
    labels : (int, int)
        The fewest and the most real training rows of a class.

    Returns
    -------
    list of str
        For example ``["On 20 labels a class, synthetic samples help: +2.5 points of balanced accuracy [+1.0, +4.0].",
        "Use the arm mixup_gan: ..."]``.
    """
    return [_verdict(finding, design, labels), _advice(finding, advice), _basis(finding, results)]


def _verdict(finding: Finding, design: str, labels: tuple[int, int]) -> str:
    if finding.verdict == "INVALID":
        return f"No verdict: {_fault(finding)}."
    where = f"On {'these ' if design == SAME_ROWS else ''}{spanned(*labels)} labels a class"
    if finding.verdict == "NO_SENSITIVITY" and finding.oracle:
        rows, bought = f"{finding.oracle.rows[-1]:,.0f}", change_text(finding.oracle.most)
        more = (
            f"{rows} more real samples a class" if finding.oracle.direction == "up" else f"the last {rows} of a class"
        )
        return f"{where}, no gain could have been shown: {more} did not surely help either ({bought})."
    change = f"{change_text(finding.gain, f' of {METRIC}')}"
    if not finding.used:
        change = "validation rows chose none in any repeat"
    return f"{where}, {FOUND[finding.verdict]}: {change}."


def _advice(finding: Finding, advice: Advice) -> str:
    if advice.arm is None:
        mend = "mend what leaked" if finding.leaks else "find out why wrong labels help"
        return f"Use none of these numbers: {mend}, and run dvc repro again."
    use = f"Use the arm {advice.arm} ({ARMS[advice.arm].title})"
    if advice.synthetic:
        use += ": synthetic rows belong in it"
    elif finding.verdict in ("HARMS", "NO_BENEFIT"):
        use += ": synthetic rows do not belong in it"
    else:
        use += f" for now, without synthetic rows; {_settle(finding, advice)}"
    return f"{use}. {_labels(advice.labels)}"


def _settle(finding: Finding, advice: Advice) -> str:
    if advice.repeats is not None:
        return f"{advice.repeats} repeats would probably settle it"
    if advice.test_rows is not None:
        return f"it takes about {advice.test_rows:,} test rows to settle it, more repeats will not do"
    if finding.gain.repeats == 1:
        return "a single repeat allows no interval: run 3 or more"
    if finding.used < 2:
        return "it takes repeats that use synthetic rows to settle it"
    return f"even {max(PLAN)} repeats may not settle it"


def _labels(labels: MoreLabels | None) -> str:
    if labels is None:
        return "What labelling more rows would bring was not measured: list oracle under evaluate.arms."
    most = " and ".join(f"{name} ({100 * gain.mean:+.1f})" for name, gain in labels.classes)
    where = (
        f", {'' if all(map(_sure, (gain for _, gain in labels.classes))) else 'perhaps '}most in {most}" if most else ""
    )
    rows, gain = f"{labels.rows:,.0f}", change_text(labels.gain)
    if labels.direction == "down":
        return f"Labelling more rows would bring less than the last {rows} of a class did: {gain}{where}."
    if not _sure(labels.gain):
        return f"Labelling {rows} more rows a class would not surely help: {gain}{where}."
    return f"Labelling {rows} more rows a class would bring about {gain}{where}."


def _sure(gain: Estimate) -> bool:
    return gain.low is not None and gain.low > 0


def _basis(finding: Finding, results: Results) -> str:
    synthetic = _synthetic(finding, results)
    worth = (
        f" The gain is {worth_text(finding.equivalent)}." if finding.verdict == "HELPS" and finding.equivalent else ""
    )
    return (
        f"{finding.candidate}, with {synthetic}, was compared with {finding.reference}, the best arm without a GAN, on "
        f"{finding.test_rows:,} test rows; a gain below {LEAST} does not matter.{worth} This was "
        f"{looks_text(finding.gain.repeats)}; the deciding intervals of all looks together cover 95 %."
    )


def change_text(change: Estimate, of: str = "") -> str:
    """A change with its sign and interval, for example ``"+0.8 points [-0.3, +1.9]"``."""
    ends = "" if change.low is None or change.high is None else f" [{100 * change.low:+.1f}, {100 * change.high:+.1f}]"
    return f"{100 * change.mean:+.1f} points{of}{ends}"


def worth_text(equivalent: EquivalentSampleSize) -> str:
    """A gain in real rows, for example ``"worth about 14 more real samples a class [5, more than 40]"``."""
    inside = equivalent.low is not None and equivalent.low < equivalent.limit
    ends = f" [{_rows(equivalent.low, equivalent)}, {_rows(equivalent.high, equivalent)}]" if inside else ""
    beyond = equivalent.rows >= equivalent.limit
    if equivalent.direction == "up":
        return f"worth {'' if beyond else 'about '}{_rows(equivalent.rows, equivalent)} more real samples a class{ends}"
    size = (
        f"more than the last {equivalent.limit:.0f}" if beyond else f"about as much as the last {equivalent.rows:.0f}"
    )
    return f"worth {size} labels of each class{ends}"


def _rows(rows: float | None, equivalent: EquivalentSampleSize) -> str:
    return f"more than {equivalent.limit:.0f}" if rows is None or rows >= equivalent.limit else f"{rows:.0f}"


def _synthetic(finding: Finding, results: Results) -> str:
    counts = [int(result["n_train"]["synthetic"]) for result in results[finding.candidate]]
    used = [count for count in counts if count]
    if not used:
        return "no synthetic samples"
    about = "" if len(set(used)) == 1 else "about "
    samples = f"{about}{sum(used) / len(used):,.0f} synthetic samples"
    if len(used) == len(counts) or finding.gain_where_used is None:
        return samples
    return (
        f"{samples} in {len(used)} of {len(counts)} repeats (validation rows chose none in the others; where used: "
        f"{change_text(finding.gain_where_used)})"
    )


def _fault(finding: Finding) -> str:
    if finding.leaks or finding.control is None:
        more = f" (and {len(finding.leaks) - 1} more)" if len(finding.leaks) > 1 else ""
        return f"rows leaked, {finding.leaks[0].rstrip('.')}{more}"
    return (
        f"synthetic samples with shuffled labels raised {METRIC}, {change_text(finding.control)}, so a gain here does "
        "not come from what the samples show"
    )
