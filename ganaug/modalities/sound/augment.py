"""What both real and generated pictures of sounds pass through before the discriminator sees them, differentiably."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from ganaug.errors import ConfigError
from ganaug.modalities.image.augment import ImageAugment

SAFE = ("shift", "gain", "contrast")
# By which draws of `ImageAugment`, and by which of its changes: a row of a picture is a band, a column a time.
INVARIANCES = {
    "shift": ((1,), "translate"),
    "pitch": ((0,), "translate"),
    "stretch": ((3,), "scale"),
    "gain": ((9,), "brightness"),
    "contrast": ((7,), "contrast"),
    "mask": ((10, 11), "cutout"),
}


class SoundAugment:
    """Random changes of pictures of sounds (n, channels, bands, frames), of all channels alike.

    Parameters
    ----------
    invariances : sequence of str
        Of `INVARIANCES`. Shift moves a sound in time, pitch by bands, by up to an eighth; stretch changes its speed, by
        up to a fifth; gain its loudness; contrast how far its levels are apart; mask silences a part of the picture.

    Raises
    ------
    ConfigError
        An invariance is unknown.
    """

    def __init__(self, invariances: Sequence[str]) -> None:
        unknown = sorted(set(invariances) - set(INVARIANCES))
        if unknown:
            raise ConfigError(f"sounds have no invariance {unknown[0]!r}: choose among {', '.join(INVARIANCES)}")
        self._images = ImageAugment([INVARIANCES[name][1] for name in invariances])
        self._used = [column for name in invariances for column in INVARIANCES[name][0]]

    def draw(self, n: int, p: float | Tensor, generator: Any) -> Tensor:
        """Draw what happens to n pictures (n, 12), neutral with probability 1 - p for each change."""
        draws = self._images.draw(n, p, generator)
        used = torch.zeros_like(draws)
        used[:, self._used] = 1.0
        return draws * used

    def __call__(self, inputs: Tensor, draws: Tensor) -> Tensor:
        """Apply the draws to pictures (n, channels, bands, frames)."""
        channels = inputs.shape[1]
        apart = inputs.flatten(0, 1)[:, None]
        return self._images(apart, draws.repeat_interleave(channels, 0)).view(inputs.shape)
