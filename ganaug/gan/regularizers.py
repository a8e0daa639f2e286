"""Penalties that keep the discriminator smooth, each computed lazily: every ``interval`` steps, times ``interval``.

A penalty is called with the critic (inputs -> logits, labels bound), the real and the generated batch as the
discriminator sees them (already augmented, so that no double backward runs through the augmentation) and their logits.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor
from torch.nn.functional import relu

from ganaug.utils.registry import Registry

Critic = Callable[[Tensor], Tensor]


class Penalty(Protocol):
    """A regulariser of the discriminator; ``state`` holds what must survive a resume."""

    state: dict[str, Tensor]

    def __call__(self, critic: Critic, real: Tensor, fake: Tensor, chance: Tensor) -> Tensor:
        """Return the penalty, a mean over real and generated inputs (n, ...); ``chance`` is uniform in [0, 1), (n,).

        Of several processes each sees a share of the rows. Their results are averaged, and so is ``state``.
        """
        ...


PENALTIES: Registry[Callable[[], Penalty]] = Registry("penalty")


def squared_gradient(critic: Critic, inputs: Tensor) -> Tensor:
    """||d critic / d input||^2 of every row, shape (n,), differentiable once more."""
    inputs = inputs.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(critic(inputs).sum(), inputs, create_graph=True)
    return gradient.float().square().flatten(1).sum(1)


@PENALTIES.register("none")
class NoPenalty:
    """No regularisation."""

    def __init__(self) -> None:
        self.state: dict[str, Tensor] = {}

    def __call__(self, critic: Critic, real: Tensor, fake: Tensor, chance: Tensor) -> Tensor:
        """Return zero."""
        return real.new_zeros(())


@PENALTIES.register("r1")
class R1(NoPenalty):
    """Half the squared gradient at real rows (Mescheder et al., arXiv 1801.04406)."""

    def __call__(self, critic: Critic, real: Tensor, fake: Tensor, chance: Tensor) -> Tensor:
        """Return the mean over the batch."""
        return 0.5 * squared_gradient(lambda x: critic(x)[: len(real)], real).mean()


@PENALTIES.register("r2")
class R2(NoPenalty):
    """Half the squared gradient at generated rows (arXiv 1801.04406)."""

    def __call__(self, critic: Critic, real: Tensor, fake: Tensor, chance: Tensor) -> Tensor:
        """Return the mean over the batch."""
        return 0.5 * squared_gradient(critic, fake).mean()


@PENALTIES.register("r1_r2")
class R1R2(NoPenalty):
    """R1 and R2 together, which makes relativistic pairing converge locally (R3GAN, arXiv 2501.05441)."""

    def __call__(self, critic: Critic, real: Tensor, fake: Tensor, chance: Tensor) -> Tensor:
        """Return the mean over the batch, from one pass over real and generated rows."""
        return squared_gradient(critic, torch.cat([real, fake])).mean()


@PENALTIES.register("gradient_penalty")
class GradientPenalty(NoPenalty):
    """(||gradient|| - 1)^2 between real and generated rows (Gulrajani et al., arXiv 1704.00028)."""

    def __call__(self, critic: Critic, real: Tensor, fake: Tensor, chance: Tensor) -> Tensor:
        """Return the mean over the batch."""
        share = chance.to(real.dtype).view(-1, *[1] * (real.ndim - 1))
        norm = (squared_gradient(critic, fake + share * (real - fake)) + 1e-12).sqrt()
        return (norm - 1).square().mean()


@PENALTIES.register("lecam")
class LeCam(NoPenalty):
    """Keep logits near the other side's moving average (Tseng et al., arXiv 2104.03310)."""

    DECAY = 0.99

    def __init__(self) -> None:
        self.state = {"real": torch.zeros(()), "fake": torch.zeros(())}

    def __call__(self, critic: Critic, real: Tensor, fake: Tensor, chance: Tensor) -> Tensor:
        """Return the mean over the batch, and move the averages."""
        real_logits, fake_logits = critic(torch.cat([real, fake])).chunk(2)
        before = {name: average.to(real_logits.device) for name, average in self.state.items()}
        for name, logits in (("real", real_logits), ("fake", fake_logits)):
            self.state[name] = torch.lerp(logits.detach().float().mean(), before[name], self.DECAY)
        above = relu(real_logits - before["fake"]).square().mean()
        return above + relu(before["real"] - fake_logits).square().mean()
