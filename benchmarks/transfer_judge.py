"""How well arms of transfer.py know test rows: scores of networks and in an embedding, and the trade of classes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, normalize
from transfer_fit import Rows, asked
from transfer_tasks import Task, accuracies

from ganaug import GANAugmenter

JOINED = (  # arms whose scores are averaged
    ("light", "prototypes"), ("mixup", "prototypes"), ("light", "logistic"), ("delayed", "prototypes"),
    ("light + versions", "prototypes"), ("light + versions", "prototypes of versions"),
    ("mixup + versions", "prototypes of versions"), ("light + versions", "logistic on versions"),
    ("light + chosen versions", "prototypes of versions"),
)  # fmt: skip
BIASES = np.linspace(-3, 3, 121)  # in standard deviations of a row's scores
L2, NEWTON = 1e-4, 100  # logistic regression: its penalty, its steps


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


def embed(problem: Problem, images: NDArray[np.uint8], options: Options) -> Tensor:
    """Return directions (n, F) from the mean of the common rows, in the network trained on common classes."""
    network, task = problem.embedding, problem.task
    assert network is not None
    centre = normalize(asked(network, task.images[task.common[task.labels]], options.device, features=True)).mean(0)
    return normalize(normalize(asked(network, images, options.device, features=True)) - centre)


def judge_by_embedding(problem: Problem, options: Options) -> None:
    """Score test rows by class means and by logistic regression in the embedding, of real rows and with versions."""
    task = problem.task
    real, test = (embed(problem, images, options) for images in (task.images, task.test_images))
    cases = {"prototypes": None, "prototypes of versions": "versions"} | {
        "logistic": None, "logistic on versions": "versions",
    }  # fmt: skip
    means = class_means(real, task.labels, task.n_classes)
    for name, source in cases.items():
        if source is not None and source not in problem.made:
            continue
        features, labels, centres = real, task.labels, means
        if source is not None:
            made = problem.made[source]
            new = embed(problem, made.images, options)
            moved = normalize(means + class_means(new, made.labels, task.n_classes))
            at = torch.as_tensor(task.rare, device=options.device)[:, None]
            centres = torch.where(at, moved, means)
            features, labels = torch.cat([real, new]), np.concatenate([task.labels, made.labels])
        if name.startswith("prototypes"):
            problem.scores[name] = standard(test @ centres.T)
        else:
            problem.scores[name] = standard(logistic(features, labels, task.n_classes, test))


def class_means(features: Tensor, labels: NDArray[np.int64], k: int) -> Tensor:
    """Return the directions of the classes' means (k, F); zero for a class without rows."""
    sums = torch.zeros(k, features.shape[1], device=features.device)
    sums.index_add_(0, torch.as_tensor(labels, device=features.device), features)
    return normalize(sums)


def logistic(features: Tensor, labels: NDArray[np.int64], k: int, test: Tensor) -> Tensor:
    """Return logits of a logistic regression in which every class counts the same."""
    y = torch.as_tensor(labels, device=features.device)
    weight = 1 / torch.bincount(y, minlength=k).clamp_min(1)[y].float()
    weight = weight / weight.sum()
    matrix = torch.zeros(features.shape[1], k, device=features.device, requires_grad=True)
    solver = torch.optim.LBFGS([matrix], max_iter=NEWTON, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        solver.zero_grad()
        losses = cross_entropy(10 * features @ matrix, y, reduction="none")
        loss = (weight * losses).sum() + L2 * matrix.square().sum()
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    solver.step(closure)  # type: ignore[no-untyped-call]
    return (test @ matrix).detach()


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
