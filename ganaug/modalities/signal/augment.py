"""What both real and generated signals pass through before the discriminator sees them, differentiably."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from ganaug.errors import ConfigError
from ganaug.modalities.signal.codec import SignalCodec

SAFE = ("jitter",)
INVARIANCES = (*SAFE, "scale", "shift")
JITTER = 0.4  # standard deviation of what is added to scores, which are of about the size of 1
SCALE = 1.25  # at most, either way
SHIFT = 1 / 16  # of the length, either way


class SignalAugment:
    """Random changes of scores on components (n, K).

    Parameters
    ----------
    codec : SignalCodec
        What scores stand for.
    invariances : sequence of str
        Of `INVARIANCES`. Jitter adds noise to the scores; scale stretches the values of the curves that scores stand
        for, shift moves all channels in time and repeats the ends.

    Raises
    ------
    ConfigError
        An invariance is unknown.
    """

    def __init__(self, codec: SignalCodec, invariances: Sequence[str]) -> None:
        unknown = sorted(set(invariances) - set(INVARIANCES))
        if unknown:
            raise ConfigError(
                f"signals and sounds have no invariance {unknown[0]!r}: choose among {', '.join(INVARIANCES)}"
            )
        self.has = frozenset(invariances)
        self.noisy = codec.numbers if "jitter" in self.has else 0
        self.shape = codec.spec.channels, codec.points
        self.reach = max(1, round(SHIFT * codec.points)) if "shift" in self.has else 0
        self.axes = torch.from_numpy(codec.axes * codec.sizes[:, None])
        self.back = torch.from_numpy(codec.axes / codec.sizes[:, None])
        self.centre = torch.from_numpy(codec.centre)

    def draw(self, n: int, p: float | Tensor, generator: Any) -> Tensor:
        """Draw what happens to n rows of scores (n, 2 + noise), neutral with probability 1 - p for each change."""
        device = generator.device
        happens = torch.rand(n, 3, generator=generator, device=device) < p
        u = torch.rand(n, 2, generator=generator, device=device) * 2 - 1
        noise = JITTER * torch.randn(n, self.noisy, generator=generator, device=device)
        return torch.cat([u * happens[:, :2], noise * happens[:, 2:]], dim=1)

    def __call__(self, inputs: Tensor, draws: Tensor) -> Tensor:
        """Apply the draws to scores (n, K)."""
        rows = inputs + draws[:, 2:] if self.noisy else inputs
        if not self.has - {"jitter"}:
            return rows
        if self.axes.device != rows.device:
            self.axes, self.back, self.centre = (t.to(rows.device) for t in (self.axes, self.back, self.centre))
        scores, length = rows[:, : len(self.axes)], rows[:, len(self.axes) :]
        curves = (scores @ self.axes).view(-1, *self.shape)  # about the mean, which is changed as well
        mean = self.centre.view(1, *self.shape)
        moved = self.change(curves + mean, draws) - mean
        return torch.cat([moved.flatten(1) @ self.back.T, length], dim=1)

    def change(self, curves: Tensor, draws: Tensor) -> Tensor:
        """Scale and shift curves (n, C, T)."""
        if "scale" in self.has:
            curves = curves * SCALE ** draws[:, 0, None, None]
        if self.reach:
            steps = (draws[:, 1] * self.reach).round().long()
            ends = [curves[:, :, at].expand(-1, -1, self.reach) for at in (slice(0, 1), slice(-1, None))]
            at = torch.arange(curves.shape[2], device=curves.device) + self.reach + steps[:, None]
            padded = torch.cat([ends[0], curves, ends[1]], dim=2)
            curves = padded.gather(2, at[:, None].expand(-1, curves.shape[1], -1))
        return curves
