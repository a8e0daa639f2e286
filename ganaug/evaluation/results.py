"""The result files of all arms and repeats: reading them, and the columns of numbers in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganaug.errors import DataError
from ganaug.evaluation.downstream.arms import result_path
from ganaug.evaluation.stats.paired import ByClass
from ganaug.metrics.classification import SCALARS, unpack_bits
from ganaug.utils.files import read_json

PRIMARY_METRIC = SCALARS[0]
ORACLE = "oracle"

Result = Mapping[str, Any]
Results = Mapping[str, Sequence[Result]]  # of one classifier: for each arm its results, one a repeat


def read_results(
    folder: str | Path, arms: Sequence[str], repeats: Sequence[int], classifier: str
) -> dict[str, list[dict[str, Any]]]:
    """Read the results of these arms and repeats, and of no others that may lie about in ``folder``.

    Returns
    -------
    dict
        For each arm its results, one a repeat, in the order of ``repeats``; see
        `ganaug.evaluation.downstream.run.run_arms`.

    Raises
    ------
    DataError
        If a file is missing, or the arms were not trained and tested alike.
    """
    results = {arm: [_read(result_path(folder, arm, repeat, classifier)) for repeat in repeats] for arm in arms}
    for at, repeat in enumerate(repeats):
        for shared in ("steps", "batch_size", "classes", "test_ids"):
            found = {arm: results[arm][at][shared] for arm in arms}
            odd = [arm for arm in arms if found[arm] != found[arms[0]]]
            if odd:
                raise DataError(
                    f"the arms {arms[0]} and {odd[0]} of repeat {repeat} differ in {shared.replace('_', ' ')}, "
                    "so they cannot be compared; run the evaluation of both again"
                )
    return results


def without_oracle(results: Results) -> Results:
    """Leave out the oracle, which is a curve and has no single test result."""
    return {arm: found for arm, found in results.items() if arm != ORACLE}


def scores(found: Sequence[Result], metric: str = PRIMARY_METRIC, split: str = "test") -> NDArray[np.float64]:
    """Return one number of an arm, repeat by repeat: shape (J,)."""
    return np.array([result[split][metric] for result in found])


def recalls(found: Sequence[Result]) -> NDArray[np.float64]:
    """Return an arm's recall by repeat and class: shape (J, K); NaN where a class has no test row."""
    cells = ([result["test"]["per_class"][name] for name in result["classes"]] for result in found)
    return np.array([[cell["recall"] if cell["n"] else np.nan for cell in row] for row in cells])


def correct_rows(found: Sequence[Result]) -> ByClass:
    """Return which test rows an arm got right (1.0 or 0.0), by class and repeat, in the order of the test split."""
    return [[_bits(result["test"]["per_class"][name]) for result in found] for name in found[0]["classes"]]


def differences(first: ByClass, second: ByClass) -> ByClass:
    """Return what one arm got right minus what another did, by class and repeat."""
    return [[a - b for a, b in zip(*pair, strict=True)] for pair in zip(first, second, strict=True)]


def _bits(cell: Mapping[str, Any]) -> NDArray[np.float64]:
    return unpack_bits(cell["correct"], cell["n"]).astype(np.float64)


def real_rows(found: Sequence[Result]) -> NDArray[np.float64]:
    """Return the number of real training rows of an arm, repeat by repeat: shape (J,)."""
    return np.array([result["n_train"]["real"] for result in found], np.float64)


def _read(path: Path) -> dict[str, Any]:
    try:
        content: dict[str, Any] = read_json(path)
    except FileNotFoundError:
        raise DataError(f"{path} is missing; run the stage that evaluates this arm and repeat (dvc repro)") from None
    tests = [each["test"] for each in content.get("points", [content])]
    if not all("correct" in cell for test in tests for cell in test["per_class"].values()):
        raise DataError(f"{path} does not say which test rows were right; run the stage that evaluates this arm again")
    return content
