from __future__ import annotations

import math

import pytest
import torch

from ganaug.gan.losses import OBJECTIVES

REAL, FAKE = torch.tensor([1.0, -2.0]), torch.tensor([0.5, -1.0])
NAMES = sorted(OBJECTIVES)


def softplus(x: float) -> float:
    return math.log1p(math.exp(x))


TEXTBOOK = (softplus(-1) + softplus(2)) / 2 + (softplus(0.5) + softplus(-1)) / 2
VALUES = {
    "minimax": (TEXTBOOK, -(softplus(0.5) + softplus(-1)) / 2),
    "non_saturating": (TEXTBOOK, (softplus(-0.5) + softplus(1)) / 2),
    "hinge": ((0 + 3) / 2 + (1.5 + 0) / 2, 0.25),
    "least_squares": (0.5 * ((0 + 9) / 2 + (0.25 + 1) / 2), 0.5 * (0.25 + 4) / 2),
    "wasserstein_gp": (-0.25 - -0.5, 0.25),
    "relativistic": ((softplus(-0.5) + softplus(1)) / 2, (softplus(0.5) + softplus(-1)) / 2),
}


def test_every_objective_is_checked_here():
    assert set(VALUES) == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_values(name):
    losses = OBJECTIVES[name]
    found = [float(loss(REAL, FAKE)) for loss in (losses.discriminator, losses.generator)]
    assert found == pytest.approx(VALUES[name], rel=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_the_players_pull_opposite_ways(name):
    """A step of D parts the logits, a step of G raises those of its rows, and no logit is left out."""
    real, fake = torch.zeros(3, requires_grad=True), torch.full((3,), 0.1, requires_grad=True)
    objective = OBJECTIVES[name]
    up, down = torch.autograd.grad(objective.discriminator(real, fake), (real, fake))
    assert (up < 0).all()
    assert (down > 0).all()
    (pull,) = torch.autograd.grad(objective.generator(real.detach(), fake), fake)
    assert (pull < 0).all()


@pytest.mark.parametrize("name", NAMES)
def test_extreme_logits_stay_finite(name):
    far = torch.tensor([1e4, -1e4])
    losses = OBJECTIVES[name]
    assert all(torch.isfinite(loss(far, -far)) for loss in (losses.discriminator, losses.generator))


def test_a_fooling_batch_still_teaches_without_saturation():
    """The reason for the non-saturating loss: gradients where D is sure that a row is generated."""
    sure = torch.tensor([-10.0], requires_grad=True)
    pulls = {n: torch.autograd.grad(OBJECTIVES[n].generator(sure, sure), sure)[0].abs() for n in VALUES}
    assert pulls["minimax"] < 1e-3
    assert pulls["non_saturating"] > 0.99
