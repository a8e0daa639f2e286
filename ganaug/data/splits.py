"""Repeated splits into train, validation, test and pool: stratified by class, groups whole, seeded.

Two modes. *benchmark*: one fixed validation and test set, training sets of ``per_class`` rows a class that share no row
between repeats, and a pool of the real rows left over; it takes a ``per_class`` cut and enough rows. *repeated*,
everywhere else: repeated cross-validation, a fold a repeat, with training and validation rows drawn from the rest.
Splits that the source brings are kept in both.

Where cells (a class in a group) are held out, some are in test or validation rows alone, and other rows are split as
ever; these cells are the same in all repeats of a benchmark, and drawn anew otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ganaug.config import suggestion
from ganaug.data.held_cells import hold_out
from ganaug.errors import DataError, option

Indices = NDArray[np.int64]

LEAST = {"train": 1, "validation": 1, "test": 1}  # rows of each class
ALL = 2**40  # training rows of a class that is not cut


@dataclass(frozen=True)
class Split:
    """Row positions of one repeat, ascending; no row is in two of them."""

    train: Indices
    validation: Indices
    test: Indices
    pool: Indices


@dataclass(frozen=True)
class Splits:
    """All repeats.

    Attributes
    ----------
    mode, reason : str
        ``benchmark`` or ``repeated``, and why.
    repeats : dict of int to Split
        The splits by repeat.
    left_out : ndarray, int64
        Rows in no split, as their group is in another split that the source brings.
    """

    mode: str
    reason: str
    repeats: dict[int, Split]
    left_out: Indices


def make_splits(
    labels: Indices,
    classes: Sequence[str],
    *,
    repeats: Sequence[int] = (0,),
    per_class: int | Mapping[str, int] | None = None,
    validation: float = 0.2,
    test: float = 0.2,
    units: Indices | None = None,
    given: NDArray[np.object_] | None = None,
    cells_of: Indices | None = None,
    seed: int = 0,
) -> Splits:
    """Split rows for every repeat.

    Parameters
    ----------
    labels : ndarray of shape (n,), int64
        Positions in ``classes``.
    classes : sequence of str
        Class names, at least two.
    repeats : sequence of int
        Repeats to make.
    per_class : int, or mapping from class name to int, optional
        Cut training splits to this many rows a class, or of these classes. None: all rows.
    validation, test : float or int
        A share of the rows of each class that the source leaves open (at least one row), or a number of rows a class.
        Ignored where the source brings that split.
    units : ndarray of shape (n,), int64, optional
        Number of the group or cluster of copies that each row belongs to; a unit never straddles splits.
    given : ndarray of shape (n,), object, optional
        ``train``, ``validation`` or ``test`` for each row. A unit that straddles them keeps its test rows, or else its
        validation rows; the others are left out.
    cells_of : ndarray of shape (n,), int64, optional
        Number of each row's group, -1 for none, where cells are to be held out of training (`held_cells.hold_out`).
    seed : int, default=0
        Same seed, same splits.

    Raises
    ------
    DataError
        If a class has too few rows, or groups, for 1 training, 1 validation and 1 test row, no cell can be held
        out, or ``per_class`` names a class that there is not.
    """
    if len(classes) < 2:
        raise DataError(f"there is only one class, {classes[0]!r}; give at least two.")
    cuts = _cuts(per_class, classes)
    units = np.arange(len(labels)) if units is None else units
    given = np.full(len(labels), "train", object) if given is None else given
    left_out = _straddling(units, given)
    given = np.where(left_out, "", given)
    shares = {"test": test, "validation": validation}

    def problem(repeat: int) -> _Problem:
        rng = np.random.default_rng([seed, repeat, 1])  # apart from that of the splits
        return _Problem.of(labels, units, given, tuple(classes), shares, cells_of, rng)

    found: dict[int, Split] = {}
    whole = np.flatnonzero(cuts == ALL)
    if per_class is None:
        reason = "per_class is null, so every repeat trains on all of its rows"
    elif len(whole):
        reason = f"per_class leaves out class {classes[whole[0]]!r}, so every repeat trains on all of its rows"
    else:
        found, reason = _benchmark(problem(0), repeats, cuts, seed)
    mode = "benchmark" if found else "repeated"
    found = found or {repeat: _repeated(problem(repeat), repeat, cuts, seed) for repeat in repeats}
    return Splits(mode, reason, found, np.flatnonzero(left_out))


def _cuts(per_class: int | Mapping[str, int] | None, classes: Sequence[str]) -> Indices:
    """Return the most training rows of each class (K,)."""
    if not isinstance(per_class, Mapping):
        given: Mapping[str, int] = {} if per_class is None else dict.fromkeys(classes, per_class)
    else:
        given = per_class
        for name in given:
            if name not in classes:
                known = suggestion(name, classes) or f"; the classes are {', '.join(classes[:20])}"
                raise DataError(f"{option('prepare.per_class')} names {name!r}, which is no class{known}.")
    least = min(given, key=lambda name: given[name], default=None)
    if least is not None and given[least] < LEAST["train"]:
        of = f" for class {least!r}" if isinstance(per_class, Mapping) else ""
        raise DataError(
            f"{option('prepare.per_class')} is {given[least]}{of}; training takes at least {LEAST['train']} rows a "
            "class."
        )
    return np.array([given.get(name, ALL) for name in classes], np.int64)


@dataclass(frozen=True)
class _Problem:
    """What stays the same between repeats.

    ``fixed`` holds the splits that the source brings, ``held`` rows of cells that are held out for other splits,
    ``quotas`` what those want of each class beside them, and ``spare`` what is left of the ``open`` rows of each class.
    """

    labels: Indices
    units: Indices
    classes: tuple[str, ...]
    open: Indices
    spare: Indices
    fixed: dict[str, Indices]
    held: dict[str, Indices]
    quotas: dict[str, Indices]

    @classmethod
    def of(
        cls,
        labels: Indices,
        units: Indices,
        given: NDArray[np.object_],
        classes: tuple[str, ...],
        shares: dict[str, float],
        cells_of: Indices | None,
        rng: np.random.Generator,
    ) -> _Problem:
        fixed = {part: np.flatnonzero(given == part) for part in shares if (given == part).any()}
        open_rows, held = np.flatnonzero(given == "train"), {}
        if cells_of is not None and (open_parts := [part for part in shares if part not in fixed]):
            found = hold_out(labels[open_rows], cells_of[open_rows], units[open_rows], open_parts, rng)
            held = {part: open_rows[at] for part, at in found.items()}
            open_rows = np.setdiff1d(open_rows, np.concatenate([*held.values()]))
        counts = np.bincount(labels[open_rows], minlength=len(classes))
        quotas = {part: _quota(part, share, counts) for part, share in shares.items() if part not in fixed}
        spare = counts - np.sum(list(quotas.values()), axis=0, dtype=np.int64)
        scarce = np.flatnonzero(spare < LEAST["train"])
        for k in scarce[:1]:
            parts = " and ".join(["training", *quotas])
            more = f" (so do {len(scarce) - 1} more of {len(classes)}: are these the classes?)" * (len(scarce) > 1)
            raise DataError(
                f"class {classes[k]!r} has {counts[k]} usable rows, too few for {parts}, which take at least "
                f"{counts[k] - spare[k] + LEAST['train']}{more}; add rows, ask for smaller splits, or remove the class."
            )
        return cls(labels, units, classes, open_rows, spare, fixed, held, quotas)

    def assign(
        self, trains: Sequence[Indices], rng: np.random.Generator
    ) -> tuple[dict[str, Indices], list[Indices], Indices]:
        """Assign the open rows: the validation and test set, the training sets, and the rest."""
        quotas = np.stack([*self.quotas.values(), *trains])
        least = [*(LEAST[part] for part in self.quotas), *(LEAST["train"] for _ in trains)]
        part = assign_splits(self.labels[self.open], self.units[self.open], quotas, least, rng)
        assigned = [self.open[part == p] for p in range(len(quotas) + 1)]
        held_out = self.fixed | dict(zip(self.quotas, assigned, strict=False))
        return held_out, assigned[len(self.quotas) : -1], assigned[-1]

    def cut(self, rows: Indices, cuts: Indices, rng: np.random.Generator) -> Indices:
        """Drop at random what whole units brought beyond so many rows of each class (K,)."""
        of_class = (rng.permutation(rows[self.labels[rows] == k]) for k in range(len(self.classes)))
        return np.sort(np.concatenate([drawn[:most] for drawn, most in zip(of_class, cuts, strict=True)]))

    def split(self, train: Indices, pool: Indices, held_out: dict[str, Indices]) -> Split:
        """Put a repeat together, and refuse (`DataError`) one in which a class has too few rows."""
        whole = {part: np.sort(np.append(rows, self.held.get(part, rows[:0]))) for part, rows in held_out.items()}
        split = Split(train, pool=pool, **whole)
        for part, least in LEAST.items():
            rows = getattr(split, part)
            counts = np.bincount(self.labels[rows], minlength=len(self.classes))
            for k in np.flatnonzero(counts < least):
                of_class = self.labels == k
                groups = len(np.unique(self.units[of_class]))
                raise DataError(
                    f"class {self.classes[k]!r} has {counts[k]} rows for {part}, which takes at least {least}: its "
                    f"{of_class.sum()} rows are in {groups} groups (copies are one, and windows that overlap), and "
                    "groups stay whole; add rows of other groups, bring splits of your own, or remove the class."
                )
        return split


def _quota(part: str, share: float, counts: Indices) -> Indices:
    if isinstance(share, float) and 0 < share < 1:
        rows: Indices = np.maximum(1, np.rint(share * counts)).astype(np.int64)
        return rows
    if share < 1 or share != int(share):
        raise DataError(
            f"{option(f'prepare.{part}')} is {share}; give a share between 0 and 1, or a number of rows a class."
        )
    return np.full(len(counts), int(share))


def _straddling(units: Indices, given: NDArray[np.object_]) -> NDArray[np.bool_]:
    """Mark the rows whose unit is also in a split of higher rank: test before validation before train."""
    rank = np.array([("train", "validation", "test").index(part) for part in given], np.int64)
    _, unit = np.unique(units, return_inverse=True)
    top = np.zeros(len(given), np.int64)
    np.maximum.at(top, unit, rank)
    below: NDArray[np.bool_] = rank < top[unit]
    return below


def _benchmark(problem: _Problem, repeats: Sequence[int], cuts: Indices, seed: int) -> tuple[dict[int, Split], str]:
    """Split with disjoint training sets; no repeats, and the reason, where there are too few rows.

    Repeat d always has slot d, so that asking for fewer repeats leaves the others as they are.
    """
    slots = max(repeats) + 1
    scarce = int(np.argmin(problem.spare - slots * cuts))
    rows = f"{cuts.min()}" if cuts.min() == cuts.max() else f"{cuts.min()} to {cuts.max()}"
    sets = f"{slots} disjoint training sets of {rows} rows a class"
    if problem.spare[scarce] < slots * cuts[scarce]:
        few = f"class {problem.classes[scarce]!r} has {problem.spare[scarce]} rows beside validation and test"
        return {}, f"{few}, too few for {sets}"
    rng = np.random.default_rng(seed)
    held_out, trains, rest = problem.assign([cuts] * slots, rng)
    trains = [problem.cut(train, cuts, rng) for train in trains]
    if min(len(train) for train in trains) < cuts.sum():
        return {}, f"groups do not go into {sets}"
    pool = np.sort(np.concatenate([rest, *(trains[slot] for slot in range(slots) if slot not in repeats)]))
    found = {repeat: problem.split(trains[repeat], pool, held_out) for repeat in repeats}
    return found, f"there are enough rows for {sets}"


def _repeated(problem: _Problem, repeat: int, cuts: Indices, seed: int) -> Split:
    problem = _with_fold(problem, repeat, seed)
    rng = np.random.default_rng([seed, repeat])
    held_out, (train,), pool = problem.assign([np.minimum(problem.spare, cuts)], rng)
    return problem.split(problem.cut(train, cuts, rng), pool, held_out)


def _with_fold(problem: _Problem, repeat: int, seed: int) -> _Problem:
    """Fix a repeat's test set: the next fold of a cross-validation, whose folds are made anew when all are used up."""
    if "test" in problem.fixed:
        return problem
    quotas = dict(problem.quotas)
    quota = quotas.pop("test")
    labels, units = problem.labels[problem.open], problem.units[problem.open]
    of_class = [labels == k for k in range(len(problem.classes))]
    counts, groups = (np.array(found) for found in zip(*((m.sum(), len(set(units[m]))) for m in of_class), strict=True))
    folds = max(1, int(np.minimum(counts // quota, groups).min()))
    turn, fold = divmod(repeat, folds)
    rng = np.random.default_rng([seed, turn])
    part = assign_splits(labels, units, np.tile(quota, (folds, 1)), [LEAST["test"]] * folds, rng)
    left = np.bincount(labels[part != fold], minlength=len(counts)) - sum(quotas.values())
    fixed = {**problem.fixed, "test": problem.open[part == fold]}
    return replace(problem, open=problem.open[part != fold], spare=left, fixed=fixed, quotas=quotas)


def assign_splits(
    labels: Indices, units: Indices, quotas: NDArray[np.int64], least: Sequence[int], rng: np.random.Generator
) -> Indices:
    """Assign rows to parts at random so that each part comes as near to its quotas as whole units allow.

    Where every unit is one row the quotas are met exactly. Otherwise each part first gets small units until it has the
    least it needs of each class; then the other units, large before small, go where most of their rows are wanted; then
    single rows fill what is left.

    Parameters
    ----------
    labels, units : ndarray of shape (n,), int64
        Class, and number of the unit, of each row.
    quotas : ndarray of shape (P, K), int64
        Rows wanted by each part of each class; a class has at least as many in all.
    least : sequence of int, length P
        Rows of each class that a part must have.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray of shape (n,), int64
        Part of each row; P for the rows that no part wants.
    """
    n_parts, n_classes = quotas.shape
    need = np.vstack([quotas, np.bincount(labels, minlength=n_classes) - quotas.sum(axis=0)])
    _, unit, size = np.unique(units, return_inverse=True, return_counts=True)
    members = np.split(np.argsort(unit, kind="stable"), np.cumsum(size)[:-1])
    part_of = np.full(len(size), -1)
    order = rng.permutation(len(size))
    order = order[np.argsort(size[order], kind="stable")]

    def place(u: int, part: int) -> None:
        part_of[u] = part
        need[part] -= np.bincount(labels[members[u]], minlength=n_classes)

    if (size > 1).any():
        holders = _units_by_class(labels, unit, order, n_classes)
        for k in sorted(range(n_classes), key=lambda k: len(holders[k])):
            waiting = iter(holders[k])
            for part in range(n_parts):
                while quotas[part, k] - need[part, k] < least[part]:
                    u = next((u for u in waiting if part_of[u] < 0), None)
                    if u is None:
                        break
                    place(u, part)
    for u in order[::-1]:
        if size[u] > 1 and part_of[u] < 0:
            count = np.bincount(labels[members[u]], minlength=n_classes)
            wanted = np.minimum(count, need.clip(0)).sum(axis=1)
            best = np.flatnonzero(wanted == wanted.max())
            weight = need[best].clip(0)[:, count > 0].sum(axis=1)
            place(u, rng.choice(best, p=weight / weight.sum()))
    parts = part_of[unit]
    for k in range(n_classes):
        free = rng.permutation(np.flatnonzero((parts < 0) & (labels == k)))
        parts[free] = np.repeat(np.arange(n_parts + 1), need[:, k].clip(0))[: len(free)]
    return parts


def _units_by_class(labels: Indices, unit: Indices, order: Indices, n_classes: int) -> list[list[int]]:
    """List, for each class, the units that hold it, in ``order``."""
    rank = np.argsort(order)
    pairs = np.unique(np.stack([labels, rank[unit]]), axis=1)
    ends = np.searchsorted(pairs[0], np.arange(n_classes + 1))
    return [order[pairs[1, a:b]].tolist() for a, b in pairwise(ends)]
