"""The network setup for images: two networks, sized from the data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from ganaug.gan.augmentation import Augmentation
from ganaug.gan.conditioning import CONDITIONINGS
from ganaug.gan.latents import Prior
from ganaug.gan.losses import Objective
from ganaug.gan.regularizers import Penalty
from ganaug.gan.sampler import BalancedSampler
from ganaug.gan.trainer import Augment, NetworkSetup
from ganaug.modalities.image.networks import Discriminator, Generator, Layout
from ganaug.modalities.image.pixels import pixel_distance, to_float


@dataclass(frozen=True)
class Architecture:
    """Everything that determines the shapes of the two networks."""

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

    @property
    def shape(self) -> tuple[int, int, int]:
        """Height, width and channels of an image."""
        return self.height, self.width, self.channels

    def build(self, seed: int) -> tuple[Generator, Discriminator]:
        """Return a new generator and discriminator; the global random state is left alone."""
        layout = Layout.of(self.height, self.width)
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(seed)
            prior = Prior(self.latent, self.n_classes, self.anchors)
            generator = Generator(layout, self.channels, self.n_classes, prior, self.base_width, self.depth)
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

    def restore(self, weights: Mapping[str, Mapping[str, Tensor]]) -> dict[str, nn.Module]:
        """Return ``generator`` and ``discriminator`` with these weights.

        Nothing is allocated before names and shapes are known to fit, as the numbers may come from anyone's file.

        Raises
        ------
        KeyError, RuntimeError, ValueError
            They do not fit.
        """
        names = ("generator", "discriminator")
        if self.depth > len(weights[names[0]]):
            raise ValueError(f"depth {self.depth} for {len(weights[names[0]])} tensors")
        with torch.device("meta"):
            for name, shapes in zip(names, self.build(0), strict=True):
                shapes.load_state_dict(weights[name], assign=True)
        modules: dict[str, nn.Module] = dict(zip(names, self.build(0), strict=True))
        for name, module in modules.items():
            module.load_state_dict(weights[name])
        return modules


def image_setup(
    architecture: Architecture,
    images: NDArray[np.uint8],
    labels: NDArray[np.int64],
    objective: Objective,
    penalty: Penalty,
    augment: Augment,
    augmentation: Augmentation,
    seed: int,
    device: torch.device,
) -> NetworkSetup:
    """Set up training on images: networks on the device, and beside them the whole data set, as uint8.

    Parameters
    ----------
    architecture : Architecture
        The networks.
    images, labels : arrays (n, H, W, C) and (m,)
        Training rows, and the class codes of the first m; the others are unlabelled.
    objective, penalty, augment, augmentation
        The rules.
    seed : int
        Of the initial weights and of the anchors.
    device : torch.device
        Where all of it lives.
    """
    data, codes = (torch.tensor(a, device=device) for a in (images, labels))
    generator, discriminator = architecture.build(seed)
    generator.prior.place(torch.from_numpy(labels), seed)
    return NetworkSetup(
        generator.to(device),
        discriminator.to(device),
        rows=lambda indices: to_float(data[indices]),
        sampler=BalancedSampler(codes, architecture.n_classes, unlabelled=len(images) - len(labels)),
        objective=objective,
        penalty=penalty,
        augment=augment,
        augmentation=augmentation,
        distance=pixel_distance,
        labelled=None if len(images) == len(labels) else torch.arange(len(images), device=device) < len(labels),
    )


def _channels_last(module: Any) -> Any:
    return module.to(memory_format=torch.channels_last)


def costs(architecture: Architecture, generator: nn.Module, discriminator: nn.Module) -> dict[str, dict[str, int]]:
    """Return, for each network, its ``parameters`` and the ``flops`` (floating-point operations) of one row forward."""
    device = next(generator.parameters()).device
    label = torch.zeros(1, dtype=torch.int64, device=device)
    latent = torch.zeros(1, architecture.latent, device=device)
    image = torch.zeros(1, architecture.channels, architecture.height, architecture.width, device=device)
    found = {}
    for name, network, inputs in (("generator", generator, latent), ("discriminator", discriminator, image)):
        with FlopCounterMode(display=False) as counter, torch.no_grad():
            network(inputs, label)
        parameters = sum(p.numel() for p in network.parameters())
        found[name] = {"parameters": parameters, "flops": counter.get_total_flops()}
    return found
