"""What real and generated texts pass through before the discriminator sees them."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


class HideTokens:
    """Hides a share of the tokens, so that the discriminator cannot learn few texts by heart."""

    SHARE = 0.2

    def __init__(self, length: int) -> None:
        self.length = length

    def draw(self, n: int, p: float | Tensor, generator: Any) -> Tensor:
        """Draw which tokens of n texts stay (n, T), all of them with probability 1 - p."""
        device = generator.device
        happens = torch.rand(n, 1, generator=generator, device=device) < p
        hidden = torch.rand(n, self.length, generator=generator, device=device) < self.SHARE
        return (~(happens & hidden)).float()

    def __call__(self, inputs: Tensor, draws: Tensor) -> Tensor:
        """Hide tokens of texts (n, T, NUMBERS) by draws (n, T)."""
        return inputs * draws[:, :, None]
