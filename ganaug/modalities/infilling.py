"""Rows of which parts are hidden and filled in again: parts that are one of many, such as the words of a text.

What a network that fills in does, whatever it learns by: the cross entropy of hidden parts alone, as a masked language
model does (arXiv 1810.04805), or a discriminator beside it, see `ganaug.gan.infilling`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, Protocol

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

TRAINED = 0.1, 0.6  # share of the parts that are hidden in training: from, to
PASSES = 6  # of hiding and filling in when rows are sampled,
SAMPLED = 0.05, 0.3  # of few parts each: what is filled in at once does not know of each other
NO_LABEL = -1


class Infiller(Protocol):
    """A network that fills in, a module; what training needs of it."""

    def fillable(self, rows: Tensor) -> Tensor:
        """Return which of many each part of rows (n, ...) is (n, T); -1 where it always stays."""
        ...

    def logits(
        self, rows: Tensor, parts: Tensor, hidden: Tensor, labels: Tensor, condition_scale: float | Tensor = 1.0
    ) -> Tensor:
        """Return logits (n, T, V) for rows (n, ...), not seen where hidden (n, T), of classes (n,), -1 for none.

        ``parts`` (n, T) are what `fillable` says of the rows, which takes a while.
        """
        ...

    def fill(self, rows: Tensor, hidden: Tensor, logits: Tensor, chance: Tensor) -> Tensor:
        """Return rows (n, ...) with parts drawn by logits (n, T, V) and chance (n, T) where hidden (n, T)."""
        ...


class Hidden(NamedTuple):
    """Real rows of which parts are hidden, and what a network says of these.

    Attributes
    ----------
    parts : Tensor (n, T)
        Which of many each part is.
    hidden : bool Tensor (n, T)
        Which are hidden.
    logits : Tensor (n, T, V)
        Of what they might be.
    chance : Tensor (n, T)
        What they are drawn by, uniform numbers.
    """

    parts: Tensor
    hidden: Tensor
    logits: Tensor
    chance: Tensor

    def loss(self) -> Tensor:
        """Return the mean cross entropy of the hidden parts."""
        wanted = torch.where(self.hidden, self.parts, -100)
        errors = cross_entropy(self.logits.transpose(1, 2), wanted, reduction="sum")
        return errors / self.hidden.sum().clamp_min(1)


def numbers_of(length: int) -> int:
    """Return how many uniform numbers it takes to hide parts of a row of T, and to fill them in."""
    return 2 * length + 1


def passes(noise: Tensor, length: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield what hides parts (n, T + 1) and what fills them in (n, T), pass by pass, of noise (n, k (2 T + 1))."""
    for part in torch.split(noise, numbers_of(length), dim=1):
        yield part[:, : length + 1], part[:, length + 1 :]


def hide(chance: Tensor, fillable: Tensor, shares: tuple[float, float]) -> Tensor:
    """Choose the parts to hide (n, T) among the fillable ones (n, T): a share of them that is drawn too, one at least.

    ``chance`` (n, T + 1) are uniform numbers, of which the first says which share, of those from and to which it is.
    """
    share = shares[0] + (shares[1] - shares[0]) * chance[:, :1]
    rolled = torch.where(fillable, chance[:, 1:], 2.0)
    return fillable & (rolled <= torch.maximum(share, rolled.amin(1, keepdim=True)))


def hide_and_guess(
    network: Infiller, real: Tensor, labels: Tensor, noise: Tensor, condition_scale: float | Tensor = 1.0
) -> Hidden:
    """Hide parts of real rows (n, ...) of classes (n,), -1 for none, by noise (n, 2 T + 1), and guess them."""
    parts = network.fillable(real)
    ((hides, chance),) = passes(noise, parts.shape[1])
    hidden = hide(hides, parts >= 0, TRAINED)
    return Hidden(parts, hidden, network.logits(real, parts, hidden, labels, condition_scale).float(), chance)


def sample_tokens(logits: Tensor, chance: Tensor, vectors: Tensor) -> Tensor:
    """Draw one of many, hard, with the gradient of the probabilities.

    Parameters
    ----------
    logits : Tensor (n, T, V)
        Of the probabilities.
    chance : Tensor (n, T)
        Uniform numbers in [0, 1).
    vectors : Tensor (V, E)
        What stands for each of the many.

    Returns
    -------
    Tensor (n, T, E)
        The vectors of those drawn.
    """
    probable = logits.softmax(2)
    total = probable.detach().cumsum(2)
    which = (total < chance[:, :, None] * total[:, :, -1:]).sum(2).clamp_max(len(vectors) - 1)
    soft = probable @ vectors
    return vectors[which] + (soft - soft.detach())
