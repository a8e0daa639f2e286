"""What both real and generated signals pass through before the discriminator sees them, differentiably."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from ganaug.errors import ConfigError
from ganaug.modalities.signal.codec import ComponentCodec, CurveCodec

SAFE = ("jitter",)
INVARIANCES = (*SAFE, "scale", "shift")
BLUR = 0.4  # standard deviation of what is added to components, which are of about the size of 1
JITTER = 0.1  # of what is added to curves
SCALE = 1.25  # at most, either way
SHIFT = 1 / 16  # of the length, either way


class CurveAugment:
    """Random changes of curves (n, channels, time).

    Parameters
    ----------
    shape : (int, int)
        Channels and points of an input.
    signal_channels : int
        Channels that are the signal's; a further one is its length, which stays.
    invariances : sequence of str
        Of `INVARIANCES`. Jitter adds noise, scale stretches values, shift moves all channels in time and repeats the
        ends.
    """

    def __init__(self, shape: tuple[int, int], signal_channels: int, invariances: Sequence[str]) -> None:
        self.shape, self.signal_channels, self.has = shape, signal_channels, frozenset(invariances)
        self.noisy = shape[0] * shape[1] if "jitter" in self.has else 0
        self.reach = max(1, round(SHIFT * shape[1])) if "shift" in self.has else 0

    def draw(self, n: int, p: float | Tensor, generator: Any) -> Tensor:
        """Draw what happens to n curves (n, 2 + noise), neutral with probability 1 - p for each change."""
        device = generator.device
        happens = torch.rand(n, 3, generator=generator, device=device) < p
        u = torch.rand(n, 2, generator=generator, device=device) * 2 - 1
        noise = JITTER * torch.randn(n, self.noisy, generator=generator, device=device)
        return torch.cat([u * happens[:, :2], noise * happens[:, 2:]], dim=1)

    def __call__(self, inputs: Tensor, draws: Tensor) -> Tensor:
        """Apply the draws to curves (n, channels, points)."""
        curves, length = inputs[:, : self.signal_channels], inputs[:, self.signal_channels :]
        curves = self.change(curves, draws)
        changed = torch.cat([curves, length], dim=1) if length.shape[1] else curves
        return changed + draws[:, 2:].view(-1, *self.shape) if self.noisy else changed

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


class ComponentAugment:
    """The same of scores on components (n, K): noise on the scores, all else on the curves that they stand for."""

    def __init__(self, codec: ComponentCodec, invariances: Sequence[str]) -> None:
        self.numbers, self.blurred = codec.numbers, "jitter" in invariances
        self.shape = codec.spec.channels, codec.points
        self.curves = CurveAugment(self.shape, self.shape[0], [name for name in invariances if name != "jitter"])
        self.axes = torch.from_numpy(codec.axes * codec.sizes[:, None])
        self.back = torch.from_numpy(codec.axes / codec.sizes[:, None])
        self.centre = torch.from_numpy(codec.centre)

    def draw(self, n: int, p: float | Tensor, generator: Any) -> Tensor:
        """Draw what happens to n rows of scores (n, 2 + K), neutral with probability 1 - p for each change."""
        device = generator.device
        changes = self.curves.draw(n, p, generator)
        happens = torch.rand(n, 1, generator=generator, device=device) < p
        noise = BLUR * torch.randn(n, self.numbers * self.blurred, generator=generator, device=device)
        return torch.cat([changes, happens * noise], dim=1)

    def __call__(self, inputs: Tensor, draws: Tensor) -> Tensor:
        """Apply the draws to scores (n, K)."""
        rows = inputs + draws[:, 2:] if self.blurred else inputs
        if not self.curves.has:
            return rows
        if self.axes.device != rows.device:
            self.axes, self.back, self.centre = (t.to(rows.device) for t in (self.axes, self.back, self.centre))
        scores, length = rows[:, : len(self.axes)], rows[:, len(self.axes) :]
        curves = (scores @ self.axes).view(-1, *self.shape)  # about the mean, which is changed as well
        mean = self.centre.view(1, *self.shape)
        moved = self.curves.change(curves + mean, draws) - mean
        return torch.cat([moved.flatten(1) @ self.back.T, length], dim=1)


def make_augment(codec: ComponentCodec | CurveCodec, invariances: Sequence[str]) -> ComponentAugment | CurveAugment:
    """Return the changes of what a codec makes; `ConfigError` for one that is not known."""
    unknown = sorted(set(invariances) - set(INVARIANCES))
    if unknown:
        raise ConfigError(f"signals have no invariance {unknown[0]!r}: choose among {', '.join(INVARIANCES)}")
    if isinstance(codec, ComponentCodec):
        return ComponentAugment(codec, invariances)
    return CurveAugment((codec.channels, codec.points), codec.spec.channels, invariances)
