"""Rows made of other rows: the content of one with the style of another.

What varies within classes of many rows, say fonts, light or speakers, varies in scarce ones as well, but there are too
few rows to learn it from. A generator that learns where rows are many to turn a row into another version of itself can
be applied where there is but one (data augmentation GANs, arXiv 1711.04340; on long-tailed sets arXiv 2203.09739).

A row (content) and the style of another row of its class have to give that other row; where groups are known (a font, a
site, a speaker), the style may be that of any row of the other's group. The content of any class with the
style of any row has to be taken by the discriminator for a real row of the content's class, and to show the style. The
first without the second makes rows that harm: with three rows a class it took 11 points from a classifier to which both
together gave 1.5.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, cast

import torch
from torch import Tensor, nn

from ganaug.gan.generation import Autocast
from ganaug.gan.sampler import PairSampler, pick
from ganaug.gan.schedule import Schedule
from ganaug.modalities.parts import Codec

if TYPE_CHECKING:
    from ganaug.gan.trainer import NetworkSetup

NOISE = 0.3  # standard deviation of what is added to a style
SMALL = 0.01  # weight of the square of styles, which keeps them about as large as the noise


class StyledRows(NamedTuple):
    """What a translating generator makes rows of."""

    contents: Tensor  # (n, ...) rows
    styles: Tensor  # (n, ...) rows
    noise: Tensor  # (n, S) added to what the style encoder sees in the latter
    scale: float = 1.0  # of the whole style: below 1, typical ones
    labels: Tensor | None = None  # (n,) classes of the contents, -1 for none, where they are not those asked for


class Translator(Protocol):
    """A translating generator, a module. Called with `StyledRows` it returns rows; training needs its parts."""

    prior: RowPrior

    def content(self, rows: Tensor) -> Tensor:
        """Return what stays of rows (n, ...), whatever their style."""
        ...

    def style(self, rows: Tensor) -> Tensor:
        """Return the styles (n, S) of rows (n, ...)."""
        ...

    def decode(self, contents: Tensor, styles: Tensor) -> Tensor:
        """Return rows (n, ...) of contents (n, ...) and styles (n, S)."""
        ...


class RowPrior(nn.Module):
    """Where contents and styles come from: rows that are kept beside the generator, on its device.

    They are no weights: a saved model has them in a file of their own, or not at all.

    Parameters
    ----------
    size : int
        Length S of a style.
    """

    styled = True  # whether rows have the style of others
    order: Tensor  # (m,) rows sorted by class
    counts: Tensor  # (K,) rows of each class
    classes: Tensor | None  # (K,)

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size
        self.codec: Codec | None = None
        self.styled_by: RowPrior | None = None
        self.classes = None

    def new(self) -> RowPrior:
        """Return another prior of this kind, without rows."""
        return RowPrior(self.size)

    def keep(
        self,
        codec: Codec,
        arrays: Sequence[Any],
        labels: Any,
        n_classes: int,
        device: torch.device | None = None,
        styled_by: RowPrior | None = None,
        classes: Any = None,
    ) -> RowPrior:
        """Keep rows on a device, as the codec's arrays (m, ...), with class codes (m,); return itself.

        Styles are those of ``styled_by``, if it is given, else of the rows. ``classes`` (K,) says which class of the
        training rows each code stands for, where it is not the code itself; -1 for none.
        """
        labels = torch.as_tensor(labels, device=device)
        self.codec, self.styled_by, self.parts = codec, styled_by, len(arrays)
        kept = {f"rows{i}": torch.as_tensor(array, device=device) for i, array in enumerate(arrays)}
        kept |= {"order": labels.argsort(stable=True), "counts": torch.bincount(labels, minlength=n_classes)}
        for name, tensor in kept.items():
            self.register_buffer(name, tensor, persistent=False)
        self.classes = None if classes is None else torch.as_tensor(classes, device=device)
        return self

    def rows(self, indices: Tensor) -> Tensor:
        """Return rows at these positions (n,) as networks see them (n, ...)."""
        assert self.codec is not None
        return self.codec.to_inputs(*(getattr(self, f"rows{i}")[indices] for i in range(self.parts)))

    def draw(self, n: int, generator: torch.Generator) -> Tensor:
        """Draw what n versions are made of, (n, 2 + S): two uniforms, then standard normals."""
        chance = torch.rand(n, 2, generator=generator, device=generator.device)
        return torch.cat([chance, torch.randn(n, self.size, generator=generator, device=generator.device)], dim=1)

    def chosen(self, draws: Tensor, labels: Tensor) -> Tensor:
        """Return the positions (n,) of the contents of these classes (n,) that draws (n, ...) pick."""
        return pick(self.order, self.counts, labels, draws[:, 0])

    def forward(self, draws: Tensor, labels: Tensor, truncation: float = 1.0) -> StyledRows:
        """Pick contents of these classes (n,) and styles of any, by draws (n, 2 + S)."""
        contents = self.rows(self.chosen(draws, labels))
        source = self.styled_by or self
        styles = source.rows((draws[:, 1].double() * len(source.order)).long())
        return StyledRows(contents, styles, NOISE * draws[:, 2:], truncation)


class CellPrior(RowPrior):
    """Contents of a class with styles of a group, from the rows that another prior keeps.

    Parameters
    ----------
    kept : RowPrior
        Keeps rows (m).
    groups : Tensor
        Codes (m,) of their groups.
    cells : Tensor
        Codes (C, 2) of the class and the group that each label stands for.
    """

    def __init__(self, kept: RowPrior, groups: Tensor, cells: Tensor) -> None:
        super().__init__(kept.size)
        self.kept, self.cells = kept, cells
        self.by_group, self.group_counts = groups.argsort(stable=True), torch.bincount(groups)

    def chosen(self, draws: Tensor, labels: Tensor) -> Tensor:
        """See `RowPrior.chosen`; labels are numbers of cells."""
        return self.kept.chosen(draws, self.cells[labels, 0])

    def forward(self, draws: Tensor, labels: Tensor, truncation: float = 1.0) -> StyledRows:
        """Pick contents and styles for these cells (n,) by draws (n, 2 + S)."""
        contents = self.kept.rows(self.chosen(draws, labels))
        styles = self.kept.rows(pick(self.by_group, self.group_counts, self.cells[labels, 1], draws[:, 1]))
        return StyledRows(contents, styles, NOISE * draws[:, 2:], truncation)


class PairDraw(NamedTuple):
    """A batch from rows."""

    indices: Tensor  # (n,)
    labels: Tensor  # (n,)
    contents: Tensor  # (n,) rows of the same classes
    mates: Tensor  # (n,) rows of the same groups, the rows themselves where there are no groups
    styles: Tensor  # (n,) rows of any class and group
    noise: Tensor  # (n, 2, S)

    def share(self, part: slice) -> PairDraw:
        """See `ganaug.gan.generation.Drawn`."""
        return PairDraw(*(t[part] for t in self))


class FromRows:
    """Rows are made of rows, see `ganaug.gan.generation.Generation`."""

    def __init__(self, setup: NetworkSetup, schedule: Schedule, autocast: Autocast) -> None:
        self.setup, self.schedule, self.autocast = setup, schedule, autocast
        self.size = cast(Any, setup.generator).prior.size

    def draw(self, n: int, random: torch.Generator) -> PairDraw:
        """See `ganaug.gan.generation.Generation`."""
        rows = cast(PairSampler, self.setup.sampler).draw(n, random)
        return PairDraw(*rows, torch.randn(n, 2, self.size, generator=random, device=random.device))

    def make(self, drawn: PairDraw, real: Tensor, condition_scale: Tensor) -> tuple[Tensor, Tensor]:
        """See `ganaug.gan.generation.Generation`; the real rows are also those to be made again."""
        generator, rows = cast(Translator, self.setup.generator), self.setup.rows
        contents, styled = rows(drawn.contents), rows(torch.cat([drawn.mates, drawn.styles]))
        with self.autocast():
            styles = generator.style(styled).float()
            noisy = styles + NOISE * drawn.noise.transpose(0, 1).flatten(0, 1)
            kept = generator.content(contents)
            made = generator.decode(torch.cat([kept, kept]), noisy).float()
            again, fake = made.chunk(2)
            shown = generator.style(fake).float()
        loss = self.schedule.pair_weight * self.setup.distance(again, real).mean()
        loss = loss + self.schedule.style_weight * (shown - styles[len(real) :].detach()).square().mean()
        return fake, loss + SMALL * styles[: len(real)].square().mean()
