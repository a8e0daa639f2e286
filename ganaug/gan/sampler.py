"""Batches of a small labelled set that lives on the device."""

from __future__ import annotations

import torch
from torch import Tensor


def pick(order: Tensor, counts: Tensor, labels: Tensor, chance: Tensor) -> Tensor:
    """Pick a row of each label by chance.

    Parameters
    ----------
    order : Tensor
        Rows sorted by class (m,).
    counts : Tensor
        Rows of each class (K,).
    labels : Tensor
        Class codes, of a shape that broadcasts with ``chance``.
    chance : Tensor
        Uniform numbers in [0, 1).

    Returns
    -------
    Tensor
        Row indices, in the broadcast shape.
    """
    starts = counts.cumsum(0) - counts
    rank = (chance.double() * counts[labels]).long()
    return order[starts[labels] + rank]


class BalancedSampler:
    """Draw row indices so that every class is equally likely, whatever its size.

    Parameters
    ----------
    labels : Tensor
        Class codes (n,), int64, on the device.
    n_classes : int
        Number of classes K; each has at least one row.
    unlabelled : int, default=0
        Rows without a label that follow the labelled ones. If there are any, they make up half of each batch.
    """

    def __init__(self, labels: Tensor, n_classes: int, unlabelled: int = 0) -> None:
        self.unlabelled = unlabelled
        self.order = labels.argsort(stable=True)
        self.counts = torch.bincount(labels, minlength=n_classes)

    def draw(self, n: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Return n row indices and their labels, each (n,); a row without a label gets one by chance."""
        device = self.counts.device
        labels = torch.randint(len(self.counts), (n,), generator=generator, device=device)
        u = torch.rand(n, generator=generator, device=device, dtype=torch.float64)
        indices = pick(self.order, self.counts, labels, u)
        if self.unlabelled:
            others = torch.randint(self.unlabelled, (n // 2,), generator=generator, device=device)
            indices = torch.cat([indices[: n - n // 2], len(self.order) + others])
        return indices, labels


class PairSampler:
    """Draw pairs of rows of a class, which is the likelier the more rows it has, as their square root; and others.

    Every class teaches what varies within it, and those of many rows can teach more of it.

    Parameters
    ----------
    labels : Tensor
        Class codes (n,), int64, on the device.
    n_classes : int
        Number of classes K; each has at least one row.
    unlabelled : int, default=0
        Rows without a label that follow the labelled ones; they only lend their style.
    groups : Tensor, optional
        Codes (n,) of groups. Without any, a row is its own mate, and styles are those of any rows.

    Notes
    -----
    Where a group has one row of each class, a font say, all its rows have their style in common, and are mates. The
    rows of a class at a site differ, and each has its style alone.

    Styles are of groups that have the class. A version in the style of a site that lacks it has no real row beside it,
    so that the discriminator would learn to tell it by its style, and the generator not to show that.
    """

    def __init__(self, labels: Tensor, n_classes: int, unlabelled: int = 0, groups: Tensor | None = None) -> None:
        self.order = labels.argsort(stable=True)
        self.counts = torch.bincount(labels, minlength=n_classes)
        self.groups = groups
        if groups is not None:
            self.by_group, self.group_counts = groups.argsort(stable=True), torch.bincount(groups)
            _, cells, sizes = torch.unique(groups * n_classes + labels, return_inverse=True, return_counts=True)
            self.alone = sizes[cells] > 1  # (n,) where the group has other rows of the class
        self.rows = len(labels) + unlabelled
        shares = self.counts.double().sqrt()
        self.bounds = (shares / shares.sum()).cumsum(0)[:-1]

    def draw(self, n: int, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        """Return row indices, their labels, and indices of rows of the same labels, styles, and of any, each (n,)."""
        device = self.counts.device
        which, first, second, other, mate = torch.rand(5, n, generator=generator, device=device, dtype=torch.float64)
        labels = torch.searchsorted(self.bounds, which)
        rows, contents = (pick(self.order, self.counts, labels, chance) for chance in (first, second))
        styles = (other * self.rows).long()
        if self.groups is None:
            return rows, labels, contents, rows, styles
        having, within = torch.rand(2, n, generator=generator, device=device, dtype=torch.float64)
        mates = torch.where(self.alone[rows], rows, pick(self.by_group, self.group_counts, self.groups[rows], mate))
        groups = self.groups[pick(self.order, self.counts, labels, having)]
        within = pick(self.by_group, self.group_counts, groups, within)
        return rows, labels, contents, mates, torch.where(styles < len(self.order), within, styles)
