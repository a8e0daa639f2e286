"""The result files of all arms and draws: reading them, and the columns of numbers in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganaug.errors import DataError
from ganaug.evaluation.arms import result_path
from ganaug.evaluation.metrics import SCALARS
from ganaug.files import read_json

DECISIVE = SCALARS[0]
ORACLE = "oracle"

Result = Mapping[str, Any]
Results = Mapping[str, Sequence[Result]]  # of one classifier: for each arm its results, one a draw


def read_results(
    folder: str | Path, arms: Sequence[str], draws: Sequence[int], classifier: str
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
    results = {arm: [_read(result_path(folder, arm, draw, classifier)) for draw in draws] for arm in arms}
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


def without_oracle(results: Results) -> Results:
    """Leave out the oracle, which is a curve and has no single test result."""
    return {arm: found for arm, found in results.items() if arm != ORACLE}


def scores(found: Sequence[Result], metric: str = DECISIVE, split: str = "test") -> NDArray[np.float64]:
    """Return one number of an arm, draw by draw: shape (J,)."""
    return np.array([result[split][metric] for result in found])


def recalls(found: Sequence[Result]) -> NDArray[np.float64]:
    """Return an arm's recall by draw and class: shape (J, K); NaN where a class has no test row."""
    cells = ([result["test"]["per_class"][name] for name in result["classes"]] for result in found)
    return np.array([[cell["recall"] if cell["n"] else np.nan for cell in row] for row in cells])


def real_rows(found: Sequence[Result]) -> NDArray[np.float64]:
    """Return the number of real training rows of an arm, draw by draw: shape (J,)."""
    return np.array([result["n_train"]["real"] for result in found], np.float64)


def _read(path: Path) -> dict[str, Any]:
    try:
        content: dict[str, Any] = read_json(path)
    except FileNotFoundError:
        raise DataError(f"{path} is missing; run the stage that evaluates this arm and draw (dvc repro)") from None
    return content
