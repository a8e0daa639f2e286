"""What blurs rows on their way to the discriminator."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


class Noise:
    """Blurs rows, so that the discriminator cannot tell probabilities from choices, nor learn few rows by heart.

    Without it the shares of levels were twice as far from those of the real rows.
    """

    SCALE = 0.4  # standard deviation; that of a numeric column is about 1

    def __init__(self, width: int) -> None:
        self.width = width

    def draw(self, n: int, p: float | Tensor, generator: Any) -> Tensor:
        """Draw what is added to n rows (n, W), with probability p each."""
        device = generator.device
        happens = torch.rand(n, 1, generator=generator, device=device) < p
        return happens * self.SCALE * torch.randn(n, self.width, generator=generator, device=device)

    def __call__(self, inputs: Tensor, draws: Tensor) -> Tensor:
        """Add the draws (n, W) to rows (n, W)."""
        return inputs + draws
