"""Where latents come from: the standard normal, or the neighbourhood of latents that belong to training rows.

On scarce data a conditional generator soon covers a few kinds of rows and forgets the others. Anchoring holds it to all
of them: every labelled row owns a fixed random latent, its anchor, from which the generator has to make that row, as in
generative latent optimisation (Bojanowski et al., arXiv 1707.05776). Adversarial training goes on in between: a latent
is a random mixture of anchors of one class, plus noise, and lies about as far from zero as a normal one.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from ganaug.gan.sampler import pick

PARTS = 3  # anchors in a mixture
NOISE = 0.5  # share of the normal in a mixed latent: the square root of its share of the variance
ONE_IN = 4  # one generated row in so many is made of an anchor: of 2, rows between look worse; of 8, variety is lost
MAX_ANCHORS = 2000  # with more rows the generator meets each too seldom to learn it, and is blurred


class Prior(nn.Module):
    """The distribution of latents given labels.

    Parameters
    ----------
    size : int
        Length Z of a latent.
    n_classes : int
        Number of classes K.
    anchors : int, default=0
        Labelled rows m that own an anchor; 0: the standard normal, whatever the label.

    Notes
    -----
    The anchors are buffers: a model needs them, and needs nothing else about its training rows, to sample again.
    """

    anchors: Tensor  # (m, Z)
    order: Tensor  # (m,) rows sorted by class
    counts: Tensor  # (K,) rows of each class

    def __init__(self, size: int, n_classes: int, anchors: int = 0) -> None:
        super().__init__()
        self.size = size
        self.anchored = anchors > 0
        if self.anchored:
            self.register_buffer("anchors", torch.zeros(anchors, size))
            self.register_buffer("order", torch.zeros(anchors, dtype=torch.int64))
            self.register_buffer("counts", torch.zeros(n_classes, dtype=torch.int64))

    def place(self, labels: Tensor, seed: int) -> None:
        """Give every labelled row, with class codes (m,), its anchor."""
        if self.anchored:
            random = torch.Generator().manual_seed(seed)
            self.anchors.copy_(torch.randn(self.anchors.shape, generator=random))
            self.order.copy_(labels.argsort(stable=True))
            self.counts.copy_(torch.bincount(labels, minlength=len(self.counts)))

    def draw(self, n: int, generator: torch.Generator) -> Tensor:
        """Draw what n latents are made of, (n, Z + 2 * PARTS): standard normals, then uniforms."""
        normal = torch.randn(n, self.size, generator=generator, device=generator.device)
        return torch.cat([normal, torch.rand(n, 2 * PARTS, generator=generator, device=generator.device)], dim=1)

    def forward(self, draws: Tensor, labels: Tensor, truncation: float = 1.0) -> Tensor:
        """Make latents (n, Z), times ``truncation``, of draws (n, Z + 2 * PARTS) and labels (n,)."""
        normal, chance, share = torch.split(draws, [self.size, PARTS, PARTS], dim=1)
        if not self.anchored:
            return truncation * normal
        rows = pick(self.order, self.counts, labels[:, None], chance)
        weights = -share.clamp_min(1e-6).log()  # up to their sum: uniform on the simplex
        mixed: Tensor = (weights[:, :, None] * self.anchors[rows]).sum(1) / weights.square().sum(1, keepdim=True).sqrt()
        return truncation * (math.sqrt(1 - NOISE**2) * mixed + NOISE * normal)
