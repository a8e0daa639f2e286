"""The two networks for images, sized from the data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from ganaug.gan.conditioning import CONDITIONINGS
from ganaug.gan.latents import Prior
from ganaug.gan.translation import RowPrior
from ganaug.modalities.image.networks import Discriminator, Generator, Layout
from ganaug.modalities.image.translator import Translator


@dataclass(frozen=True)
class ImageArchitecture:
    """Everything that determines the shapes of the two networks; see `ganaug.modalities.parts.Architecture`."""

    SIZES: ClassVar[tuple[str, ...]] = ("height", "width")  # in which a model to start from may differ

    height: int
    width: int
    channels: int
    n_classes: int
    conditioning: str = "projection"
    latent: int = 64
    features: int = 128
    base_width: int = 64
    depth: int = 1
    anchors: int = 0  # labelled rows that own a latent, see `Prior`
    generator: str = "latent"  # or "translation", whose latents are styles

    @property
    def shape(self) -> tuple[int, int, int]:
        """Height, width and channels of an image."""
        return self.height, self.width, self.channels

    def build(self, seed: int) -> tuple[Generator | Translator, Discriminator]:
        """Return a new generator and discriminator; the global random state is left alone."""
        layout = Layout.of(self.height, self.width)
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(seed)
            generator = self._generator(layout)
            discriminator = Discriminator(
                layout,
                self.channels,
                self.n_classes,
                self.base_width,
                self.depth,
                self.features,
                CONDITIONINGS[self.conditioning],
            )
        return _channels_last(generator), _channels_last(discriminator)

    def _generator(self, layout: Layout) -> Generator | Translator:
        if self.generator == "translation":
            return Translator(layout, self.channels, RowPrior(self.latent), self.base_width, self.depth)
        prior = Prior(self.latent, self.n_classes, self.anchors)
        return Generator(layout, self.channels, self.n_classes, prior, self.base_width, self.depth)

    def example(self) -> Tensor:
        """Return one black image (1, C, H, W)."""
        return torch.zeros(1, self.channels, self.height, self.width)


def auto_width(device: str) -> int:
    """Return the width for a kind of device: half of it on a CPU takes a third of the time, and classifiers hardly see
    the difference (benchmarks/RESULTS.md, time to quality).
    """
    return 32 if device == "cpu" else 64


def _channels_last(module: Any) -> Any:
    return module.to(memory_format=torch.channels_last)
