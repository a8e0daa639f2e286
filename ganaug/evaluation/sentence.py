"""The verdict in plain words."""

from __future__ import annotations

from ganaug.evaluation.design import SAME_ROWS
from ganaug.evaluation.equivalence import Oracle, Worth
from ganaug.evaluation.results import DECISIVE, Results, real_rows
from ganaug.evaluation.statistics import Estimate
from ganaug.evaluation.verdict import ROPE, Finding

METRIC = DECISIVE.replace("_", " ")
AGAINST = "the best arm without a GAN"
LEAST = f"{100 * ROPE:g} points"
NO_CONTRAST = "No verdict: it takes an arm without synthetic rows and one that adds them to the real ones."


def sentence(finding: Finding, results: Results, design: str) -> str:
    """Say what was found, for example ``"On 20 labels a class, adding 2,000 synthetic samples raised balanced ..."``.

    Parameters
    ----------
    finding : Finding
    results : mapping
        What it was found in.
    design : str
        See `ganaug.evaluation.design`.
    """
    labels = labels_text(results, finding.reference)
    where = f"On {'these ' if design == SAME_ROWS else ''}{labels}"
    samples = f"adding {_synthetic(results, finding.candidate)}"
    gain = finding.gain
    match finding.verdict:
        case "HELPS":
            worth = f"; {worth_text(finding.worth)}" if finding.worth else ""
            return f"{where}, {samples} raised {METRIC} by {_size(gain)} over {AGAINST}{_range(gain)}{worth}."
        case "HARMS":
            lost = _mirrored(gain)
            return f"{where}, {samples} lowered {METRIC} by {_size(lost)} against {AGAINST}{_range(lost)}."
        case "NO_BENEFIT":
            return (
                f"{where}, {samples} brings no gain that matters: {METRIC} changed by {change_text(gain)} against "
                f"{AGAINST}, which rules out a gain of more than {LEAST}."
            )
        case "NO_SENSITIVITY" if finding.oracle:
            blind = _insensitive(finding.oracle)
            return f"{blind}, so {change_text(gain)} from {samples} settle nothing; {_plan(finding)}."
        case "INVALID":
            return f"No verdict, as {_fault(finding.leaks, finding.control)}."
    return (
        f"{where}, it is open whether {samples} raises {METRIC} by more than {LEAST}: it changed by "
        f"{change_text(gain)} against {AGAINST}; {_plan(finding)}."
    )


def labels_text(results: Results, arm: str) -> str:
    """How many real training rows an arm has, for example ``"20 labels a class"`` or ``"213 labels in 4 classes"``."""
    rows, classes = float(real_rows(results[arm]).mean()), len(results[arm][0]["classes"])
    if rows % classes == 0:
        return f"{rows / classes:,.0f} labels a class"
    return f"{rows:,.0f} labels in {classes} classes"


def change_text(change: Estimate) -> str:
    """A change with its sign and interval, for example ``"+0.8 points [-0.3, +1.9]"``."""
    return f"{100 * change.mean:+.1f} points{_range(change, '+')}"


def worth_text(worth: Worth) -> str:
    """A gain in real rows, for example ``"worth about 14 more real samples a class [5, more than 40]"``."""
    inside = worth.low is not None and worth.low < worth.limit
    ends = f" [{_rows(worth.low, worth)}, {_rows(worth.high, worth)}]" if inside else ""
    beyond = worth.rows >= worth.limit
    if worth.direction == "up":
        return f"worth {'' if beyond else 'about '}{_rows(worth.rows, worth)} more real samples a class{ends}"
    size = f"more than the last {worth.limit:.0f}" if beyond else f"about as much as the last {worth.rows:.0f}"
    return f"worth {size} labels of each class{ends}"


def _rows(rows: float | None, worth: Worth) -> str:
    return f"more than {worth.limit:.0f}" if rows is None or rows >= worth.limit else f"{rows:.0f}"


def _synthetic(results: Results, arm: str) -> str:
    counts = [int(result["n_train"]["synthetic"]) for result in results[arm]]
    used = [count for count in counts if count]
    if not used:
        return "no synthetic samples (validation rows chose none)"
    about = "" if len(set(used)) == 1 else "about "
    samples = f"{about}{sum(used) / len(used):,.0f} synthetic samples"
    if len(used) == len(counts):
        return samples
    return f"{samples} (in {len(used)} of {len(counts)} draws, as validation rows chose)"


def _insensitive(oracle: Oracle) -> str:
    bought, rows = oracle.most, f"{oracle.rows[-1]:,.0f}"
    if oracle.direction == "up":
        what = f"{rows} more real samples a class did not surely raise"
    else:
        what = f"leaving out {rows} real samples a class did not surely lower"
        bought = _mirrored(bought)
    change = f"{METRIC} by more than {LEAST} ({change_text(bought)})"
    return f"This comparison could not have shown a gain: even {what} {change}"


def _fault(leaks: tuple[str, ...], control: Estimate | None) -> str:
    if leaks or control is None:
        more = f" (and {len(leaks) - 1} more)" if len(leaks) > 1 else ""
        return f"rows leaked: {leaks[0].rstrip('.')}{more}"
    return (
        f"the negative control won: synthetic samples with shuffled labels raised {METRIC} by {_size(control)} over "
        f"{AGAINST}{_range(control)}, so a gain here does not come from what the samples show"
    )


def _plan(finding: Finding) -> str:
    if finding.gain.draws == 1:
        return "a single draw allows no interval"
    needed = finding.draws_needed
    would = "and more of them would hardly settle it" if needed is None else f"about {needed:,} would settle it"
    return f"{finding.gain.draws} draws were run, {would}"


def _size(change: Estimate) -> str:
    return f"{100 * change.mean:.1f} points"


def _range(change: Estimate, sign: str = "") -> str:
    if change.low is None or change.high is None:
        return ""
    return f" [{100 * change.low:{sign}.1f}, {100 * change.high:{sign}.1f}]"


def _mirrored(change: Estimate) -> Estimate:
    return Estimate(-change.mean, change.spread, change.draws, change.ratio)
