"""The moving average of the generator's weights, which is what samples are drawn from."""

from __future__ import annotations

import copy

import torch
from torch import nn


class EMA:
    """Exponential moving average of a module's parameters, from the first step on.

    Parameters
    ----------
    module : nn.Module
        The module that is trained.
    half_life : float
        Steps after which a weight's share has halved. Early on it is at most `RAMP` of the steps done, so that the
        average forgets its random start (arXiv 2006.06676).
    """

    RAMP = 0.1

    def __init__(self, module: nn.Module, half_life: float) -> None:
        self.module = copy.deepcopy(module).eval().requires_grad_(False)
        self.half_life = half_life

    @torch.no_grad()
    def update(self, module: nn.Module, step: int) -> None:
        """Move the average towards ``module`` after ``step`` steps (counted from 1)."""
        weight = 1 - 0.5 ** (1 / max(min(self.half_life, self.RAMP * step), 1e-8))
        torch._foreach_lerp_(list(self.module.parameters()), list(module.parameters()), weight)
