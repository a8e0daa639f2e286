"""The two networks of signals: those of tables on components, convolutions on curves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import torch
from torch import Tensor

from ganaug.gan.conditioning import CONDITIONINGS
from ganaug.gan.latents import Prior
from ganaug.modalities.signal.codec import ComponentCodec, CurveCodec
from ganaug.modalities.signal.networks import Discriminator, Generator, Layout
from ganaug.modalities.signal.spec import MOST_VALUES
from ganaug.modalities.table import architecture as of_tables
from ganaug.modalities.table.architecture import TableArchitecture


@dataclass(frozen=True)
class CurveArchitecture:
    """Everything that determines the shapes of the two networks for curves."""

    channels: int
    points: int
    n_classes: int
    conditioning: str = "projection"
    latent: int = 32
    width: int = 32
    depth: int = 1
    features: int = 64
    anchors: int = 0  # rows that own a latent, see `Prior`

    def build(self, seed: int) -> tuple[Generator, Discriminator]:
        """Return a new generator and discriminator; the global random state is left alone."""
        layout = Layout.of(self.points)
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(seed)
            prior = Prior(self.latent, self.n_classes, self.anchors)
            sizes = layout, self.channels, self.n_classes
            generator = Generator(*sizes, prior, self.width, self.depth)
            head = CONDITIONINGS[self.conditioning]
            return generator, Discriminator(*sizes, self.width, self.depth, self.features, head)

    def example(self) -> Tensor:
        """Return a curve of zeros, (1, C, T)."""
        return torch.zeros(1, self.channels, self.points)


def make_architecture(
    codec: ComponentCodec | CurveCodec, n_classes: int, params: Mapping[str, Any], anchors: int
) -> TableArchitecture | CurveArchitecture:
    """Size the networks: of curves they are half as wide, since they are worked on at every point."""
    shared = {"conditioning": params["conditioning"], "depth": params["depth"], "anchors": anchors}
    if isinstance(codec, ComponentCodec):
        return TableArchitecture(codec.numbers, (), n_classes, width=params["width"], **shared)
    return CurveArchitecture(codec.channels, codec.points, n_classes, width=max(8, params["width"] // 2), **shared)


def architecture_of(about: Mapping[str, Any]) -> TableArchitecture | CurveArchitecture:
    """Return the architecture with these fields; `TypeError` where they are none."""
    if "numbers" in about:
        return of_tables.architecture_of(about)
    known = {field.name for field in fields(CurveArchitecture)}
    held = dict(about)
    if set(held) != known or not isinstance(held["conditioning"], str):
        raise TypeError(f"the networks of signals are described by {', '.join(sorted(known))}")
    sizes = [value for name, value in held.items() if name != "conditioning"]
    if not all(type(size) is int and 0 <= size <= of_tables.LARGEST for size in sizes):
        raise TypeError(f"the sizes of the networks of signals are whole numbers up to {of_tables.LARGEST}")
    if held["channels"] * held["points"] > 2 * MOST_VALUES:
        raise TypeError("the networks of signals are for fewer values")
    return CurveArchitecture(**held)
