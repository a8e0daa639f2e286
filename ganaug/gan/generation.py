"""How generated rows come about in training: what is drawn for them, and what else their generator has to learn.

`Trainer` draws a batch, has rows made of it, and trains both networks; it asks one of these two things of a way of
generating. There are two: from latents, here, and from other rows, `ganaug.gan.translation`.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, cast

import torch
from torch import Tensor

from ganaug.gan.latents import ONE_IN, Prior
from ganaug.gan.sampler import BalancedSampler
from ganaug.gan.schedule import Schedule

if TYPE_CHECKING:
    from ganaug.gan.trainer import NetworkSetup

Autocast = Callable[[], AbstractContextManager[Any]]


class Drawn(Protocol):
    """All that chance says of a batch."""

    @property
    def indices(self) -> Tensor:
        """The real rows (n,)."""
        ...

    @property
    def labels(self) -> Tensor:
        """Classes (n,), which row i of the real and of the generated batch share."""
        ...

    def share(self, part: slice) -> Drawn:
        """Return some of the batch: what one of several processes works on."""
        ...


class Generation(Protocol):
    """A way of generating; made of the networks and rows, the numbers, and the context in which networks run."""

    def draw(self, n: int, random: torch.Generator) -> Drawn:
        """Draw a batch."""
        ...

    def make(self, drawn: Any, real: Tensor, condition_scale: Tensor) -> tuple[Tensor, Tensor]:
        """Return generated rows (n, ...), and what the generator minimises beside the loss of the objective.

        ``real`` (n, ...) are the real rows of the batch.
        """
        ...


class LatentDraw(NamedTuple):
    """A batch from latents."""

    indices: Tensor  # (n,)
    labels: Tensor  # (n,)
    latents: Tensor  # (n, Z)
    anchored: int  # how many of the first are the real rows' anchors

    def share(self, part: slice) -> LatentDraw:
        """See `Drawn`."""
        anchored = len(range(self.anchored)[part])
        return LatentDraw(self.indices[part], self.labels[part], self.latents[part], anchored)


class FromLatents:
    """Rows are made of latents and labels; anchors, `ganaug.gan.latents`, have to lead to their rows."""

    def __init__(self, setup: NetworkSetup, schedule: Schedule, autocast: Autocast) -> None:
        self.setup, self.weight, self.autocast = setup, schedule.anchor_weight, autocast

    def draw(self, n: int, random: torch.Generator) -> LatentDraw:
        """See `Generation`."""
        prior = cast(Prior, self.setup.generator.prior)
        indices, labels = cast(BalancedSampler, self.setup.sampler).draw(n, random)
        latents = prior(prior.draw(n, random), labels)
        count = n // ONE_IN if prior.anchored else 0
        if count:
            latents = torch.cat([prior.anchors[indices[:count]], latents[count:]])
        return LatentDraw(indices, labels, latents, count)

    def make(self, drawn: LatentDraw, real: Tensor, condition_scale: Tensor) -> tuple[Tensor, Tensor]:
        """See `Generation`."""
        with self.autocast():
            fake: Tensor = self.setup.generator(drawn.latents, drawn.labels, condition_scale).float()
        n = drawn.anchored
        missed = self.setup.distance(fake[:n], real[:n]).sum() / len(fake) if n else fake.new_zeros(())
        return fake, self.weight * missed
