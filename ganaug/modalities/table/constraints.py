"""What holds between the columns of every row: found in rows, declared by a user, and repaired where it fails.

- ``a <= b``: numbers or times in order;
- ``a + b = c``, of two or more terms: sums, within the resolution of the column;
- ``city -> country``, of one or more columns before the arrow: what the first ones say determines the last one.

A constraint says nothing of a row that lacks one of its values, but for those about an arrow, where a missing value is
one like others. Values are changed as little as it takes and only to such as training rows have; where that is
not enough, all columns that hang together take the values that they have in a training row. So no row breaks a
constraint that all training rows keep, and none is drawn again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api import types

from ganaug.data.text import shown
from ganaug.errors import DataError, option
from ganaug.modalities.table.columns import is_missing
from ganaug.modalities.table.ids import content_ids
from ganaug.modalities.table.values import measured, spacing, to_floats

CHANCE = 1e-6  # how likely a constraint may hold by chance to be offered
SMALL = 1e-9  # of the largest value: what rounding does to sums
WIDEST = 40  # numeric columns between which sums are looked for
TERMS = 3  # of a sum that is looked for, at most


@dataclass(frozen=True)
class Constraint:
    """What holds between columns.

    Attributes
    ----------
    kind : str
        ``<=``, ``=`` or ``->``.
    left : tuple
        Names of the columns before the sign.
    right : object
        Name of the one after it.
    """

    kind: str
    left: tuple[Any, ...]
    right: Any

    def __str__(self) -> str:
        return f"{(', ' if self.kind == '->' else ' + ').join(map(str, self.left))} {self.kind} {self.right}"

    @property
    def columns(self) -> tuple[Any, ...]:
        """Names of all its columns."""
        return (*self.left, self.right)

    def broken(self, frame: pd.DataFrame, known: pd.DataFrame) -> NDArray[np.bool_]:
        """Mark the rows (n,) that break it; ``known`` are rows that keep it, and say what belongs together."""
        if self.kind == "->":
            left, right = list(self.left), [self.right]
            seen = content_ids(known[left + right])
            return ~np.isin(content_ids(frame[left + right]), seen)
        total = np.sum([_floats(frame[name]) for name in self.left], axis=0)
        result = _floats(frame[self.right])
        if self.kind == "<=":
            return np.asarray(total > result)  # not where either is missing
        return np.asarray(np.abs(total - result) > tolerance(_floats(known[self.right])))


def tolerance(values: NDArray[np.float64]) -> float:
    """Return by how much a sum in a column may be off: half of its last digit, or what rounding does."""
    values = values[~np.isnan(values)]
    rounding = SMALL * float(np.abs(values).max(initial=0))
    digits = _digits(values, rounding)
    return rounding if digits is None else max(rounding, 0.501 * 10.0**-digits)


def _digits(values: NDArray[np.float64], rounding: float) -> int | None:
    """Return to how many digits after the point values are rounded."""
    return next((d for d in range(7) if np.allclose(np.round(values, d), values, rtol=0, atol=rounding)), None)


def parse(text: str, names: Iterable[Any]) -> Constraint:
    """Read a constraint as users write it; `DataError` unless it is one between these columns."""
    known = {str(name): name for name in names}
    unknown = ""
    for kind, comma in (("->", ","), ("<=", ""), ("=", " + ")):
        pieces = text.split(f" {kind} ")
        for at in range(1, len(pieces)):  # a name may hold the sign itself
            left, right = (f" {kind} ".join(part).strip() for part in (pieces[:at], pieces[at:]))
            terms = _terms(left, comma, known)
            odd = [term for term in (*terms, right) if term not in known]
            if not odd and (kind != "=" or len(terms) > 1):
                return Constraint(kind, tuple(known[term] for term in terms), known[right])
            unknown = unknown or next(iter(odd), "")
    if unknown:
        raise DataError(
            f"{option('prepare.constraints')} has {text!r}, but there is no column {unknown!r} to learn: "
            f"there are {', '.join(known)}."
        )
    raise DataError(
        f"{option('prepare.constraints')} has {text!r}: write 'a <= b', 'a + b = c' or 'a, b -> c', "
        "with names of columns and spaces around the signs."
    )


def _terms(text: str, comma: str, known: Collection[str]) -> list[str]:
    """Split text into names of columns, the longest ones that there are, as a name may hold the comma itself."""
    pieces = text.split(comma) if comma else [text]
    terms: list[str] = []
    while pieces:
        joined = [comma.join(pieces[:count]).strip() for count in range(len(pieces), 0, -1)]
        count = next((len(pieces) - i for i, name in enumerate(joined) if name in known), 1)
        terms.append(comma.join(pieces[:count]).strip())
        pieces = pieces[count:]
    return terms


def check(texts: Sequence[str], frame: pd.DataFrame) -> tuple[str, ...]:
    """Return constraints that users declare; `DataError` for one that is none, or that a row breaks."""
    for text in texts:
        constraint = parse(text, frame.columns)
        if constraint.kind == "->":
            pairs = frame[list(constraint.columns)].drop_duplicates()
            broken = np.asarray(pairs.duplicated(list(constraint.left)))
            rows = pairs.index[broken]
        else:
            for name in constraint.columns:
                if not _measures(frame[name]):
                    raise DataError(
                        f"{option('prepare.constraints')} has {text!r}, but the column {shown(name)} holds no numbers: "
                        "use '->' between categories."
                    )
            rows = frame.index[constraint.broken(frame, frame)]
        if len(rows):
            raise DataError(
                f"{option('prepare.constraints')} has {text!r}, which {len(rows)} of {len(frame)} rows break, "
                f"first row {rows[0]}: mend the rows, or leave it out."
            )
    return tuple(texts)


def violations(frame: pd.DataFrame, texts: Sequence[str], known: pd.DataFrame) -> dict[str, int]:
    """Count the rows that break each constraint; ``known`` are the training rows."""
    found = {text: parse(text, frame.columns) for text in texts}
    return {text: int(constraint.broken(frame, known).sum()) for text, constraint in found.items()}


# Found


def find(frame: pd.DataFrame) -> tuple[str, ...]:
    """Find constraints that all rows keep, and that would hardly hold by chance."""
    numbers: dict[Any, NDArray[np.float64]] = {}
    levels: dict[Any, NDArray[np.int64]] = {}
    for name in frame.columns:
        if not _measures(frame[name]):
            levels[name] = pd.factorize(frame[name].astype(object), use_na_sentinel=False)[0]
        elif frame[name].nunique() > 2:
            numbers[name] = _floats(frame[name])
    found = [*_orders(frame, numbers), *_sums(frame, numbers), *_arrows(levels)]
    return tuple(map(str, found))


def _orders(frame: pd.DataFrame, numbers: dict[Any, NDArray[np.float64]]) -> list[Constraint]:
    found = []
    units = {name: _unit(frame[name]) for name in numbers}
    for a, b in ((a, b) for a in numbers for b in numbers if a != b and units[a] == units[b]):
        both = ~np.isnan(numbers[a]) & ~np.isnan(numbers[b])
        x, y = numbers[a][both], numbers[b][both]
        if not len(x) or (x > y).any():
            continue
        broken = 1 - np.searchsorted(np.sort(x), y, side="right").mean() / len(x)  # of pairs from different rows
        if (1 - broken) ** len(x) < CHANCE:
            found.append(Constraint("<=", (a,), b))
    return found


def _sums(frame: pd.DataFrame, numbers: dict[Any, NDArray[np.float64]]) -> list[Constraint]:
    names = [name for name in numbers if _unit(frame[name]) == "number" and len(np.unique(numbers[name])) > 3]
    if not 3 <= len(names) <= WIDEST:
        return []
    table = np.array([numbers[name] for name in names])
    whole = np.flatnonzero(~np.isnan(table).any(0))
    if len(whole) < 10:
        return []
    few = table[:, whole[:: max(1, len(whole) // 10)][:10]]
    allowed = np.array([tolerance(values) for values in table])
    found: list[Constraint] = []
    for count in range(2, TERMS + 1):
        for terms in combinations(list(range(len(names))), count):
            off = np.abs(few[list(terms)].sum(0) - few)
            off[list(terms)] = np.inf
            for result in np.flatnonzero(off.max(1) <= allowed).tolist():
                sum_of = Constraint("=", tuple(names[term] for term in terms), names[result])
                varied = all(len(np.unique(few[at])) > 3 for at in (*terms, result))
                if varied and not sum_of.broken(frame, frame).any():
                    found.append(sum_of)
    return found


def _arrows(levels: dict[Any, NDArray[np.int64]]) -> list[Constraint]:
    found = []
    for a, b in ((a, b) for a in levels for b in levels if a != b):
        pairs = len(np.unique(levels[a] * (levels[b].max() + 1) + levels[b]))
        count = len(np.unique(levels[a]))
        shares = np.unique(levels[b], return_counts=True)[1] / len(levels[b])
        again = len(levels[a]) - count  # rows that could have broken it
        if pairs == count and len(shares) > 1 and float((shares**2).sum()) ** again < CHANCE:
            found.append(Constraint("->", (a,), b))
    return found


# Repaired


@dataclass(frozen=True)
class Repair:
    """What makes the rows of a generator keep constraints.

    Attributes
    ----------
    parts : tuple of tuple of Constraint
        Constraints that share columns, directly or by others.
    donors : tuple of DataFrame
        For each part, the values that its columns have together in training rows.
    """

    parts: tuple[tuple[Constraint, ...], ...]
    donors: tuple[pd.DataFrame, ...]

    @classmethod
    def fit(cls, texts: Sequence[str], training: pd.DataFrame) -> Repair:
        """Take from training rows what the columns of constraints hold together."""
        parts = _parts([parse(text, training.columns) for text in texts])
        donors = tuple(training[_columns(part, training.columns)].drop_duplicates(ignore_index=True) for part in parts)
        return cls(parts, donors)

    @classmethod
    def of(cls, texts: Sequence[str], donors: Sequence[pd.DataFrame], names: Iterable[Any]) -> Repair:
        """Make a repair again of the donors that it had; `ValueError` where they are of other columns."""
        parts = _parts([parse(text, names) for text in texts])
        if [list(held.columns) for held in donors] != [_columns(part, names) for part in parts]:
            raise ValueError("the constraints are not those that the model was trained with")
        return cls(parts, tuple(donors))

    def __call__(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return rows that keep the constraints."""
        for part, donors in zip(self.parts, self.donors, strict=True):
            broken = np.any([constraint.broken(frame, donors) for constraint in part], axis=0)
            if broken.any():
                mended = frame[list(donors.columns)][broken]
                for constraint in part:
                    mended = _MEND[constraint.kind](constraint, mended, donors)
                still = np.any([constraint.broken(mended, donors) for constraint in part], axis=0)
                if still.any():
                    closest = _closest(frame[list(donors.columns)][broken][still], donors)
                    mended = _put(mended, still, donors.iloc[closest])
                frame = _put(frame, broken, mended)
        return frame


def _columns(part: Sequence[Constraint], names: Iterable[Any]) -> list[Any]:
    """Return the columns of constraints, in the order of the table."""
    used = {name for constraint in part for name in constraint.columns}
    return [name for name in names if name in used]


def _parts(constraints: Sequence[Constraint]) -> tuple[tuple[Constraint, ...], ...]:
    """Sort constraints into groups that share no column; in each, those come first whose results others build on."""
    parts: list[list[Constraint]] = []
    for constraint in constraints:
        touched = [part for part in parts if any(set(one.columns) & set(constraint.columns) for one in part)]
        parts = [part for part in parts if part not in touched]
        parts.append([one for part in touched for one in part] + [constraint])
    return tuple(tuple(_in_turn(part)) for part in parts)


def _in_turn(part: list[Constraint]) -> list[Constraint]:
    """Put orders before sums before arrows; orders from the top down, arrows from what determines to what follows."""
    orders, sums, arrows = ([one for one in part if one.kind == kind] for kind in ("<=", "=", "->"))
    down = _sorted(orders, lambda one, other: one.right in other.left)
    along = _sorted(arrows, lambda one, other: other.right in one.left)
    return [*down, *sums, *along]


def _sorted(waiting: list[Constraint], after: Callable[[Constraint, Constraint], bool]) -> list[Constraint]:
    """Sort constraints so that each comes after those that it has to; in a circle the first goes first."""
    found: list[Constraint] = []
    while waiting:
        free = [one for one in waiting if not any(after(one, other) for other in waiting if other is not one)]
        found += free or waiting[:1]
        waiting = [one for one in waiting if one not in found]
    return found


def _mend_order(constraint: Constraint, rows: pd.DataFrame, donors: pd.DataFrame) -> pd.DataFrame:
    """Lower the smaller value to the largest known one that is not above the other."""
    (a,), b = constraint.left, constraint.right
    known = donors[a][~is_missing(donors[a])].drop_duplicates().sort_values(ignore_index=True)
    broken = constraint.broken(rows, donors)
    at = np.searchsorted(_floats(known), _floats(rows[b])[broken], side="right") - 1
    return _put(rows, broken, known.iloc[at.clip(0)].to_frame(a))


def _mend_sum(constraint: Constraint, rows: pd.DataFrame, donors: pd.DataFrame) -> pd.DataFrame:
    """Write the sum in its place, where it is in the range of its column and on its grid."""
    column, known = rows[constraint.right], _floats(donors[constraint.right])
    if types.is_object_dtype(column.dtype) or not types.is_numeric_dtype(column.dtype):
        return rows
    total = np.sum([_floats(rows[name]) for name in constraint.left], axis=0)
    fits = constraint.broken(rows, donors) & (total >= np.nanmin(known)) & (total <= np.nanmax(known))
    known = np.unique(known[~np.isnan(known)])
    digits = _digits(known, SMALL * float(np.abs(known).max(initial=0)))
    if digits is not None:
        total, scale = np.round(total, digits), 10.0**digits
        steps = np.rint((total[fits] - known[0]) * scale).astype(np.int64)
        fits[fits] = steps % spacing(np.rint(known * scale).astype(np.int64)) == 0
    if len(known) <= 2:  # which are levels
        fits &= np.isin(total, known)
    return _put(rows, fits, pd.Series(total[fits]).astype(column.dtype).to_frame(constraint.right))


def _mend_arrow(constraint: Constraint, rows: pd.DataFrame, donors: pd.DataFrame) -> pd.DataFrame:
    """Look up what belongs to what comes before the arrow."""
    left = list(constraint.left)
    pairs = donors[[*left, constraint.right]].drop_duplicates(ignore_index=True)
    keys, known = content_ids(rows[left]), content_ids(pairs[left])
    order = known.argsort()
    at = order[np.searchsorted(known[order], keys).clip(0, len(known) - 1)]
    return _put(rows, known[at] == keys, pairs.iloc[at[known[at] == keys]][[constraint.right]])


_MEND: dict[str, Callable[[Constraint, pd.DataFrame, pd.DataFrame], pd.DataFrame]] = {
    "<=": _mend_order,
    "=": _mend_sum,
    "->": _mend_arrow,
}


def _closest(rows: pd.DataFrame, donors: pd.DataFrame) -> NDArray[np.int64]:
    """Return the position of the donor that agrees best with each row: by equality, of numbers by rank."""
    far = np.zeros((len(rows), len(donors)), np.float32)
    for name in donors.columns:
        column, known = rows[name], donors[name]
        if _measures(known):
            ranked = np.sort(_floats(known))
            x, y = (np.searchsorted(ranked, np.nan_to_num(_floats(values))) / len(known) for values in (column, known))
            far += np.abs(x[:, None] - y[None])
        else:
            codes = pd.factorize(pd.concat([column, known]).astype(object), use_na_sentinel=False)[0]
            far += codes[: len(column), None] != codes[None, len(column) :]
    found: NDArray[np.int64] = far.argmin(1)
    return found


def _measures(column: pd.Series) -> bool:
    """Tell whether the values of a column are numbers or times."""
    return not isinstance(column.dtype, pd.CategoricalDtype) and to_floats(column[~is_missing(column)]) is not None


def _put(frame: pd.DataFrame, where: NDArray[np.bool_], values: pd.DataFrame) -> pd.DataFrame:
    """Return rows of which those that are marked hold other values in some columns."""
    at = np.arange(len(frame))
    at[where] = len(frame) + np.arange(int(where.sum()))
    columns = {
        i: pd.concat([frame.iloc[:, i], values[name]], ignore_index=True).iloc[at].reset_index(drop=True)
        if name in values.columns
        else frame.iloc[:, i].reset_index(drop=True)
        for i, name in enumerate(frame.columns)
    }
    return pd.DataFrame(columns).set_axis(frame.columns, axis=1)


def _floats(column: pd.Series) -> NDArray[np.float64]:
    """Return numbers (n,), not-a-number where missing."""
    missing = is_missing(column)
    found = np.full(len(column), np.nan)
    found[~missing] = measured(column[~missing])
    return found


def _unit(column: pd.Series) -> str:
    """Say what a column measures: only such columns of one unit are compared."""
    dtype: Any = column.dtype
    held = types.infer_dtype(column, skipna=True)
    if getattr(dtype, "kind", "") == "M" or held in ("datetime", "datetime64", "date"):
        return "date" if held == "date" else f"time {getattr(dtype, 'tz', None)}"
    if getattr(dtype, "kind", "") == "m" or held.startswith("timedelta"):
        return "span"
    return "period" if isinstance(dtype, pd.PeriodDtype) else "number"
