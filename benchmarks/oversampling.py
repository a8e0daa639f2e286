"""What is GANOverSampler worth on an imbalanced table, beside what people do today?

Usage: python benchmarks/oversampling.py [wine breast_cancer made] [--repeats 20] [--minority 10] [--steps auto]

wine, breast_cancer: half of the rows are for testing; of the other half, the minority class (the third wine, malignant)
keeps --minority rows. A repeat splits anew, and its ratio of test to training rows, before that cut, is 1. made: 6,000
rows against --minority of a problem made anew for each repeat. Rows are standardised, over-sampled until classes are
even, and classified. Printed: balanced accuracy on the test rows, mean over repeats, and the GAN's gain over each
reference with its 95 % interval (Nadeau and Bengio's where repeats overlap).
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections import defaultdict
from typing import Any

import numpy as np
from imblearn.over_sampling import SMOTE, RandomOverSampler
from imblearn.pipeline import make_pipeline
from sklearn.datasets import load_breast_cancer, load_wine, make_classification
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score
from sklearn.preprocessing import StandardScaler

from ganaug.evaluation.statement import change_text
from ganaug.evaluation.stats.estimate import estimate
from ganaug.plugins.imblearn import GANOverSampler

Rows = tuple[np.ndarray, np.ndarray]
FIRST = 100  # repeat: those before it were looked at when the defaults were chosen
SOURCES = {"wine": (load_wine, 2), "breast_cancer": (load_breast_cancer, 0)}  # and their minority class


def real(name: str, repeat: int, minority: int) -> tuple[Rows, Rows]:
    """Training and test rows of one of `SOURCES`."""
    load, small = SOURCES[name]
    rows, y = load(return_X_y=True)
    random = np.random.default_rng(repeat)
    train, test = [], []
    for label in np.unique(y):
        order = random.permutation(np.flatnonzero(y == label))
        half = len(order) // 2
        test.append(order[:half])
        train.append(order[half:][: minority if label == small else None])
    return tuple((rows[np.concatenate(part)], y[np.concatenate(part)]) for part in (train, test))


def made(repeat: int, minority: int) -> tuple[Rows, Rows]:
    """Training and test rows of a problem with two clusters a class in 6 of 12 columns."""
    rows, y = make_classification(14_000, 12, n_informative=6, weights=[0.7, 0.3], class_sep=1.2, random_state=repeat)
    large, small = np.flatnonzero(y == 0), np.flatnonzero(y == 1)
    train = np.concatenate([large[:6000], small[:minority]])
    test = np.concatenate([large[6000:8000], small[minority:][:2000]])
    return (rows[train], y[train]), (rows[test], y[test])


def arms(repeat: int, steps: Any) -> dict[str, tuple[Any, str | None]]:
    """Over-samplers, and class weights for the classifier."""
    return {
        "none": (None, None),
        "class weights": (None, "balanced"),
        "random": (RandomOverSampler(random_state=repeat), None),
        "random, smoothed": (RandomOverSampler(shrinkage=1.0, random_state=repeat), None),
        "SMOTE": (SMOTE(random_state=repeat), None),
        "GAN": (GANOverSampler(steps=steps, device="cpu", random_state=repeat), None),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="*", default=[*SOURCES, "made"])
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--minority", type=int, default=10)
    parser.add_argument("--steps", type=lambda text: text if text == "auto" else int(text), default="auto")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)
    print("| data | classifier | arm | balanced accuracy | GAN minus it | s a repeat |\n|---|---|---|---|---|---|")
    for name in arguments.data:
        found: dict[tuple[str, str], list[float]] = defaultdict(list)
        seconds: dict[tuple[str, str], float] = defaultdict(float)
        for repeat in range(FIRST, FIRST + arguments.repeats):
            make = made if name == "made" else lambda *rest, name=name: real(name, *rest)
            (rows, y), (tested, truth) = make(repeat, arguments.minority)
            for arm, (sampler, weight) in arms(repeat, arguments.steps).items():
                for kind in (LogisticRegression, RandomForestClassifier):
                    classifier = kind(class_weight=weight, random_state=repeat)
                    began = time.perf_counter()
                    model = make_pipeline(StandardScaler(), sampler, classifier).fit(rows, y)
                    seconds[kind.__name__, arm] += (time.perf_counter() - began) / arguments.repeats
                    found[kind.__name__, arm].append(balanced_accuracy_score(truth, model.predict(tested)))
        overlap = 0.0 if name == "made" else 1.0
        for (kind, arm), values in found.items():
            gain = estimate(np.subtract(found[kind, "GAN"], values), overlap)
            shown = "" if arm == "GAN" else change_text(gain)
            print(
                f"| {name} | {kind} | {arm} | {np.mean(values):.3f} | {shown} | {seconds[kind, arm]:.1f} |", flush=True
            )


if __name__ == "__main__":
    main()
