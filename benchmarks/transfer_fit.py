"""The classifiers of transfer.py: small networks, their rows on the device; on a GPU a step is a CUDA graph.

One at a time. Side by side, each on a stream, they hung or read memory that was not theirs, probably because graphs
recorded on one stream share the workspace of cuBLAS. Several processes share a GPU instead (``--part``).
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import affine_grid, cross_entropy, grid_sample

from ganaug.modalities.image.classifier import LABEL_SMOOTHING, WARM_UP, WEIGHT_DECAY, SmallCNN

LEARNING_RATE = 3e-3
LATE = 0.6  # share of the steps after which delayed re-balancing draws classes alike (arXiv 1906.07413)


class Rows(NamedTuple):
    """Images (n, H, W) uint8 and their classes (n,)."""

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]


class Recipe(NamedTuple):
    """How a classifier is trained, beside its rows."""

    strength: float = 0.5  # of the affine augmentation
    mixup: bool = False
    balanced: str = "always"  # classes drawn alike: always, late, never
    adjusted: bool = False  # logits by the logarithm of class frequencies (arXiv 2007.07314)


class Training:
    """The training of a classifier on a device; rows of ``made`` stand in for a share of their classes' draws."""

    def __init__(
        self, rows: Rows, n_classes: int, recipe: Recipe, made: Rows | None, share: float, steps: int, batch: int,
        seed: int, device: torch.device,
    ) -> None:  # fmt: skip
        self.recipe, self.steps, self.batch, self.share, self.device = recipe, steps, batch, share, device
        self.real, self.made = (None if r is None else _table(r, n_classes, device) for r in (rows, made))
        assert self.real is not None
        counts = self.real[2].double()
        natural, alike = counts / counts.sum(), (counts > 0).double() / (counts > 0).sum()
        first = alike if recipe.balanced == "always" else natural
        last = natural if recipe.balanced == "never" else alike
        self.bounds = torch.stack([first.cumsum(0), last.cumsum(0)]).float()
        self.adjustment = natural.clamp_min(1e-9).log().float() * recipe.adjusted
        rates = [LEARNING_RATE * _one_cycle((t + 1) / steps) for t in range(steps)]
        self.rates = torch.tensor(rates, device=device)
        self.late = (torch.arange(steps, device=device) >= LATE * steps).long()
        self.random = torch.Generator(device).manual_seed(seed)
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(seed)
            net = SmallCNN((*rows.images.shape[1:], 1), n_classes)
        self.network = net.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.rate = torch.zeros((), device=device)
        cuda = device.type == "cuda"
        self.adam = torch.optim.AdamW(
            self.network.parameters(), lr=self.rate if cuda else LEARNING_RATE, weight_decay=WEIGHT_DECAY,
            fused=True, capturable=cuda,
        )  # fmt: skip
        self.eye = torch.eye(n_classes, device=device)
        self.at = torch.zeros(1, dtype=torch.int64, device=device)

    def run(self) -> nn.Module:
        """Take all steps; return the network."""
        if self.device.type == "cuda":
            graph = self._record()
            for _ in range(self.steps):
                graph.replay()
            torch.cuda.synchronize()
        else:
            for _ in range(self.steps):
                self.step()
        return self.network.eval()

    def step(self) -> None:
        """Draw a batch and take one optimiser step."""
        rate = self.rates.index_select(0, self.at)[0]
        if self.device.type == "cuda":
            self.rate.copy_(rate)
        else:
            self.adam.param_groups[0]["lr"] = float(rate)
        inputs, labels = self._draw()
        targets = self.eye.index_select(0, labels)
        if self.recipe.mixup:  # Beta(.4, .4) by a ratio of gammas has no generator of its own: an arcsine is near
            share = torch.sin(math.pi / 2 * self._uniform(1)).square()
            other = self._uniform(self.batch).argsort()
            inputs, targets = (share * t + (1 - share) * t[other] for t in (inputs, targets))
        logits = self.network(inputs) + self.adjustment
        self.adam.zero_grad(set_to_none=True)
        cross_entropy(logits, targets, label_smoothing=LABEL_SMOOTHING).backward()  # type: ignore[no-untyped-call]
        self.adam.step()
        self.at += 1

    def _record(self) -> Any:
        """Return the step as a CUDA graph; the state is as it was."""
        before = {name: t.clone() for name, t in self.network.state_dict().items()}
        state = self.random.get_state()
        side = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(3):
                self.step()
        torch.cuda.current_stream().wait_stream(side)
        self.network.load_state_dict(before)
        for moments in self.adam.state.values():
            for tensor in moments.values():
                tensor.zero_()
        self.at.zero_()
        self.random.set_state(state)
        self.adam.zero_grad(set_to_none=True)
        graph = torch.cuda.CUDAGraph()
        graph.register_generator_state(self.random)
        with torch.cuda.graph(graph):
            self.step()
        return graph

    def _uniform(self, *shape: int) -> Tensor:
        return torch.rand(*shape, generator=self.random, device=self.device)

    def _draw(self) -> tuple[Tensor, Tensor]:
        """Return a batch of augmented images (n, 1, H, W) in [-1, 1] and classes (n,)."""
        late = self.late.index_select(0, self.at)
        bounds = self.bounds.index_select(0, late)[0]
        labels = torch.searchsorted(bounds, self._uniform(self.batch)).clamp_max(len(bounds) - 1)
        assert self.real is not None
        images = _pick(self.real, labels, self._uniform(self.batch))
        if self.made is not None:
            swap = (self._uniform(self.batch) < self.share) & (self.made[2][labels] > 0)
            others = _pick(self.made, labels, self._uniform(self.batch))
            images = torch.where(swap[:, None, None], others, images)
        inputs = images[:, None].float() / 127.5 - 1
        return _affine(inputs, self.recipe.strength, self._uniform(self.batch, 6)), labels


@torch.no_grad()
def asked(network: nn.Module, images: NDArray[np.uint8], device: torch.device, features: bool = False) -> Tensor:
    """Return logits (n, K), or features (n, F), of images (n, H, W)."""
    parts = []
    for start in range(0, len(images), 2048):
        batch = torch.as_tensor(images[start : start + 2048], device=device)[:, None].float() / 127.5 - 1
        parts.append(network.features(batch) if features else network(batch))  # type: ignore[operator]
    return torch.cat(parts)


Table = tuple[Tensor, Tensor, Tensor, Tensor]  # images, rows by class, counts, starts


def _table(rows: Rows, n_classes: int, device: torch.device) -> Table:
    labels = torch.as_tensor(rows.labels, device=device)
    counts = torch.bincount(labels, minlength=n_classes)
    order = labels.argsort(stable=True)
    return torch.as_tensor(rows.images, device=device), order, counts, counts.cumsum(0) - counts


def _pick(table: Table, labels: Tensor, chance: Tensor) -> Tensor:
    images, order, counts, starts = table
    at = starts[labels] + (chance * counts[labels]).long().clamp_min(0)
    return images[order[at.clamp_max(len(order) - 1)]]


def _affine(inputs: Tensor, strength: float, chance: Tensor) -> Tensor:
    """Turn, scale, shear and shift a little; at a strength of .5: 7 degrees, 10 %, an eighth and 2 pixels of 28."""
    scale, angle, shear, x, y, _ = ((chance - 0.5) * strength).unbind(1)
    scale, angle, shear = 1 + 0.4 * scale, 0.5 * angle, 0.5 * shear
    first = torch.stack([scale * angle.cos(), shear - scale * angle.sin(), 0.3 * x], 1)
    second = torch.stack([scale * angle.sin(), scale * angle.cos(), 0.3 * y], 1)
    grid = affine_grid(torch.stack([first, second], 1), list(inputs.shape), align_corners=False)
    return grid_sample(inputs, grid, padding_mode="border", align_corners=False)


def _one_cycle(done: float) -> float:
    return min(done / WARM_UP, 0.5 + 0.5 * math.cos(math.pi * (done - WARM_UP) / (1 - WARM_UP)))
