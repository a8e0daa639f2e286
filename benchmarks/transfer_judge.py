"""How well arms of transfer.py know test rows: scores of networks and in an embedding, and the trade of classes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from transfer_fit import Rows, asked
from transfer_tasks import Task, accuracies

from ganaug import GANAugmenter
from ganaug.modalities.embedding import TINY, Embedding, class_means, fit_logistic, unit
from ganaug.modalities.treatments import balanced

JOINED = (  # arms whose scores are averaged
    ("light", "prototypes"), ("mixup", "prototypes"), ("light", "logistic"), ("delayed", "prototypes"),
    ("light + versions", "prototypes"), ("light + versions", "prototypes of versions"),
    ("mixup + versions", "prototypes of versions"), ("light + versions", "logistic on versions"),
    ("light", "logistic on versions"),
    ("light + chosen versions", "prototypes of versions"),
)  # fmt: skip
BIASES = np.linspace(-3, 3, 121)  # in standard deviations of a row's scores


@dataclass
class Problem:
    """A task on its way: what has been trained for it."""

    task: Task
    seed: int
    generators: dict[str, GANAugmenter] = field(default_factory=dict)
    embedding: nn.Module | None = None  # trained on the common classes
    made: dict[str, Rows] = field(default_factory=dict)
    scores: dict[str, Tensor] = field(default_factory=dict)


@dataclass(frozen=True)
class Options:
    """What holds for all tasks."""

    device: torch.device
    steps: int  # of a classifier
    batch: int
    params: dict[str, Any]  # of the generator
    share: float


def embed(problem: Problem, options: Options) -> Embedding:
    """Return what maps images to directions from the mean of the common rows, in the network trained on these."""
    network, task = problem.embedding, problem.task
    assert network is not None
    known = task.common[task.labels]
    features = partial(asked, network, device=options.device, features=True)
    return Embedding(lambda images: features(images).cpu().numpy(), task.images[known], task.labels[known])


def judge_by_embedding(problem: Problem, options: Options) -> None:
    """Score test rows by class means and by logistic regression in the embedding, of real rows and with versions."""
    task, embedding, k = problem.task, embed(problem, options), problem.task.n_classes
    real, test = embedding(task.images), embedding(task.test_images)
    means = unit(class_means(real, task.labels, k))
    cases = {("prototypes", "logistic"): (means, real, task.labels)}
    if "versions" in problem.made:
        made = problem.made["versions"]
        new = embedding(made.images)
        moved = unit(means + unit(class_means(new, made.labels, k)))
        centres = np.where(task.rare[:, None], moved, means)
        both = np.concatenate([real, new]), np.concatenate([task.labels, made.labels])
        cases["prototypes of versions", "logistic on versions"] = (centres, *both)
    for arms, (centres, features, labels) in cases.items():
        ask = fit_logistic(features, labels, balanced(labels), k)
        for arm, scores in zip(arms, (test @ centres.T, np.log(ask(test) + TINY)), strict=True):
            problem.scores[arm] = standard(torch.as_tensor(scores, dtype=torch.float32, device=options.device))


def standard(scores: Tensor) -> Tensor:
    """Standardise the scores (n, K) of each row."""
    return (scores - scores.mean(1, keepdim=True)) / scores.std(1, keepdim=True)


def join(problem: Problem) -> None:
    """Add the arms that average the scores of two."""
    for first, second in JOINED:
        if first in problem.scores and second in problem.scores:
            problem.scores[f"{first} + {second}"] = (problem.scores[first] + problem.scores[second]) / 2


def curve(task: Task, scores: Tensor) -> NDArray[np.float64]:
    """Return accuracy on rare classes, on common ones, and balanced, at each of the `BIASES`: (B, 3)."""
    values = scores.cpu().numpy()
    columns = [np.flatnonzero(task.rare), np.flatnonzero(task.common)]
    best = [of[values[:, of].argmax(1)] for of in columns]
    top = [values[np.arange(len(values)), each] for each in best]
    return np.array([accuracies(task, np.where(top[0] + b > top[1], best[0], best[1])) for b in BIASES])


def middle(values: NDArray[np.float64]) -> int:
    """Return the middle of the positions within a thousandth of the maximum."""
    return int(np.median(np.flatnonzero(values >= values.max() - 0.001)))


def rounded(values: Sequence[float] | NDArray[np.float64]) -> list[float]:
    """Return numbers fit for a log."""
    return [round(float(value), 4) for value in values]
