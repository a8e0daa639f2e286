"""The two networks of a table, sized from its columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import torch
from torch import Tensor

from ganaug.gan.conditioning import CONDITIONINGS
from ganaug.gan.latents import Prior
from ganaug.modalities.table.networks import Discriminator, Generator

BLOCKS = 2  # residual blocks for each unit of depth
LARGEST = 2**16  # of any one size, as they may come from anyone's file


@dataclass(frozen=True)
class TableArchitecture:
    """Everything that determines the shapes of the two networks."""

    numbers: int
    levels: tuple[int, ...]
    n_classes: int
    conditioning: str = "projection"
    latent: int = 32
    width: int = 64
    depth: int = 1
    anchors: int = 0  # rows that own a latent, see `Prior`

    def build(self, seed: int) -> tuple[Generator, Discriminator]:
        """Return a new generator and discriminator; the global random state is left alone."""
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(seed)
            prior = Prior(self.latent, self.n_classes, self.anchors)
            blocks = BLOCKS * self.depth
            generator = Generator(self.numbers, self.levels, self.n_classes, prior, self.width, blocks)
            head = CONDITIONINGS[self.conditioning]
            return generator, Discriminator(self.inputs, self.n_classes, self.width, blocks, head)

    @property
    def inputs(self) -> int:
        """Length W of a row, as networks see it."""
        return self.numbers + sum(self.levels)

    def example(self) -> Tensor:
        """Return a row of zeros, (1, W)."""
        return torch.zeros(1, self.inputs)


def architecture_of(about: Mapping[str, Any]) -> TableArchitecture:
    """Return the architecture with these fields; `TypeError` where they are none."""
    held = dict(about)
    levels = held.pop("levels", None)
    conditioning = held.pop("conditioning", None)
    sizes = [*held.values(), *levels] if isinstance(levels, (list, tuple)) else [None]
    known = {field.name for field in fields(TableArchitecture)}
    if set(about) != known or not isinstance(conditioning, str):
        raise TypeError(f"a table's networks are described by {', '.join(sorted(known))}")
    if not all(type(size) is int and 0 <= size <= LARGEST for size in sizes):
        raise TypeError(f"the sizes of a table's networks are whole numbers up to {LARGEST}")
    return TableArchitecture(**held, levels=tuple(levels or ()), conditioning=conditioning)
