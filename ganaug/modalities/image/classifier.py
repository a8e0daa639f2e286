"""The built-in downstream classifier: a small ConvNet that trains in seconds from a handful of labelled images.

It measures every arm of the evaluation and is the teacher that scores generated rows.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, one_hot

from ganaug.errors import DataError
from ganaug.modalities.batches import plan_batches
from ganaug.modalities.image.codec import to_float
from ganaug.utils.progress import Progress
from ganaug.utils.samples import at_a_time
from ganaug.utils.tensors import tensor_of
from ganaug.utils.threads import one_thread

Augment = Callable[[NDArray[np.uint8], np.random.Generator], NDArray[np.uint8]]
Build = Callable[[tuple[int, int, int], int], nn.Module]

WARM_UP = 0.1  # share of the steps in which the learning rate rises
WEIGHT_DECAY = 0.05
LABEL_SMOOTHING = 0.1
DROPOUT = 0.5  # share of the features dropped while training
SMALL = 40  # pixels a side, up to which two stages do


class PixelNorm(nn.LayerNorm):
    """Layer normalisation of the channels at each place."""

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - the base class' name
        """Map (n, C, H, W) to the same; with channels last in memory nothing is copied."""
        return super().forward(input.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class SmallCNN(nn.Module):
    """Two conv stages down to a grid of about 3 x 3, three for images beyond 40 pixels a side, and one linear layer.

    Parameters
    ----------
    shape : (int, int, int)
        Height, width (8 to 512 each) and channels (1 to 4) of the images.
    n_classes : int
        Number of classes.

    Notes
    -----
    Neither batch normalisation nor one over places: real and synthetic rows share batches, and their statistics
    differ; and means over places took a quarter of a step. Features keep their place on the grid, since where a part
    sits says much about small, centred pictures. The first convolution leaves full resolution at once by its stride:
    a step takes a sixth of the time by that. It costs accuracy where no row is augmented, and none where rows are
    (benchmarks/RESULTS.md, the classifier's step).
    """

    def __init__(self, shape: tuple[int, int, int], n_classes: int) -> None:
        super().__init__()
        side = math.sqrt(shape[0] * shape[1])
        widths, grid = ((48, 96), 16) if side <= SMALL else ((24, 48, 96), 32)
        stride = max(1, round(side / grid))
        height, width = (-(-side // stride) for side in shape[:2])
        stages: list[nn.Module] = []
        for before, after in itertools.pairwise((shape[2], *widths)):
            step = 1 if stages else stride
            pool = (2 if height >= 6 else 1, 2 if width >= 6 else 1)
            height, width = height // pool[0], width // pool[1]
            stages += [
                nn.Conv2d(before, after, 2 * step + 1, stride=step, padding=step, bias=False),
                PixelNorm(after),
                nn.MaxPool2d(pool),
                nn.ReLU(inplace=True),  # after the pooling: the same map for a quarter of the work
            ]
        self.stages = nn.Sequential(*stages)
        self.dropout = nn.Dropout(DROPOUT)
        self.output = nn.Linear(widths[-1] * height * width, n_classes)

    def features(self, x: Tensor) -> Tensor:
        """Map images (n, C, H, W) in [-1, 1] to features (n, F)."""
        features: Tensor = self.stages(x).flatten(1)
        return features

    def forward(self, x: Tensor) -> Tensor:
        """Map images (n, C, H, W) in [-1, 1] to logits (n, n_classes)."""
        logits: Tensor = self.output(self.dropout(self.features(x)))
        return logits


def train_classifier(
    images: NDArray[np.uint8],
    labels: NDArray[np.int64],
    n_classes: int,
    *,
    steps: int = 1000,
    batch_size: int = 32,
    learning_rate: float = 3e-3,
    augment: Augment | None = None,
    mixup: float = 0.0,
    plan: NDArray[np.int64] | None = None,
    weights: NDArray[np.float32] | None = None,
    adjustment: NDArray[np.float32] | None = None,
    build: Build = SmallCNN,
    seed: int = 0,
    device: str = "auto",
    progress: Progress | None = None,
) -> nn.Module:
    """Train a classifier for a fixed number of steps, on class-balanced batches where no others are given.

    Parameters
    ----------
    images : uint8 array (n, H, W, C)
        Training images, 8 to 512 pixels a side, 1 to 4 channels.
    labels : int array (n,)
        Class codes in ``range(n_classes)``; a class may be absent.
    n_classes : int
        Number of classes.
    steps, batch_size : int
        Optimiser steps and rows in each.
    learning_rate : float
        Peak of the one-cycle schedule.
    augment : callable, optional
        Maps a uint8 batch (b, H, W, C) and a `numpy.random.Generator` to an altered batch of the same shape and dtype.
    mixup : float
        Each batch is mixed with itself in another order, by a share from Beta(mixup, mixup) (Zhang et al., arXiv
        1710.09412). 0: not at all.
    plan : int array (steps, batch_size), optional
        Rows of every batch, see `ganaug.modalities.batches.plan_batches`; None: classes take turns.
    weights : float array (n,), optional
        Weight of each row's loss; the mean over a batch is a weighted one.
    adjustment : float array (n_classes,), optional
        Added to the logits while training, and left out afterwards: with the logarithm of the classes' shares of the
        rows, what is learnt holds for equal shares (logit adjustment, Menon et al., arXiv 2007.07314).
    build : callable, default=SmallCNN
        ``(shape, n_classes)`` to a module that maps images (n, C, H, W) in [-1, 1] to logits (n, n_classes).
    seed : int
        The same seed on the same machine gives the same weights; the global random state is left alone.
    device : str
        ``"auto"`` (CUDA if there is one, else CPU) or any torch device.
    progress : Progress, optional
        Advanced by one each step.

    Returns
    -------
    nn.Module
        What ``build`` made, in eval mode, on the device it was trained on.

    Raises
    ------
    DataError
        If there are no rows, or labels lie outside ``range(n_classes)``.
    """
    if len(images) == 0 or len(images) != len(labels) or labels.min() < 0 or labels.max() >= n_classes:
        raise DataError(
            f"the classifier needs at least one row and labels from 0 to {n_classes - 1}, one for each image: "
            f"got {len(images)} images and {len(labels)} labels; check the training split"
        )
    target = torch.device(("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device)
    generator = np.random.default_rng(seed)
    plan = plan_batches(labels, steps, batch_size, generator) if plan is None else plan
    pixels, targets = tensor_of(images, target), one_hot(torch.tensor(labels, device=target), n_classes)
    weight = torch.ones(len(labels), device=target) if weights is None else torch.tensor(weights, device=target)
    added = torch.zeros(n_classes, device=target) if adjustment is None else torch.tensor(adjustment, device=target)
    with _seeded(seed, target), one_thread(target):
        model = build(images.shape[1:], n_classes).to(target, memory_format=torch.channels_last)  # type: ignore[call-overload]
        optimiser = torch.optim.AdamW(model.parameters(), lr=learning_rate, weight_decay=WEIGHT_DECAY, fused=True)
        for step, rows in enumerate(plan):
            for group in optimiser.param_groups:
                group["lr"] = learning_rate * _one_cycle((step + 1) / len(plan))
            index = torch.from_numpy(rows).to(target)
            batch = pixels[index] if augment is None else torch.from_numpy(augment(images[rows], generator)).to(target)
            inputs, expected, counts = to_float(batch), targets[index].float(), weight[index]
            if mixup:
                share, partners = float(generator.beta(mixup, mixup)), generator.permutation(len(rows))
                inputs, expected, counts = (share * t + (1 - share) * t[partners] for t in (inputs, expected, counts))
            losses = cross_entropy(model(inputs) + added, expected, label_smoothing=LABEL_SMOOTHING, reduction="none")
            optimiser.zero_grad(set_to_none=True)
            torch.autograd.backward((losses * counts).sum() / counts.sum())
            optimiser.step()
            if progress is not None:
                progress.advance()
    return model.eval()  # type: ignore[no-any-return]


def predict_proba(model: nn.Module, images: NDArray[np.uint8], batch_size: int = 512) -> NDArray[np.float32]:
    """Give class probabilities.

    Parameters
    ----------
    model : nn.Module
        A trained classifier.
    images : uint8 array (n, H, W, C)
        Images of the kind it was trained on.
    batch_size : int
        Rows at a time.

    Returns
    -------
    float32 array (n, n_classes)
        Rows sum to one.
    """
    return _by_portions(lambda batch: model(batch).softmax(1), model, images, batch_size)


def extract_features(model: nn.Module, images: NDArray[np.uint8], batch_size: int = 512) -> NDArray[np.float32]:
    """Give what the last layer of a `SmallCNN` sees, float32 (n, F); see `predict_proba`."""
    assert isinstance(model, SmallCNN)
    return _by_portions(model.features, model, images, batch_size)


def _by_portions(
    function: Callable[[Tensor], Tensor], model: nn.Module, images: NDArray[np.uint8], size: int
) -> NDArray[np.float32]:
    device, parts = next(model.parameters()).device, []
    size = at_a_time(size, images[:1].size)
    with torch.inference_mode(), one_thread(device):
        for start in range(0, max(len(images), 1), size):  # no images: one empty batch
            batch = torch.tensor(images[start : start + size], device=device)
            parts.append(function(to_float(batch)).cpu().numpy())
    return np.concatenate(parts)


def _one_cycle(done: float) -> float:
    """Return the learning rate's factor at a share ``done`` of the steps: up linearly, down along a cosine."""
    return min(done / WARM_UP, 0.5 + 0.5 * math.cos(math.pi * (done - WARM_UP) / (1 - WARM_UP)))


@contextmanager
def _seeded(seed: int, device: torch.device) -> Iterator[None]:
    """Seed torch's global generators, which initial weights and dropout draw from, and put them back afterwards."""
    devices = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices), torch.backends.cudnn.flags(enabled=True, deterministic=True):
        torch.default_generator.manual_seed(seed)
        if devices:
            torch.cuda.manual_seed(seed)
        yield
