"""How well probabilities put the rows of a class before the others."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score


def average_precision(labels: NDArray[np.int64], probabilities: NDArray[np.floating[Any]]) -> float:
    """Return the mean over classes of the area under precision against recall, each class against the others.

    Classes that have no row are left out. A classifier that knows nothing gets a class's share of the rows.

    Parameters
    ----------
    labels : int array (n,)
        True codes.
    probabilities : float array (n, K)
        Of each class.
    """
    present = np.unique(labels)
    return float(np.mean([average_precision_score(labels == code, probabilities[:, code]) for code in present]))
