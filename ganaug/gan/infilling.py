"""Rows made of other rows by hiding parts of them and filling these in again, under the row's label.

For rows of parts that are one of many, such as the words of a text (MaskGAN, arXiv 1801.07736, made differentiable).
The generator learns from real rows which parts were hidden, by their cross entropy; the discriminator judges the whole
row, with the parts that were drawn. What is drawn is one of many, hard; its gradient is that of the probabilities
(straight-through, arXiv 1308.3432), as with a hard Gumbel-softmax (arXiv 1611.01144), which draws the same, at the
price of a random number for every part that might be.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, cast

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from ganaug.gan.generation import Autocast
from ganaug.gan.sampler import BalancedSampler, pick
from ganaug.gan.schedule import Schedule
from ganaug.gan.translation import RowPrior, StyledRows

if TYPE_CHECKING:
    from ganaug.gan.trainer import NetworkSetup

TRAINED = 0.1, 0.6  # share of the parts that are hidden in training: from, to
PASSES = 6  # of hiding and filling in when rows are sampled,
SAMPLED = 0.05, 0.3  # of few parts each: what is filled in at once does not know of each other
NO_LABEL = -1
ADVERSARIAL = 0.3  # what the discriminator's gradient counts beside the cross entropy


class Infiller(Protocol):
    """A generator that fills in, a module. Called with `StyledRows` it returns rows; training needs its parts."""

    prior: HiddenPrior

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


class HiddenPrior(RowPrior):
    """Where rows come from, and what chance says of hiding parts of them and filling these in.

    Parameters
    ----------
    length : int
        Parts T of a row.
    """

    styled = False

    def __init__(self, length: int) -> None:
        super().__init__(PASSES * (2 * length + 1))
        self.length = length

    def new(self) -> HiddenPrior:
        """See `RowPrior.new`."""
        return HiddenPrior(self.length)

    def draw(self, n: int, generator: torch.Generator) -> Tensor:
        """Draw what n versions are made of, (n, 1 + S): uniforms."""
        return torch.rand(n, 1 + self.size, generator=generator, device=generator.device)

    def forward(self, draws: Tensor, labels: Tensor, truncation: float = 1.0) -> StyledRows:
        """Pick rows of these classes (n,) by draws (n, 1 + S)."""
        contents = self.rows(pick(self.order, self.counts, labels, draws[:, 0]))
        known = labels if self.classes is None else self.classes[labels]
        return StyledRows(contents, contents, draws[:, 1:], truncation, known)

    def chances(self, noise: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield what hides parts (n, T + 1) and what fills them in (n, T), pass by pass, of noise (n, k (2 T + 1))."""
        for part in torch.split(noise, 2 * self.length + 1, dim=1):
            yield part[:, : self.length + 1], part[:, self.length + 1 :]


def hide(chance: Tensor, fillable: Tensor, shares: tuple[float, float]) -> Tensor:
    """Choose the parts to hide (n, T) among the fillable ones (n, T): a share of them that is drawn too, one at least.

    ``chance`` (n, T + 1) are uniform numbers, of which the first says which share, of those from and to which it is.
    """
    share = shares[0] + (shares[1] - shares[0]) * chance[:, :1]
    rolled = torch.where(fillable, chance[:, 1:], 2.0)
    return fillable & (rolled <= torch.maximum(share, rolled.amin(1, keepdim=True)))


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


class HiddenDraw(NamedTuple):
    """A batch from rows of which parts are hidden."""

    indices: Tensor  # (n,)
    labels: Tensor  # (n,)
    noise: Tensor  # (n, 2 T + 1)

    def share(self, part: slice) -> HiddenDraw:
        """See `ganaug.gan.generation.Drawn`."""
        return HiddenDraw(*(t[part] for t in self))


class FromHidden:
    """Rows are made of rows of which parts are hidden, see `ganaug.gan.generation.Generation`."""

    def __init__(self, setup: NetworkSetup, schedule: Schedule, autocast: Autocast) -> None:
        self.setup, self.schedule, self.autocast = setup, schedule, autocast
        self.length = cast(Any, setup.generator).prior.length

    def draw(self, n: int, random: torch.Generator) -> HiddenDraw:
        """See `ganaug.gan.generation.Generation`."""
        indices, labels = cast(BalancedSampler, self.setup.sampler).draw(n, random)
        return HiddenDraw(indices, labels, torch.rand(n, 2 * self.length + 1, generator=random, device=random.device))

    def make(self, drawn: HiddenDraw, real: Tensor, condition_scale: Tensor) -> tuple[Tensor, Tensor]:
        """See `ganaug.gan.generation.Generation`; the rows are the real ones, filled in again."""
        generator = cast(Infiller, self.setup.generator)
        truth = generator.fillable(real)
        ((hides, fills),) = generator.prior.chances(drawn.noise)
        hidden = hide(hides, truth >= 0, TRAINED)
        labelled = self.setup.labelled
        labels = drawn.labels if labelled is None else torch.where(labelled[drawn.indices], drawn.labels, NO_LABEL)
        with self.autocast():
            logits = generator.logits(real, truth, hidden, labels, condition_scale).float()
            fake = generator.fill(real, hidden, logits, fills).float()
        errors = cross_entropy(logits.transpose(1, 2), torch.where(hidden, truth, -100), reduction="sum")
        fake = ADVERSARIAL * fake + (1 - ADVERSARIAL) * fake.detach()  # the same rows, with less of a gradient
        return fake, errors / hidden.sum().clamp_min(1)
