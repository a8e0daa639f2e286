"""Results of arms and repeats, made up to have known differences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganaug.evaluation.downstream.arms import ARMS
from ganaug.metrics.classification import SCALARS, pack_bits

CLASSES = ("a", "b")
REAL = 40  # training rows, 20 a class


def prepared(
    mode: str = "benchmark", test: int = 2000, train: int = REAL, pool: int = 0, repeats: int = 5
) -> dict[str, Any]:
    """What reports/prepare.json says of splits of so many rows."""
    rows = {part: dict.fromkeys(CLASSES, n // 2) for part, n in (("train", train), ("test", test), ("pool", pool))}
    return {"mode": mode, "repeats": {str(repeat): {"rows": rows} for repeat in range(repeats)}}


def measured(score: float, n: int = 2000, recalls: Sequence[float] | None = None) -> dict[str, Any]:
    """Every metric of one split; recalls of the classes may differ. The first rows of a class are those got right."""
    each = recalls or [score] * len(CLASSES)
    per_class = {
        name: {"recall": r, "precision": r, "f1": r, "n": n // 2, "correct": pack_bits(np.arange(n // 2) < r * n / 2)}
        for name, r in zip(CLASSES, each, strict=True)
    }
    return dict.fromkeys(SCALARS, score) | {"n": n, "per_class": per_class}


def of_bits(right: NDArray[np.bool_], y: NDArray[np.int64]) -> dict[str, Any]:
    """The part of one split that tells which rows were right."""
    per_class = {
        name: {"n": int((y == k).sum()), "correct": pack_bits(right[y == k])} for k, name in enumerate(CLASSES)
    }
    return {"n": len(y), "per_class": per_class}


def result(arm: str, test: float, validation: float = 0.7, **other: Any) -> dict[str, Any]:
    """The content of one result file."""
    n_train = {"real": REAL * (arm != "synthetic"), "synthetic": 2000 * ARMS[arm].synthetic}
    common = {"steps": 400, "batch_size": 64, "classes": list(CLASSES), "test_ids": "fixed", "n_train": n_train}
    return common | {"test": measured(test), "validation": measured(validation, 20)} | other


def oracle(start: float, gains: Mapping[float, float]) -> dict[str, Any]:
    """The content of an oracle's file: what shares of more (or fewer, below 0) real rows make of ``start``."""
    points = [
        {"share": share, "n_real": round(REAL * (1 + share)), "test": measured(start + gain)}
        for share, gain in gains.items()
    ]
    return result("real", 0.0) | {"points": points, "direction": "up" if min(gains) > 0 else "down"}


def results(
    gains: Sequence[float],
    noise: float = 0.0005,
    curve: Mapping[float, float] | None = None,
    test_ids: Sequence[str] | None = None,
    **others: float,
) -> dict[str, list[dict[str, Any]]]:
    """One classifier's results over repeats of unequal difficulty.

    ``classical`` is the best arm without a GAN, ``classical_gan`` gains on it in each repeat what ``gains`` says, and
    ``others`` maps further arms to what they gain on ``classical`` on average.
    """
    rng = np.random.default_rng(0)
    found: dict[str, list[dict[str, Any]]] = {}
    for repeat, gain in enumerate(gains):
        start = 0.7 + 0.02 * repeat
        ids = {"test_ids": test_ids[repeat]} if test_ids else {}
        scores = {"real": -0.02, "classical": 0.0, "classical_gan": gain, **others}
        for arm, change in scores.items():
            luck = rng.normal(0, noise) if arm in others or arm == "real" else 0.0
            validation = 0.7 + {"classical": 0.01, "classical_gan": 0.01}.get(arm, 0.0)
            found.setdefault(arm, []).append(result(arm, start + change + luck, validation, **ids))
        if curve:
            found.setdefault("oracle", []).append(
                oracle(start, {share: value + rng.normal(0, noise) for share, value in curve.items()}) | ids
            )
    return found
