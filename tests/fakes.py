"""Tiny networks and rows on which training is over in a second: points of a few classes in the plane."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ganaug.gan.augmentation import AUGMENTATIONS
from ganaug.gan.conditioning import CONDITIONINGS, apply_head
from ganaug.gan.fabric import make_fabric
from ganaug.gan.latents import Prior
from ganaug.gan.losses import OBJECTIVES
from ganaug.gan.regularizers import PENALTIES
from ganaug.gan.sampler import BalancedSampler
from ganaug.gan.schedule import Schedule
from ganaug.gan.trainer import NetworkSetup, Trainer

CENTRES = torch.tensor([[-1.0, -0.5], [1.0, 0.5]])
SPREAD = 0.2
NUMBERS = {"learning_rate": 0.01, "penalty_weight": 0.1, "penalty_interval": 4}  # of the schedule, where none are given
LATENT = 4


def points(sizes: tuple[int, ...] = (200, 200), seed: int = 0) -> tuple[Tensor, Tensor]:
    """Rows (n, 2) about the centre of their class, and labels (n,)."""
    labels = torch.repeat_interleave(torch.arange(len(sizes)), torch.tensor(sizes))
    noise = torch.randn(len(labels), 2, generator=torch.Generator().manual_seed(seed))
    return CENTRES[labels] + SPREAD * noise, labels


class PointGenerator(nn.Module):
    """Latents and labels to points."""

    def __init__(self, n_classes: int, prior: Prior | None = None, width: int = 32) -> None:
        super().__init__()
        self.prior = prior or Prior(LATENT, n_classes)
        self.embedding = nn.Embedding(n_classes, LATENT)
        self.layers = nn.Sequential(nn.Linear(2 * LATENT, width), nn.LeakyReLU(0.2), nn.Linear(width, 2))

    def forward(self, latents: Tensor, labels: Tensor, condition_scale: float = 1.0) -> Tensor:
        return self.layers(torch.cat([latents, condition_scale * self.embedding(labels)], dim=1))


class PointDiscriminator(nn.Module):
    """Points to logits by way of a conditioning head."""

    def __init__(self, n_classes: int, conditioning: str = "projection", width: int = 32) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(2, width), nn.LeakyReLU(0.2), nn.Linear(width, width), nn.LeakyReLU(0.2))
        self.head = CONDITIONINGS[conditioning](width, n_classes)

    def forward(self, inputs: Tensor, labels: Tensor, condition_scale: float = 1.0) -> tuple[Tensor, Tensor | None]:
        return apply_head(self.head, self.layers(inputs), labels, condition_scale)


class Shifts:
    """Moves points in any direction, much further than they lie apart."""

    def draw(self, n: int, p: float | Tensor, generator: torch.Generator) -> Tensor:
        happens = torch.rand(n, 1, generator=generator, device=generator.device) < p
        return happens * torch.randn(n, 2, generator=generator, device=generator.device) * 3 * SPREAD

    def __call__(self, inputs: Tensor, draws: Tensor) -> Tensor:
        return inputs + draws


def point_trainer(
    steps: int = 150,
    objective: str = "relativistic",
    penalty: str | None = None,
    conditioning: str = "projection",
    augmentation: str = "none",
    seed: int = 0,
    rows: tuple[Tensor, Tensor] | None = None,
    unlabelled: Tensor | None = None,
    anchored: bool = False,
    device: str = "cpu",
    precision: str = "32-true",
    **numbers: float,
) -> Trainer:
    """A trainer at the start of training on points; ``numbers`` go to the `Schedule`."""
    fabric = make_fabric(device, precision)
    data, labels = (t.to(fabric.device) for t in rows or points())
    n_classes = int(labels.max()) + 1
    if unlabelled is not None:
        data = torch.cat([data, unlabelled.to(fabric.device)])
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        prior = Prior(LATENT, n_classes, len(labels) if anchored else 0)
        generator, discriminator = PointGenerator(n_classes, prior), PointDiscriminator(n_classes, conditioning)
    prior.place(labels, seed)
    rules = OBJECTIVES[objective]
    setup = NetworkSetup(
        generator.to(fabric.device),
        discriminator.to(fabric.device),
        rows=lambda indices: data[indices],
        sampler=BalancedSampler(labels, n_classes, len(data) - len(labels)),
        objective=rules,
        penalty=PENALTIES[penalty or rules.penalty](),
        augment=Shifts(),
        augmentation=AUGMENTATIONS[augmentation](steps),
        distance=lambda a, b: (a - b).abs().mean(1),
        labelled=torch.arange(len(data), device=fabric.device) < len(labels),
    )
    return Trainer(fabric, setup, Schedule(steps, **NUMBERS | numbers), seed)


def trained(trainer: Trainer) -> Trainer:
    """Take all steps."""
    while trainer.step < trainer.schedule.steps:
        trainer.train_step()
    return trainer


def generated(trainer: Trainer, per_class: int = 500) -> Tensor:
    """Points (K, n, 2) of the averaged generator."""
    n_classes = len(trainer.setup.sampler.counts)
    labels = torch.arange(n_classes, device=trainer.fabric.device).repeat_interleave(per_class)
    prior = trainer.ema.module.prior
    latents = prior(prior.draw(len(labels), torch.Generator().manual_seed(1)).to(labels.device), labels)
    with torch.no_grad():
        return trainer.ema.module(latents, labels).view(n_classes, per_class, 2).cpu()
