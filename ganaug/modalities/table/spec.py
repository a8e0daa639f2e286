"""What all rows of a table share: its columns, how each is stored, what is learnt of it, and on which scale it lies.

All of it is found once, in all rows that a data set has, so that it does not depend on which of them are looked at
later. What a network or a classifier learns comes from training rows alone, see `ganaug.modalities.table.codec`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray
from pandas.api import types

from ganaug.data.text import shown
from ganaug.errors import DataError
from ganaug.modalities.loaded import Spec
from ganaug.modalities.table.columns import LEVELS, check_levels, is_missing
from ganaug.modalities.table.forms import Form, arrow_type, form_of, from_arrow, pack, to_arrow, unpack
from ganaug.modalities.table.ids import equal_by_chance
from ganaug.modalities.table.values import to_floats, to_numbers

KNOTS = 65  # of a column's quantile function
ROWS = 20  # from which values that are all different say something
WORDS = 3  # of a text, on average, from which it is free
OURS = ("label", "synthetic", "id", "group")
SCORES = ("realism", "confidence", "density", "nearest_id", "nearest_distance", "version_of", "kept", "reason", "model")
RESERVED = frozenset([*OURS, *SCORES, "split", "path"])  # a column of such a name is stored under another
_ID = re.compile(r"(^|[\W_])(id|ids|uuid|guid|key|index|rownames|unnamed: ?\d+)$|(?<=[a-z])(ID|Id)$", re.IGNORECASE)


@dataclass(frozen=True)
class Column:
    """One column.

    Attributes
    ----------
    name : str, int, float, bool or tuple of these
        What users call it.
    stored : str
        What it is called in files.
    form : dict
        Its dtype, see `ganaug.modalities.table.forms`.
    role : str
        ``number``, ``category``, or what is not learnt: ``id`` or ``text``.
    knots, ranks : tuple of float
        Points of its distribution function, scaled to 0..1, for numbers.
    levels : str
        Its values as `ganaug.modalities.table.forms.pack` writes them, for categories of at most `LEVELS`: beyond,
        they would make every file long, and a value that no row had yet (a postcode) is to be expected.
    last : int
        The largest number of an id.
    gaps : bool
        Whether values are missing.
    """

    name: Any
    stored: str
    form: Form
    role: str
    knots: tuple[float, ...] = ()
    ranks: tuple[float, ...] = ()
    levels: str = ""
    last: int = 0
    gaps: bool = False


@dataclass(frozen=True)
class TableSpec(Spec):
    """The columns of a table, in their order.

    Attributes
    ----------
    columns : tuple of Column
        All of them.
    axis : dict
        Of which type the names are, and what they are called together.
    rows : int
        How many rows all of this was found in.
    equal_by_chance : bool
        Whether rows are equal now and then that have nothing to do with each other.
    constraints : tuple of str
        What holds between columns, see `ganaug.modalities.table.constraints`.
    """

    columns: tuple[Column, ...]
    axis: dict[str, Any]
    rows: int
    equal_by_chance: bool = False
    constraints: tuple[str, ...] = ()

    @property
    def names(self) -> pd.Index:
        """The names as users have them."""
        names = [column.name for column in self.columns]
        if self.axis["range"]:
            start, stop, step = self.axis["range"]
            return pd.RangeIndex(start, stop, step, name=self.axis["names"][0])
        if len(self.axis["names"]) > 1:
            return pd.MultiIndex.from_tuples(names, names=self.axis["names"])
        found: pd.Index = pd.Index(names, dtype=self.axis["dtype"], name=self.axis["names"][0])
        return found

    @property
    def learnt(self) -> tuple[int, ...]:
        """Positions of the columns that a model learns."""
        return tuple(i for i, column in enumerate(self.columns) if column.role in ("number", "category"))

    @property
    def not_learnt(self) -> dict[str, str]:
        """Why the other columns are not, by name."""
        why = {
            "id": "every row has another value, which only tells rows apart; generated rows get new ones",
            "text": "free text; generated rows have none",
        }
        return {str(column.name): why[column.role] for column in self.columns if column.role in why}


def spec_of(about: Mapping[str, Any]) -> TableSpec:
    """Return the spec that `TableSpec.to_json` wrote; `KeyError`, `TypeError` or `ValueError` where it is none."""
    known = {field.name for field in fields(TableSpec)}
    if set(about) != known:
        raise ValueError(f"a table's description has {', '.join(sorted(known))}")
    columns = []
    for column in about["columns"]:
        held = {name: tuple(value) if name in ("knots", "ranks") else value for name, value in column.items()}
        columns.append(Column(**{**held, "name": _tupled(column["name"])}))
    axis = {**about["axis"], "names": list(about["axis"]["names"])}
    return TableSpec(
        tuple(columns), axis, int(about["rows"]), bool(about["equal_by_chance"]), tuple(about["constraints"])
    )


def infer(frame: pd.DataFrame, *, complete: bool = False) -> TableSpec:
    """Find out what a table's columns are.

    Parameters
    ----------
    frame : DataFrame (n, columns)
        All rows that there are.
    complete : bool, default=False
        Learn every column, as no generated row may lack a value that real ones have: ids and text, too, as the numbers
        and levels that they are.

    Raises
    ------
    DataError
        It has no rows or columns, columns of one name, or one whose values cannot be stored or learnt.
    """
    if not frame.size:
        raise DataError(f"The table has {len(frame)} rows and {frame.shape[1]} columns: give at least one of each.")
    twice = frame.columns[frame.columns.duplicated()]
    if len(twice):
        raise DataError(f"The table has several columns named {shown(twice[0])}: rename or drop all but one.")
    stored = _stored_names(frame.columns)
    columns = tuple(_column(frame.iloc[:, i].reset_index(drop=True), name, complete) for i, name in enumerate(stored))
    spec = TableSpec(columns, _axis(frame.columns), len(frame))
    if not spec.learnt:
        reasons = "; ".join(f"{name!r} is {reason.split(';')[0]}" for name, reason in spec.not_learnt.items())
        raise DataError(f"The table has no column to learn from ({reasons}): add one of numbers or categories.")
    return replace(spec, equal_by_chance=equal_by_chance(frame.iloc[:, list(spec.learnt)]))


def _column(column: pd.Series, stored: str, complete: bool) -> Column:
    missing = is_missing(column)
    given = column[~missing]
    name = _plain_name(column.name)
    held = to_numbers(given)  # which refuses what is infinite or complex
    if held is None:
        check_levels(column)
    form, counts = form_of(column), np.unique(given.factorize()[0], return_counts=True)[1]
    numbers = to_floats(given) if held is not None else None
    if not complete and _is_id(given, name, counts):
        last = int(given.max()) if numbers is not None else 0
        return Column(name, stored, form, "id", last=last)
    if numbers is not None and len(np.unique(held[0])) > 2:  # type: ignore[index]
        knots, ranks = _distribution(numbers)
        return Column(name, stored, form, "number", knots, ranks, gaps=bool(missing.any()))
    if not complete and _is_text(given, counts):
        return Column(name, stored, form, "text")
    levels = pack(given[~given.duplicated()]) if len(counts) <= LEVELS else ""
    return Column(name, stored, form, "category", levels=levels, gaps=bool(missing.any()))


def _is_id(given: pd.Series, name: Any, counts: NDArray[np.int64]) -> bool:
    """Tell whether values are there to tell rows apart: all different, and called so, or numbered one by one."""
    if len(given) < ROWS or len(counts) < len(given):
        return False
    dtype: Any = given.dtype
    if getattr(dtype, "kind", "") in "iu" and dtype.itemsize >= 4:
        top = int(given.max())
        in_turn = top - int(given.min()) == len(given) - 1
        room = int(np.iinfo(f"{dtype.kind}{dtype.itemsize}").max) - top
        return room > 2**30 and (in_turn or bool(_ID.search(str(name))))
    words = _words(given)
    return words is not None and (words < WORDS or bool(_ID.search(str(name))))


def _is_text(given: pd.Series, counts: NDArray[np.int64]) -> bool:
    """Tell whether values are sentences, most of them different."""
    words = _words(given)
    return len(given) >= ROWS and 2 * len(counts) > len(given) and words is not None and words >= WORDS


def _words(given: pd.Series) -> float | None:
    """Return the mean number of words of text; None for all else."""
    if isinstance(given.dtype, pd.CategoricalDtype) or not len(given):
        return None
    if types.infer_dtype(given) != "string":
        return None
    return float(np.mean([len(str(value).split()) for value in given]))


def _distribution(numbers: NDArray[np.float64]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return points of the distribution function, from 0 at the lowest number to 1 at the highest."""
    found = np.sort(numbers)
    if len(np.unique(found)) > KNOTS:
        found = np.quantile(found, np.linspace(0, 1, KNOTS), method="nearest")
    knots, counts = np.unique(found, return_counts=True)
    ranks = np.cumsum(counts) - counts / 2
    ranks = (ranks - ranks[0]) / max(ranks[-1] - ranks[0], 0.5)  # numbers above 2**53 may be one as floats
    return tuple(knots.tolist()), tuple(ranks.tolist())


def _stored_names(names: pd.Index) -> list[str]:
    """Name columns for files: as users do, but for names of our own, of another type than text, or empty."""
    taken = {name for name in names if isinstance(name, str)} | RESERVED
    stored = []
    for name in names:
        text = name if isinstance(name, str) else "_".join(map(str, name if isinstance(name, tuple) else (name,)))
        if not isinstance(name, str) or name in RESERVED or not name:
            text = text or "column"
            while text in taken:
                text += "_"
            taken.add(text)
        stored.append(text)
    return stored


def _axis(names: pd.Index) -> dict[str, Any]:
    whole = [names.start, names.stop, names.step] if isinstance(names, pd.RangeIndex) else None
    together = [None if name is None else str(name) for name in names.names]
    return {
        "dtype": "object" if isinstance(names, pd.MultiIndex) else str(names.dtype),
        "range": whole,
        "names": together,
    }


def _plain_name(name: Any) -> Any:
    """Return a name as JSON holds it."""
    if isinstance(name, tuple):
        return tuple(map(_plain_name, name))
    plain = name.item() if isinstance(name, np.generic) else name
    if isinstance(plain, (str, bool, int, float)) and plain == plain:
        return plain
    raise DataError(f"A column is called {name!r} ({type(name).__name__}): give it a name of text or a whole number.")


def _tupled(name: Any) -> Any:
    return tuple(map(_tupled, name)) if isinstance(name, (list, tuple)) else name


def conform(frame: Any, spec: TableSpec) -> pd.DataFrame:
    """Check that a table has the columns of a spec, and return them, with its dtypes, in its order.

    A column of more than `LEVELS` levels may have new ones, of any text: networks see such a value as none of those
    that they know.

    Raises
    ------
    DataError
        A column is missing or not known, of another dtype, or has a level that the spec does not know.
    """
    if not isinstance(frame, pd.DataFrame):
        raise DataError(f"X is {type(frame).__name__}: give a DataFrame of the columns {_listed(spec.names)}.")
    lacking = [name for name in spec.names if name not in frame.columns]
    if lacking:
        raise DataError(f"The table has no column {shown(lacking[0])}: give {_listed(spec.names)}.")
    unknown = [name for name in frame.columns if name not in spec.names]
    if unknown:
        raise DataError(f"The table has a column {shown(unknown[0])} that is not known here: drop it.")
    frame = frame[list(spec.names)]
    twice = frame.columns[frame.columns.duplicated()]
    if len(twice):
        raise DataError(f"The table has several columns named {shown(twice[0])}: rename or drop all but one.")
    return pd.DataFrame(
        {i: _conformed(frame.iloc[:, i].reset_index(drop=True), column) for i, column in enumerate(spec.columns)}
    ).set_axis(spec.names, axis=1)


def _conformed(column: pd.Series, known: Column) -> pd.Series:
    """Return a column with the dtype of the one that is known, as far as it holds the same values."""
    dtype: Any = from_arrow(pa.array([], arrow_type(known.form)), known.form).dtype
    try:
        found = column if column.dtype == dtype else _cast(column, dtype)
        if types.is_object_dtype(dtype):  # one way to be missing, and no number in place of text
            found = from_arrow(to_arrow(column, known.form), known.form)
        same = is_missing(found) == is_missing(column)
        if column.dtype != dtype:
            same &= is_missing(column) | np.asarray(found.astype(object) == column.astype(object), bool)
    except (ValueError, TypeError, OverflowError, ArithmeticError, AttributeError, pa.ArrowException):
        same = np.zeros(1, bool)
    if not same.all():
        raise DataError(_misfit(column, known, dtype))
    if known.levels:
        levels = unpack(known.levels, known.form)
        both = pd.concat([levels, found], ignore_index=True).factorize()[0]
        new = both[len(levels) :] > both[: len(levels)].max(initial=-1)
        if new.any():
            raise DataError(
                f"The column {shown(known.name)} has the value {shown(found[new].iloc[0])}, which is none of those "
                f"known: {_listed(pd.Index(levels))}."
            )
    return found


def _cast(column: pd.Series, dtype: Any) -> pd.Series:
    if not isinstance(dtype, pd.CategoricalDtype):
        return column.astype(dtype)
    values = pd.Index(column.astype(object)).infer_objects()
    return pd.Series(pd.Categorical.from_codes(dtype.categories.get_indexer(values), dtype=dtype))


def _misfit(column: pd.Series, known: Column, dtype: Any) -> str:
    if isinstance(dtype, pd.CategoricalDtype):
        unknown = [value for value in column.dropna().unique() if value not in dtype.categories]
        if unknown:
            return (
                f"The column {shown(known.name)} has the value {shown(unknown[0])}, which is none of those known: "
                f"{_listed(dtype.categories)}."
            )
    return f"The column {shown(known.name)} is of type {column.dtype}, not {dtype} as it was before: convert it."


def _listed(names: pd.Index) -> str:
    shown = ", ".join(map(str, names[:20]))
    return shown if len(names) <= 20 else f"{shown} and {len(names) - 20} more"
