"""The discriminator's view of rows: how probably real."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from ganaug.gan.networks import rows_at_a_time
from ganaug.modalities.parts import Codec
from ganaug.utils.samples import Samples, take
from ganaug.utils.threads import one_thread

Floats = NDArray[np.float32]
BATCH = 1024


class Realism:
    """P(real), as the discriminator sees it.

    Parameters
    ----------
    discriminator : nn.Module
        ``(inputs, labels, condition_scale) -> logits, class logits``.
    codec : Codec
        From samples to what the discriminator sees.
    midpoint : float, default=0.0
        The logit that counts as probability one half. Objectives such as the relativistic one fix only differences of
        logits, so it has to be measured, see `calibrate`.
    midpoint_unlabelled : float, default=0.0
        The same where no label is given: what the label adds to a logit is missing there.
    """

    def __init__(
        self,
        discriminator: nn.Module,
        codec: Codec,
        midpoint: float = 0.0,
        midpoint_unlabelled: float = 0.0,
    ) -> None:
        self.discriminator, self.codec = discriminator, codec
        self.midpoint, self.midpoint_unlabelled = midpoint, midpoint_unlabelled

    def calibrate(self, real: Samples, fake: Samples, labels: NDArray[np.int64]) -> None:
        """Put each midpoint halfway between the mean logits of real and of generated samples (n)."""
        self.midpoint, self.midpoint_unlabelled = (
            float(np.mean([self.logits(rows, given).mean() for rows in (real, fake)])) for given in (labels, None)
        )

    @torch.no_grad()
    def logits(self, rows: Samples, labels: NDArray[np.int64] | None) -> Floats:
        """Return the logits (n,) of samples (n); without labels, those of the unconditional part."""
        device = next(self.discriminator.parameters()).device
        condition_scale = 0.0 if labels is None else 1.0
        codes = np.zeros(len(rows), np.int64) if labels is None else labels
        parts = [np.empty(0, np.float32)]
        most = rows_at_a_time(self.discriminator, BATCH)
        for start in range(0, len(rows), most):
            portion = slice(start, start + most)
            *batch, code = (
                torch.tensor(array, device=device)
                for array in (*self.codec.to_arrays(take(rows, portion)), codes[portion])
            )
            with one_thread(device):
                logits = self.discriminator(self.codec.to_inputs(*batch), code, condition_scale)[0]
            parts.append(logits.float().cpu().numpy())
        return np.concatenate(parts)

    def __call__(self, rows: Samples, labels: NDArray[np.int64] | None) -> Floats:
        """Return P(real) (n,) of samples (n); without labels, that of samples of whatever class."""
        midpoint = self.midpoint_unlabelled if labels is None else self.midpoint
        return (0.5 * (1 + np.tanh((self.logits(rows, labels) - midpoint) / 2))).astype(np.float32)
