"""Ridge regression on class indicators, as a classifier that gives probabilities.

Its penalty is chosen by the error of every row when it is left out, which costs no further fit (Rifkin and Lippert,
2007), and so is the one number by which scores become probabilities: the temperature of a softmax.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from scipy.optimize import minimize_scalar

PENALTIES = np.logspace(-2, 5, 15)
INTERCEPT = 1e3  # square of the constant feature that stands for the intercept, next to which a penalty is nothing
CHOSEN_ON = 1_500  # rows from which penalty and temperature come, at most
TEMPERATURES = (-3.0, 7.0)  # logarithms of the factor of a score

Matrix = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Ridge:
    """A fitted classifier of rows (n, F) of K classes.

    Attributes
    ----------
    middle, spread : arrays (F,)
        By which features are scaled.
    weights : array (F, K)
        Of the features.
    offset : array (K,)
        What is added.
    temperature : float
        Factor of the scores.
    """

    middle: Matrix
    spread: Matrix
    weights: Matrix
    offset: Matrix
    temperature: float

    @classmethod
    def fit(
        cls,
        features: Matrix,
        targets: Matrix,
        weights: Matrix,
        chooses: NDArray[np.bool_],
        factor: float = 1.0,
    ) -> Ridge:
        """Fit one.

        Parameters
        ----------
        features : array (n, F)
            Rows.
        targets : array (n, K)
            The probability of each class, 1 for the label.
        weights : array (n,)
            Of each row's error, above 0.
        chooses : bool array (n,)
            The rows by which penalty and temperature are chosen: real ones, as a synthetic row says too much of those
            that it was made like.
        factor : float
            Of the penalty that was chosen.
        """
        middle, spread = features[chooses].mean(0), features[chooses].std(0)
        spread = np.where(spread > 1e-6, spread, 1.0)
        scaled = ((features - middle) / spread).astype(np.float32)
        some = np.flatnonzero(chooses)[:: max(1, int(chooses.sum()) // CHOSEN_ON)]
        signed, scale = 2 * targets - 1, weights / weights[chooses].mean()
        penalty, temperature = _choose(_gram(scaled[some]), signed[some], scale[some])
        root = np.sqrt(scale)[:, None]
        system = root * _gram(scaled) * root.T + factor * penalty * np.eye(len(scaled))
        dual = root * cho_solve(cho_factor(system, lower=True, overwrite_a=True), root * signed)
        return cls(middle, spread, scaled.T @ dual.astype(np.float32), INTERCEPT * dual.sum(0), temperature)

    def scores(self, features: Matrix) -> Matrix:
        """Return a score for each class (n, K): 1 where it is sure, -1 where it is none."""
        found: Matrix = ((features - self.middle) / self.spread).astype(np.float32) @ self.weights + self.offset
        return found

    def predict_proba(self, features: Matrix) -> NDArray[np.float64]:
        """Return class probabilities (n, K)."""
        return softmax(self.temperature * self.scores(features).astype(np.float64))


def softmax(scores: Matrix) -> NDArray[np.float64]:
    """Return probabilities (n, K) of scores."""
    raised = np.exp(scores - scores.max(1, keepdims=True))
    return np.asarray(raised / raised.sum(1, keepdims=True))


def _gram(features: Matrix) -> NDArray[np.float64]:
    return np.asarray(features @ features.T, np.float64) + INTERCEPT


def _choose(gram: NDArray[np.float64], signed: Matrix, weights: Matrix) -> tuple[float, float]:
    """Return the penalty of the least error of rows left out, and the temperature that makes their labels likeliest."""
    root = np.sqrt(weights)[:, None]
    values, vectors = np.linalg.eigh(root * gram * root.T)
    values, turned = values.clip(0), vectors.T @ (root * signed)
    best, least, kept = PENALTIES[0], np.inf, signed
    for penalty in PENALTIES:
        inverse = 1 / (values + penalty)
        dual = vectors @ (inverse[:, None] * turned)
        diagonal = (vectors**2 * inverse).sum(1)[:, None]
        left_out = signed - dual / diagonal / root
        error = float((weights[:, None] * (left_out - signed) ** 2).mean())
        if error < least:
            best, least, kept = float(penalty), error, left_out
    classes = signed.shape[1]
    doubt = 1 / (len(signed) / classes + 2)  # as Platt (1999): that all rows left out are right makes nothing sure
    truth = np.where(signed > 0, 1 - doubt, doubt / max(classes - 1, 1))

    def surprise(logarithm: float) -> float:
        likely = softmax(np.exp(logarithm) * kept)
        return float(-(weights[:, None] * truth * np.log(likely.clip(1e-300))).sum())

    found = minimize_scalar(surprise, bounds=TEMPERATURES, method="bounded")
    return best, float(np.exp(found.x))
