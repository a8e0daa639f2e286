"""Hard decisions from probabilities: class weights that validation rows choose, for every arm alike.

Where classes are unequal, the most probable class is the wrong one to name if balanced accuracy is what counts,
whatever the classifier. So a comparison of ways to train that leaves thresholds alone mostly compares thresholds
("To SMOTE, or not to SMOTE?", Elor and Averbuch-Elor, arXiv 2201.08528).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
ROUNDS = 20  # over all classes; it ends sooner, when nothing gets better
TINY = 1e-12  # below any probability that counts


def choose_weights(labels: NDArray[np.int64], probabilities: Floats) -> NDArray[np.float64]:
    """Choose class weights that maximise balanced accuracy, one class after the other.

    Parameters
    ----------
    labels : int array (n,)
        True codes.
    probabilities : float array (n, K)
        Of validation rows, never of those that the classifier was trained or is tested on.

    Returns
    -------
    float array (K,)
        Weights with a geometric mean of 1: all of them 1 where nothing is better. Of equally good ones those in the
        middle, in the logarithm.
    """
    known = np.maximum(probabilities.astype(np.float64), TINY)
    weights = np.ones(known.shape[1])
    counts = np.bincount(labels, minlength=len(weights))
    worth = 1 / (np.where(counts > 0, counts, 1) * max(1, int(np.count_nonzero(counts))))
    for _ in range(ROUNDS):
        before = weights.copy()
        for code in np.flatnonzero(counts):
            weights[code] = _best(labels, known, weights, int(code), worth)
        if np.array_equal(weights, before):
            break
    centred: NDArray[np.float64] = weights / np.exp(np.log(weights).mean())
    return centred


def decide(probabilities: Floats, weights: Floats) -> NDArray[np.int64]:
    """Return the class (n,) of largest weighted probability."""
    found: NDArray[np.int64] = (probabilities * weights).argmax(1)
    return found


def _best(labels: NDArray[np.int64], probabilities: Floats, weights: Floats, code: int, worth: Floats) -> float:
    """Return the best weight of a class while the others keep theirs, the present one unless another is better."""
    others = probabilities * weights
    others[:, code] = -1.0
    rival = others.argmax(1)
    limits = others.max(1) / probabilities[:, code]  # above which a row is of this class
    gains = np.where(labels == code, worth[code], 0.0) - np.where(rival == labels, worth[labels], 0.0)
    order = np.argsort(limits, kind="stable")
    limits, totals = limits[order], np.concatenate([[0.0], gains[order].cumsum()])
    ends = np.append(np.flatnonzero(np.diff(limits) > 0) + 1, len(limits))  # rows of equal limits go together
    steps = np.concatenate([[0], ends])
    present = totals[np.searchsorted(limits, weights[code], side="left")]
    best = steps[totals[steps].argmax()]
    if totals[best] <= present + 1e-9:
        return float(weights[code])
    low = limits[best - 1] if best > 0 else limits[0] / 4
    high = limits[best] if best < len(limits) else limits[-1] * 4
    return float(np.sqrt(low * high))
