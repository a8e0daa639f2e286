"""Rows made of other rows by hiding parts of them and filling these in again, under the row's label.

For rows of parts that are one of many, such as the words of a text (MaskGAN, arXiv 1801.07736, made differentiable).
The generator learns from real rows which parts were hidden, by their cross entropy; the discriminator judges the whole
row, with the parts that were drawn. What is drawn is one of many, hard; its gradient is that of the probabilities
(straight-through, arXiv 1308.3432), as with a hard Gumbel-softmax (arXiv 1611.01144), which draws the same, at the
price of a random number for every part that might be. What belongs to the filling in alone is in
`ganaug.modalities.infilling`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, cast

import torch
from torch import Tensor

from ganaug.gan.generation import Autocast
from ganaug.gan.sampler import BalancedSampler
from ganaug.gan.schedule import Schedule
from ganaug.gan.translation import RowPrior, StyledRows
from ganaug.modalities.infilling import NO_LABEL, PASSES, Infiller, hide_and_guess, numbers_of

if TYPE_CHECKING:
    from ganaug.gan.trainer import NetworkSetup

ADVERSARIAL = 0.3  # what the discriminator's gradient counts beside the cross entropy


class HiddenPrior(RowPrior):
    """Where rows come from, and chance, by which parts of them are hidden and filled in.

    Parameters
    ----------
    length : int
        Parts T of a row.
    """

    styled = False

    def __init__(self, length: int) -> None:
        super().__init__(PASSES * numbers_of(length))
        self.length = length

    def new(self) -> HiddenPrior:
        """See `RowPrior.new`."""
        return HiddenPrior(self.length)

    def draw(self, n: int, generator: torch.Generator) -> Tensor:
        """Draw what n versions are made of, (n, 1 + S): uniforms."""
        return torch.rand(n, 1 + self.size, generator=generator, device=generator.device)

    def forward(self, draws: Tensor, labels: Tensor, truncation: float = 1.0) -> StyledRows:
        """Pick rows of these classes (n,) by draws (n, 1 + S)."""
        contents = self.rows(self.chosen(draws, labels))
        known = labels if self.classes is None else self.classes[labels]
        return StyledRows(contents, contents, draws[:, 1:], truncation, known)


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
        self.numbers = numbers_of(cast(Any, setup.generator).prior.length)

    def draw(self, n: int, random: torch.Generator) -> HiddenDraw:
        """See `ganaug.gan.generation.Generation`."""
        indices, labels = cast(BalancedSampler, self.setup.sampler).draw(n, random)
        return HiddenDraw(indices, labels, torch.rand(n, self.numbers, generator=random, device=random.device))

    def make(self, drawn: HiddenDraw, real: Tensor, condition_scale: Tensor) -> tuple[Tensor, Tensor]:
        """See `ganaug.gan.generation.Generation`; the rows are the real ones, filled in again."""
        generator, labelled = cast(Infiller, self.setup.generator), self.setup.labelled
        labels = drawn.labels if labelled is None else torch.where(labelled[drawn.indices], drawn.labels, NO_LABEL)
        with self.autocast():
            found = hide_and_guess(generator, real, labels, drawn.noise, condition_scale)
            fake = generator.fill(real, found.hidden, found.logits, found.chance).float()
        fake = ADVERSARIAL * fake + (1 - ADVERSARIAL) * fake.detach()  # the same rows, with less of a gradient
        return fake, found.loss()
