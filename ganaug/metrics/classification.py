"""What a classifier's probabilities are worth against the true labels."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import confusion_matrix, log_loss, precision_recall_fscore_support

from ganaug.metrics.ranking import average_precision

SCALARS = (
    "balanced_accuracy",
    "accuracy",
    "macro_f1",
    "average_precision",
    "nll",
    "ece",
)  # the first is the one that decides
HIGHER_IS_BETTER = {name: name not in ("nll", "ece") for name in SCALARS}
BINS = 15


def classification_metrics(
    labels: NDArray[np.int64],
    probabilities: NDArray[np.floating[Any]],
    classes: Sequence[str],
    weights: NDArray[np.floating[Any]] | None = None,
) -> dict[str, Any]:
    """Compute every number of one arm on one split.

    Parameters
    ----------
    labels : int array (n,)
        True codes into `classes`.
    probabilities : float array (n, K)
        Rows sum to one.
    classes : sequence of str
        K names.
    weights : float array (K,), optional
        By which classes count where one is decided for, see `ganaug.metrics.thresholds`. None: the most probable one.

    Returns
    -------
    dict
        ``n``, the `SCALARS` (shares from 0 to 1; nll in nats), ``per_class`` {name: recall, precision, f1, n, correct}
        and ``confusion`` (a row for each true class). ``correct`` holds a bit for each row of the class in their order,
        see `unpack_bits`. Means over classes leave out classes that have no row here.
    """
    codes = np.arange(len(classes))
    predicted = (probabilities if weights is None else probabilities * weights).argmax(1)
    precision, recall, f1, support = precision_recall_fscore_support(labels, predicted, labels=codes, zero_division=0.0)
    present = support > 0
    return {
        "n": len(labels),
        "balanced_accuracy": float(recall[present].mean()),
        "accuracy": float((predicted == labels).mean()),
        "macro_f1": float(f1[present].mean()),
        "average_precision": average_precision(labels, probabilities),
        "nll": float(log_loss(labels, _normalised(probabilities), labels=codes)),
        "ece": expected_calibration_error(labels, probabilities),
        "per_class": {
            name: {
                "recall": float(r),
                "precision": float(p),
                "f1": float(f),
                "n": int(n),
                "correct": pack_bits(predicted[labels == code] == code),
            }
            for code, name, r, p, f, n in zip(codes, classes, recall, precision, f1, support, strict=True)
        },
        "confusion": confusion_matrix(labels, predicted, labels=codes).tolist(),
    }


def pack_bits(bits: NDArray[np.bool_]) -> str:
    """Write bits as text: eight to a byte, in base 64."""
    return base64.b64encode(np.packbits(bits).tobytes()).decode("ascii")


def unpack_bits(text: str, n: int) -> NDArray[np.bool_]:
    """Read the ``n`` bits that `pack_bits` wrote.

    Examples
    --------
    >>> unpack_bits(pack_bits(np.array([True, False, True])), 3)
    array([ True, False,  True])
    """
    packed = np.frombuffer(base64.b64decode(text), np.uint8)
    return np.unpackbits(packed, count=n).astype(np.bool_)


def expected_calibration_error(labels: NDArray[np.int64], probabilities: NDArray[np.floating[Any]]) -> float:
    """Mean gap between confidence and accuracy over 15 equal-width bins of confidence (Guo et al., arXiv 1706.04599).

    Parameters
    ----------
    labels : int array (n,)
    probabilities : float array (n, K)

    Returns
    -------
    float
        From 0 (calibrated) to 1.
    """
    confidence = probabilities.max(1)
    gap = (probabilities.argmax(1) == labels) - confidence
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    return float(np.abs(np.bincount(bins, weights=gap, minlength=BINS)).sum() / len(labels))


def _normalised(probabilities: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Sum rows to one in double precision: float32 sums are off by enough for scikit-learn to warn."""
    exact = probabilities.astype(np.float64)
    exact /= exact.sum(1, keepdims=True)
    return exact
