"""The two networks of texts, sized from their vocabulary."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import torch
from torch import Tensor

from ganaug.gan.conditioning import CONDITIONINGS
from ganaug.gan.infilling import HiddenPrior
from ganaug.modalities.table.architecture import LARGEST
from ganaug.modalities.text.codec import NUMBERS
from ganaug.modalities.text.discriminator import Discriminator
from ganaug.modalities.text.infiller import Infiller
from ganaug.modalities.text.vocabulary import BYTES, LENGTH, MOST_TOKENS


@dataclass(frozen=True)
class TextArchitecture:
    """Everything that determines the shapes of the two networks; see `ganaug.modalities.parts.Architecture`."""

    first: int
    kinds: tuple[int, ...]
    length: int
    n_classes: int
    conditioning: str = "projection"
    width: int = 64
    depth: int = 1
    features: int = 64

    @property
    def latent(self) -> int:
        """Numbers of chance that a text takes."""
        return HiddenPrior(self.length).size

    def build(self, seed: int) -> tuple[Infiller, Discriminator]:
        """Return a new generator and discriminator; the global random state is left alone."""
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(seed)
            prior = HiddenPrior(self.length)
            generator = Infiller(self.first, self.kinds, self.n_classes, prior, self.width, self.depth)
            head = CONDITIONINGS[self.conditioning]
            return generator, Discriminator(self.n_classes, self.width, self.depth, self.features, head)

    def example(self) -> Tensor:
        """Return a text of no token, (1, T, NUMBERS)."""
        return torch.zeros(1, self.length, NUMBERS)


def architecture_of(about: Mapping[str, Any]) -> TextArchitecture:
    """Return the architecture with these fields; `TypeError` where they are none."""
    known = {field.name for field in fields(TextArchitecture)}
    held = dict(about)
    conditioning, kinds = held.pop("conditioning", None), held.pop("kinds", None)
    if set(about) != known or not isinstance(conditioning, str) or not isinstance(kinds, (list, tuple)):
        raise TypeError(f"the networks of texts are described by {', '.join(sorted(known))}")
    sizes = [*held.values(), *kinds]
    if not all(type(size) is int and 0 < size <= LARGEST for size in sizes):
        raise TypeError(f"the sizes of the networks of texts are whole numbers up to {LARGEST}")
    if held["first"] + sum(kinds) > MOST_TOKENS + 1 + BYTES or held["length"] > LENGTH:
        raise TypeError("the networks of texts are for fewer tokens")
    return TextArchitecture(**held, conditioning=conditioning, kinds=tuple(kinds))
