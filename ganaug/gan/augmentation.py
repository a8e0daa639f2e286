"""How probable the discriminator's augmentations are, from step to step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor

from ganaug.utils.registry import Registry

HIGHEST = 0.8  # never 1, or the augmentations leak into what is generated (arXiv 2006.06676)
RAMP = 0.2  # share of the steps in which the highest probability is reached


class Augmentation(Protocol):
    """The probability of each augmentation; ``state`` holds what must survive a resume.

    One that learns from the signs that it observes says so by ``reads_signs = True`` on its class or factory, and is
    refused under objectives that do not fix the zero of their logits, `ganaug.gan.losses.Objective.bounded`.
    """

    state: dict[str, Tensor]

    def probability(self, progress: float) -> float:
        """Return the probability after a share of the steps."""
        ...

    def observe(self, sign: Tensor) -> None:
        """Take note of the mean sign of a step's logits of real rows."""
        ...


AUGMENTATIONS: Registry[Callable[[int], Augmentation]] = Registry("augmentation")  # made from the number of steps


@AUGMENTATIONS.register("none")
class NoAugmentation:
    """The discriminator sees rows as they are."""

    reads_signs = False

    def __init__(self, steps: int) -> None:
        self.state: dict[str, Tensor] = {}

    def probability(self, progress: float) -> float:
        """Return zero."""
        return 0.0

    def observe(self, sign: Tensor) -> None:
        """Learn nothing."""


@AUGMENTATIONS.register("diffaugment")
class Scheduled(NoAugmentation):
    """Ramped in over the first fifth, then constant (Zhao et al., arXiv 2006.10738)."""

    def probability(self, progress: float) -> float:
        """Return the ramp's value."""
        return HIGHEST * min(1.0, progress / RAMP)


@AUGMENTATIONS.register("ada")
class Adaptive(NoAugmentation):
    """Raised while the discriminator overfits, lowered while it does not (Karras et al., arXiv 2006.06676).

    Overfitting is read from the mean sign of the logits of real rows, which means something only where an objective
    fixes their zero, see `ganaug.gan.losses.Objective.bounded`; together with others it is refused.
    """

    reads_signs = True
    TARGET = 0.6  # mean sign of the logits of real rows
    MEMORY = 0.9  # of the running mean of that sign

    def __init__(self, steps: int) -> None:
        self.change = HIGHEST / max(1.0, RAMP * steps)  # at most, a step
        self.state = {"p": torch.zeros(()), "sign": torch.zeros(())}

    def probability(self, progress: float) -> float:
        """Return the probability as adapted so far."""
        return float(self.state["p"])

    def observe(self, sign: Tensor) -> None:
        """Move the probability towards what keeps the mean sign at its target."""
        sign = torch.lerp(sign.float().cpu(), self.state["sign"], self.MEMORY)
        p = self.state["p"] + self.change * (sign - self.TARGET).sign()
        self.state = {"p": p.clamp(0, HIGHEST), "sign": sign}
