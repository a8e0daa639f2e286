"""Rows of a table to what networks see, and back: fitted on training rows, repaired where columns must agree.

A codec keeps what its training columns hold, each sorted on its own, and of columns that must agree the combinations
that they had: it is fitted again from these, so that a saved model needs no code of its own for each kind of column.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import torch
from numpy.typing import NDArray
from torch import Tensor

from ganaug.errors import DataError
from ganaug.modalities.parts import Codec
from ganaug.modalities.table.columns import Category, Columns, chance, encode, fit
from ganaug.modalities.table.constraints import Repair
from ganaug.modalities.table.forms import arrow_type, from_arrow, from_bytes, to_arrow, to_bytes
from ganaug.modalities.table.spec import Column, TableSpec


class TableCodec(Codec):
    """Numbers as normal scores and levels as codes, as arrays; with one-hot vectors for the codes, as inputs.

    Parameters
    ----------
    spec : TableSpec
        Of the rows.
    columns : Columns
        What is learnt, fitted to training rows.
    repair : Repair
        What makes columns agree.
    """

    def __init__(self, spec: TableSpec, columns: Columns, repair: Repair) -> None:
        self.spec, self.columns, self.repair = spec, columns, repair
        self.levels = columns.levels
        self.numbers = sum(kind.is_number for kind in columns.kinds)

    @classmethod
    def fit(cls, samples: pd.DataFrame, spec: TableSpec) -> TableCodec:
        """Fit a codec to training rows."""
        learnt = samples.iloc[:, list(spec.learnt)].reset_index(drop=True)
        return cls(spec, encode(learnt)[0], Repair.fit(spec.constraints, learnt))

    def to_arrays(self, samples: pd.DataFrame) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Return numbers (n, N) and codes (n, B), -1 for a level that no training row has."""
        return self.columns.encode(samples.iloc[:, list(self.spec.learnt)])

    def to_inputs(self, *arrays: Tensor) -> Tensor:
        """Lay numbers (n, N) and codes (n, B) out as rows (n, W): numbers, then the codes as one-hot vectors."""
        numbers, codes = arrays
        starts = torch.tensor([0, *self.levels], device=codes.device).cumsum(0)
        width = sum(self.levels)
        places = torch.where(codes >= 0, codes + starts[:-1], width)  # a column more, for levels that are not known
        one_hot = numbers.new_zeros(len(codes), width + 1).scatter_(1, places, 1.0)
        return torch.cat([numbers, one_hot[:, :-1]], dim=1)

    def to_samples(self, inputs: Tensor) -> pd.DataFrame:
        """Return the rows of numbers and most probable codes, repaired, with new ids."""
        rows = inputs.detach().float().cpu()
        numbers, *blocks = torch.split(rows, [self.numbers, *self.levels], dim=1)
        codes = torch.stack([block.argmax(1) for block in blocks], 1) if blocks else torch.zeros(len(rows), 0)
        learnt = self.repair(self.columns.decode(numbers.numpy(), codes.long().numpy(), rows.numpy()))
        if len(self.spec.learnt) == len(self.spec.columns):
            return learnt
        found: dict[int, pd.Series] = {at: learnt.iloc[:, i] for i, at in enumerate(self.spec.learnt)}
        rolled = chance(rows.numpy(), 1)[:, 0]
        for i, column in enumerate(self.spec.columns):
            if i not in found:
                found[i] = _made_up(column, rolled)
        return pd.DataFrame({i: found[i] for i in range(len(found))}).set_axis(self.spec.names, axis=1)

    def state(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Return what a saved model keeps: the training columns, each sorted on its own, and the combinations."""
        forms = [self.spec.columns[i].form for i in self.spec.learnt]
        arrays = {
            f"column.{i}": _packed(kind.fitted_to, form)
            for i, (kind, form) in enumerate(zip(self.columns.kinds, forms, strict=True))
        }
        for i, donors in enumerate(self.repair.donors):
            for at in self.columns.names.get_indexer(donors.columns).tolist():
                arrays[f"donors.{i}.{at}"] = _packed(donors[self.columns.names[at]], forms[at])
        return {}, arrays

    def meanings(self) -> list[str]:
        """Name the columns, and the levels that have codes of their own."""
        found = []
        for name, kind in zip(self.columns.names, self.columns.kinds, strict=True):
            levels = kind.levels.iloc[: kind.codes] if isinstance(kind, Category) else ()
            found += [str(name), *(f"{name}={level}" for level in levels)]
        return found

    @classmethod
    def restore(cls, spec: TableSpec, arrays: Mapping[str, NDArray[Any]]) -> TableCodec:
        """Return the codec of which `state` gave these arrays; `KeyError` or `ValueError` where they do not fit."""
        forms = [spec.columns[i].form for i in spec.learnt]
        names = spec.names[list(spec.learnt)]
        try:
            held = [from_arrow(from_bytes(arrays[f"column.{i}"].tobytes()), form) for i, form in enumerate(forms)]
            kinds = fit(held)[0]
            combined: dict[int, dict[int, pd.Series]] = {}
            for name in sorted(name for name in arrays if name.startswith("donors.")):
                which, at = map(int, name.split(".")[1:])
                combined.setdefault(which, {})[at] = from_arrow(from_bytes(arrays[name].tobytes()), forms[at])
        except (DataError, TypeError, IndexError) as error:
            raise ValueError(f"a damaged column ({error})") from None
        tables = [
            pd.DataFrame({at: donors[at] for at in sorted(donors)}).set_axis(names[sorted(donors)], axis=1)
            for _, donors in sorted(combined.items())
        ]
        return cls(spec, Columns(names, kinds), Repair.of(spec.constraints, tables, names))


def _packed(column: pd.Series, form: dict[str, Any]) -> NDArray[np.uint8]:
    return np.frombuffer(to_bytes(to_arrow(column, form)), np.uint8).copy()


def _made_up(column: Column, rolled: NDArray[np.float64]) -> pd.Series:
    """Return new values of a column that is not learnt: ids that no row has yet, or nothing."""
    held = arrow_type(column.form)
    if column.role == "text":
        return from_arrow(pa.nulls(len(rolled), held), column.form)
    if pa.types.is_integer(held):
        room = min(np.iinfo(held.to_pandas_dtype()).max - column.last - 1, 2**50)
        numbers = (rolled * room).astype(np.int64) + column.last + 1
        return from_arrow(pa.array(numbers, held), column.form)
    numbers = (rolled * 2**50).astype(np.int64)
    return from_arrow(pa.array([f"synthetic-{number:013x}" for number in numbers.tolist()], held), column.form)


def row_distance(columns: int, rows: Tensor, others: Tensor) -> Tensor:
    """Absolute difference of rows (n, W) for each of their columns, (n,): one of many levels counts like any other."""
    return (rows - others).abs().sum(1) / columns
