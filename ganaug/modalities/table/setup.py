"""The network setup for tables: two networks, sized from the columns, and what they train with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ganaug.gan.augmentation import AUGMENTATIONS
from ganaug.gan.conditioning import CONDITIONINGS
from ganaug.gan.latents import Prior
from ganaug.gan.losses import OBJECTIVES
from ganaug.gan.regularizers import PENALTIES
from ganaug.gan.sampler import BalancedSampler
from ganaug.gan.trainer import NetworkSetup
from ganaug.modalities.table.networks import Discriminator, Generator


@dataclass(frozen=True)
class Architecture:
    """Everything that determines the shapes of the two networks."""

    numbers: int
    levels: tuple[int, ...]
    n_classes: int
    latent: int = 32
    width: int = 64
    depth: int = 2
    anchors: int = 0  # rows that own a latent, see `Prior`

    def build(self, seed: int) -> tuple[Generator, Discriminator]:
        """Return a new generator and discriminator; the global random state is left alone."""
        inputs = self.numbers + sum(self.levels)
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(seed)
            prior = Prior(self.latent, self.n_classes, self.anchors)
            generator = Generator(self.numbers, self.levels, self.n_classes, prior, self.width, self.depth)
            head = CONDITIONINGS["projection"]
            return generator, Discriminator(inputs, self.n_classes, self.width, self.depth, head)


class Noise:
    """Blurs rows, so that the discriminator cannot tell probabilities from choices, nor learn few rows by heart.

    Without it the shares of levels were twice as far from those of the real rows.
    """

    SCALE = 0.4  # standard deviation; that of a numeric column is about 1

    def __init__(self, width: int) -> None:
        self.width = width

    def draw(self, n: int, p: float | Tensor, generator: torch.Generator) -> Tensor:
        """Draw what is added to n rows (n, W), with probability p each."""
        device = generator.device
        happens = torch.rand(n, 1, generator=generator, device=device) < p
        return happens * self.SCALE * torch.randn(n, self.width, generator=generator, device=device)

    def __call__(self, inputs: Tensor, draws: Tensor) -> Tensor:
        """Add the draws (n, W) to rows (n, W)."""
        return inputs + draws


def to_rows(numbers: Tensor, codes: Tensor, levels: Sequence[int]) -> Tensor:
    """Lay numbers (n, N) and codes (n, B) out as rows (n, W): numbers, then the codes as one-hot vectors."""
    starts = torch.tensor([0, *levels], device=codes.device).cumsum(0)
    one_hot = numbers.new_zeros(len(codes), int(starts[-1])).scatter_(1, codes + starts[:-1], 1.0)
    return torch.cat([numbers, one_hot], dim=1)


def from_rows(rows: Tensor, levels: Sequence[int]) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return the numbers (n, N) and the most probable codes (n, B) of rows (n, W)."""
    numbers, *blocks = torch.split(rows.cpu(), [rows.shape[1] - sum(levels), *levels], dim=1)
    codes = torch.stack([block.argmax(1) for block in blocks], 1) if blocks else torch.zeros(len(rows), 0)
    return numbers.numpy(), codes.long().numpy()


def row_distance(rows: Tensor, others: Tensor, columns: int) -> Tensor:
    """Absolute difference of rows (n, W) for each of their columns, (n,): one of many levels counts like any other."""
    return (rows - others).abs().sum(1) / columns


def table_setup(
    architecture: Architecture,
    numbers: NDArray[np.float32],
    codes: NDArray[np.int64],
    labels: NDArray[np.int64],
    steps: int,
    seed: int,
    device: torch.device,
) -> NetworkSetup:
    """Set up training on table rows: networks on the device, and beside them the whole table, with codes as integers.

    Parameters
    ----------
    architecture : Architecture
        The networks.
    numbers, codes, labels : arrays (n, N), (n, B) and (n,)
        Training rows, and their class codes.
    steps : int
        Of the whole training.
    seed : int
        Of the initial weights and of the anchors.
    device : torch.device
        Where all of it lives.
    """
    objective = OBJECTIVES["relativistic"]
    data, chosen, classes = (torch.tensor(a, device=device) for a in (numbers, codes, labels))
    generator, discriminator = architecture.build(seed)
    generator.prior.place(classes.cpu(), seed)
    return NetworkSetup(
        generator.to(device),
        discriminator.to(device),
        rows=lambda indices: to_rows(data[indices], chosen[indices], architecture.levels),
        sampler=BalancedSampler(classes, architecture.n_classes),
        objective=objective,
        penalty=PENALTIES[objective.penalty](),
        augment=Noise(architecture.numbers + sum(architecture.levels)),
        augmentation=AUGMENTATIONS["diffaugment"](steps),
        distance=partial(row_distance, columns=architecture.numbers + len(architecture.levels)),
    )
