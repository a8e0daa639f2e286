"""Hard decisions from probabilities: class weights that validation rows choose, for every arm alike.

Where training classes are unequal, the most probable class is the wrong one to name if balanced accuracy is what
counts, whatever the classifier. So a comparison of ways to train that leaves thresholds alone mostly compares
thresholds ("To SMOTE, or not to SMOTE?", Elor and Averbuch-Elor, arXiv 2201.08528).

Only one number is chosen: how far weights go from none to the inverse shares of the classes, and beyond, or half as far
the other way where training has favoured rare classes (which costs arms that have no use for it up to 0.4 points with
40 validation rows, 0.1 with 200; simulated, 150 draws). A weight for each class fits the few rows that choose it: of 40
validation rows of 5 equal classes it lost 3.6 points of balanced accuracy on other rows, this one 0.5; of 2 classes of
80 and 20 % they won 2.7 and 3.6 points (simulated, 60 draws).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
POWERS = np.linspace(-0.5, 1.5, 41)  # of the inverse shares; 1 does for probabilities that are right
SHOWN = POWERS[::5]  # of what they trade


def choose_weights(
    labels: NDArray[np.int64], probabilities: Floats, trained: NDArray[np.int64] | None = None
) -> NDArray[np.float64]:
    """Choose class weights that maximise balanced accuracy among powers of the inverse shares of the classes.

    Parameters
    ----------
    labels : int array (n,)
        True codes.
    probabilities : float array (n, K)
        Of validation rows, never of those that the classifier was trained or is tested on.
    trained : int array (K,), optional
        Real training rows of each class, which say what is rare; by default the validation rows do.

    Returns
    -------
    float array (K,)
        Weights with a geometric mean of 1: all of them 1 where classes are equal, and of one without training rows. Of
        powers that are equally good the mean counts.
    """
    counts = np.bincount(labels, minlength=probabilities.shape[1])
    rarity = _rarity(counts if trained is None else trained)
    found = [_balanced_accuracy(labels, decide(probabilities, np.exp(power * rarity)), counts) for power in POWERS]
    best = POWERS[np.array(found) >= max(found) - 1e-9]
    middle = best[np.abs(best - best.mean()).argmin()]  # one that was tried: good powers may have bad ones between
    weights: NDArray[np.float64] = np.exp(middle * rarity)
    return weights


def decide(probabilities: Floats, weights: Floats) -> NDArray[np.int64]:
    """Return the class (n,) of largest weighted probability."""
    found: NDArray[np.int64] = (probabilities * weights).argmax(1)
    return found


def trade(
    labels: NDArray[np.int64],
    probabilities: Floats,
    weights: Floats,
    trained: NDArray[np.int64],
    rare: NDArray[np.bool_],
) -> dict[str, list[float]]:
    """Say what common classes pay for what rare ones gain, from the weights of one end of `POWERS` to the other.

    Parameters
    ----------
    labels : int array (n,)
        True codes.
    probabilities : float array (n, K)
        Of test rows; nothing is chosen by them.
    weights : float array (K,)
        That were chosen.
    trained : int array (K,)
        Real training rows of each class.
    rare : bool array (K,)
        Which classes have few.

    Returns
    -------
    dict
        ``rare`` and ``common``: accuracy with the chosen weights, then at each of `SHOWN`, every class counting the
        same. Empty where one of the two kinds of classes has no test row.
    """
    counts, rarity = np.bincount(labels, minlength=len(trained)), _rarity(trained)
    kinds = {"rare": rare & (counts > 0), "common": ~rare & (counts > 0)}
    if not all(kind.any() for kind in kinds.values()):
        return {}
    every = [weights, *(np.exp(power * rarity) for power in SHOWN)]
    each = [_hit_rates(labels, decide(probabilities, some), counts) for some in every]
    return {name: [float(found[kind].mean()) for found in each] for name, kind in kinds.items()}


def _rarity(shares: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the logarithms of the inverse shares (K,), their mean 0; 0 of a class that has none."""
    present = shares > 0
    rarity = np.zeros(len(shares))
    rarity[present] = -np.log(shares[present])
    rarity[present] -= rarity[present].mean()
    return rarity


def _hit_rates(labels: NDArray[np.int64], decided: NDArray[np.int64], counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the accuracy of each class (K,), 0 of one without rows."""
    hits = np.bincount(labels[decided == labels], minlength=len(counts))
    found: NDArray[np.float64] = hits / np.maximum(counts, 1)
    return found


def _balanced_accuracy(labels: NDArray[np.int64], decided: NDArray[np.int64], counts: NDArray[np.int64]) -> float:
    return float(_hit_rates(labels, decided, counts)[counts > 0].mean())
