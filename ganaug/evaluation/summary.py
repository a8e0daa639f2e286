"""From the files of all arms and draws to the numbers that are reported, and a first verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ganaug.errors import DataError
from ganaug.evaluation.arms import candidates, references, result_path
from ganaug.evaluation.metrics import SCALARS
from ganaug.evaluation.statistics import Estimate, decide, estimate, paired_difference
from ganaug.files import read_json

DECISIVE = SCALARS[0]
ROPE = 0.005  # half a point of the decisive metric: gains below it are no gain in practice

Results = Mapping[str, Sequence[Mapping[str, Any]]]

WORDS = {
    "HELPS": "Synthetic rows help",
    "HARMS": "Synthetic rows do harm",
    "NO_BENEFIT": f"Synthetic rows make no difference of more than {100 * ROPE:g} points",
    "INCONCLUSIVE": "It is not clear yet whether synthetic rows help",
}


def read_results(
    folder: str | Path, arms: Sequence[str], draws: Sequence[int], classifier: str = "small_cnn"
) -> dict[str, list[dict[str, Any]]]:
    """Read the results of these arms and draws, and of no others that may lie about in ``folder``.

    Returns
    -------
    dict
        For each arm its results, one a draw, in the order of ``draws``; see `ganaug.evaluation.evaluate.run_arms`.

    Raises
    ------
    DataError
        If a file is missing, or the arms were not trained and tested alike.
    """
    results = {
        arm: [_read(result_path(folder, arm, draw, classifier)) for draw in draws] for arm in arms if arm != "oracle"
    }
    arms = list(results)
    for at, draw in enumerate(draws):
        for shared in ("steps", "batch_size", "classes", "test_ids"):
            found = {arm: results[arm][at][shared] for arm in arms}
            odd = [arm for arm in arms if found[arm] != found[arms[0]]]
            if odd:
                raise DataError(
                    f"the arms {arms[0]} and {odd[0]} of draw {draw} differ in {shared.replace('_', ' ')}, "
                    "so they cannot be compared; run the evaluation of both again"
                )
    return results


def summarise(results: Results) -> dict[str, Any]:
    """Reduce the results of `read_results` to the content of ``reports/metrics.json``.

    Parameters
    ----------
    results : mapping
        For each arm its results, one a draw, the same draws in the same order.

    Returns
    -------
    dict
        ``arms`` {arm: the mean over draws of every scalar metric on test rows, ``low`` and ``high`` of the 95 %
        interval of the decisive one, ``validation``: its mean on validation rows}; ``contrast`` {candidate, reference,
        difference, low, high} or None without arms to contrast; ``verdict``; ``sentence``; ``metric``, the decisive
        one; ``draws``, their number. Metrics are shares from 0 to 1 (nll in nats); low and high are None after a
        single draw.
    """
    ratio = _test_ratio(results)
    arms = {arm: _summarise_arm(found, ratio) for arm, found in results.items()}
    rivals, hopefuls = references(results), candidates(results)
    summary: dict[str, Any] = {
        "arms": arms,
        "contrast": None,
        "draws": len(next(iter(results.values()))),
        "metric": DECISIVE,
        "sentence": "No verdict: it takes an arm without synthetic rows and one that adds them to the real ones.",
        "verdict": "INCONCLUSIVE",
    }
    if rivals and hopefuls:
        reference = max(rivals, key=lambda arm: arms[arm]["validation"])
        candidate = max(hopefuls, key=lambda arm: arms[arm]["validation"])
        difference = paired_difference(_decisive(results[candidate]), _decisive(results[reference]), ratio)
        verdict = decide(difference, ROPE)
        summary |= {
            "contrast": {
                "candidate": candidate,
                "reference": reference,
                "difference": difference.mean,
                "low": difference.low,
                "high": difference.high,
            },
            "sentence": _sentence(verdict, candidate, reference, difference),
            "verdict": verdict,
        }
    return summary


def collect(folder: str | Path, arms: Sequence[str], draws: Sequence[int]) -> dict[str, Any]:
    """Read and summarise: see `read_results` and `summarise`."""
    return summarise(read_results(folder, arms, draws))


def _read(path: Path) -> dict[str, Any]:
    try:
        content: dict[str, Any] = read_json(path)
    except FileNotFoundError:
        raise DataError(f"{path} is missing; run the stage that evaluates this arm and draw (dvc repro)") from None
    return content


def _decisive(found: Sequence[Mapping[str, Any]], split: str = "test") -> list[float]:
    return [result[split][DECISIVE] for result in found]


def _summarise_arm(found: Sequence[Mapping[str, Any]], ratio: float | None) -> dict[str, Any]:
    interval = estimate(_decisive(found), ratio)
    means = {name: float(np.mean([result["test"][name] for result in found])) for name in SCALARS}
    return {
        **means,
        "low": interval.low,
        "high": interval.high,
        "validation": float(np.mean(_decisive(found, "validation"))),
    }


def _test_ratio(results: Results) -> float | None:
    """Test rows over real training rows where draws split the same rows anew; None where all share one test set."""
    found = [result for each in results.values() for result in each]
    if len({result["test_ids"] for result in found}) == 1:
        return None
    tested = np.mean([result["test"]["n"] for result in found])
    trained = max(result["n_train"]["real"] for result in found)
    return float(tested / max(trained, 1))


def _sentence(verdict: str, candidate: str, reference: str, difference: Estimate) -> str:
    gain = f"{100 * difference.mean:+.1f} points of {DECISIVE.replace('_', ' ')}"
    words = f"{WORDS[verdict]}: {candidate} minus {reference}, the best arm without them, is {gain}"
    if difference.low is None or difference.high is None:
        return f"{words} on a single draw, which allows no interval."
    return f"{words} [{100 * difference.low:+.1f}, {100 * difference.high:+.1f}] over {difference.draws} draws."
