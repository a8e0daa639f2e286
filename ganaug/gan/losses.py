"""Losses of adversarial training: what the discriminator and the generator minimise.

Every objective is a pair of pure functions of the logits of a real and of a generated batch, both of shape (n,);
row i of either has the same label. A probability is the logistic function of a logit.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, relu, softplus

from ganaug.utils.registry import Registry

Loss = Callable[[Tensor, Tensor], Tensor]


class Objective(NamedTuple):
    """The two losses of an objective, each ``(real_logits, fake_logits) -> scalar``."""

    discriminator: Loss  # minimised by D
    generator: Loss  # minimised by G; real logits are constants to it
    bounded: bool = True  # sign(D(real)) measures overfitting; where not, adaptive augmentation (ADA) is refused
    penalty: str = "r1"  # the penalty that goes with it where none is asked for


OBJECTIVES: Registry[Objective] = Registry("objective")


def _textbook_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """-log D(x) - log(1 - D(G(z))): give real rows a high probability and generated ones a low one."""
    says_real = binary_cross_entropy_with_logits(real, torch.ones_like(real))
    says_fake = binary_cross_entropy_with_logits(fake, torch.zeros_like(fake))
    return says_real + says_fake


def _minimax_generator(real: Tensor, fake: Tensor) -> Tensor:
    """log(1 - D(G(z))), the saturating loss of Goodfellow et al. 2014 (arXiv 1406.2661)."""
    return -softplus(fake).mean()


def _non_saturating_generator(real: Tensor, fake: Tensor) -> Tensor:
    """-log D(G(z)): be taken for real (arXiv 1406.2661, section 3)."""
    return softplus(-fake).mean()


def _hinge_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """Push real logits above 1 and generated ones below -1 (arXiv 1705.02894)."""
    return relu(1 - real).mean() + relu(1 + fake).mean()


def _critic_generator(real: Tensor, fake: Tensor) -> Tensor:
    """-D(G(z)): raise the critic's score."""
    return -fake.mean()


def _least_squares_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """Regress real logits to 1 and generated ones to 0 (arXiv 1611.04076)."""
    return 0.5 * ((real - 1).square().mean() + fake.square().mean())


def _least_squares_generator(real: Tensor, fake: Tensor) -> Tensor:
    return 0.5 * (fake - 1).square().mean()


def _wasserstein_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """The critic's estimate of the earth mover's distance, negated (arXiv 1704.00028)."""
    return fake.mean() - real.mean()


def _relativistic_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """A real row should look more real than the generated row it is paired with (arXiv 1807.00734, 2501.05441)."""
    return softplus(fake - real).mean()


def _relativistic_generator(real: Tensor, fake: Tensor) -> Tensor:
    return softplus(real - fake).mean()


OBJECTIVES.register("minimax")(Objective(_textbook_discriminator, _minimax_generator))
OBJECTIVES.register("non_saturating")(Objective(_textbook_discriminator, _non_saturating_generator))
OBJECTIVES.register("hinge")(Objective(_hinge_discriminator, _critic_generator))
OBJECTIVES.register("least_squares")(Objective(_least_squares_discriminator, _least_squares_generator, bounded=False))
OBJECTIVES.register("wasserstein_gp")(
    Objective(_wasserstein_discriminator, _critic_generator, bounded=False, penalty="gradient_penalty")
)
OBJECTIVES.register("relativistic")(
    Objective(_relativistic_discriminator, _relativistic_generator, bounded=False, penalty="r1_r2")
)
