"""Augmented splits: the real training rows and kept synthetic ones, in numbers set by a policy."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from ganaug.data.cells import Cells
from ganaug.data.folders import fresh_folder
from ganaug.data.integrity import assert_disjoint, by_chance
from ganaug.data.rows import RowWriter, iter_encoded, read_schema, read_table
from ganaug.errors import DataError, option
from ganaug.utils.files import write_json
from ganaug.utils.progress import Progress

Counts = NDArray[np.int64]


def ratio(real: Counts, amount: float) -> Counts:
    """Ask for ``amount`` synthetic rows for each real row of a class."""
    quotas: Counts = np.rint(amount * real).astype(np.int64)
    return quotas


def balance(real: Counts, amount: float) -> Counts:
    """Ask for what each class lacks beside the largest one; ``amount`` does not matter."""
    quotas: Counts = real.max() - real
    return quotas


def at_least(real: Counts, amount: float) -> Counts:
    """Ask for what each class lacks to ``amount`` rows in all."""
    quotas: Counts = np.maximum(0, int(amount) - real)
    return quotas


POLICIES: dict[str, Callable[[Counts, float], Counts]] = {"ratio": ratio, "balance": balance, "at_least": at_least}
CELLS = "cells"  # the policy of at_least in each cell
HELD_OUT = ("validation", "test")


@dataclass(frozen=True)
class Demand:
    """Synthetic rows that a policy asks for.

    Attributes
    ----------
    wanted : int array (K,) or (K, G)
        Rows of each class, or of each cell.
    cells : Cells or None
        The cells of the real training rows, where each has a number of its own.
    """

    wanted: Counts
    cells: Cells | None = None

    @property
    def by_class(self) -> Counts:
        """Rows of each class (K,)."""
        return self.wanted if self.cells is None else self.wanted.sum(axis=1)

    def quotas(self, classes: Sequence[str]) -> dict[str, int] | dict[tuple[str, str], int]:
        """Return the rows by class, or by class and group where the policy is for cells, without those full already."""
        if self.cells is None:
            return dict(zip(classes, self.wanted.tolist(), strict=True))
        cells = itertools.product(classes, self.cells.groups)
        return {cell: rows for cell, rows in zip(cells, self.wanted.ravel().tolist(), strict=True) if rows}

    def place(self, labels: Counts, groups: NDArray[np.object_]) -> Counts:
        """Return which of the numbers, in one row, rows (n,) count for; -1 for none."""
        return labels if self.cells is None else self.cells.find(labels, groups)


def demand(policy: str, amount: float, classes: Sequence[str], labels: Counts, groups: NDArray[np.object_]) -> Demand:
    """Return what a policy asks for beside real training rows of these labels (n,) and groups (n,).

    Raises
    ------
    DataError
        The policy is for cells, and no row has a group.
    """
    if policy != CELLS:
        return Demand(POLICIES[policy](np.bincount(labels, minlength=len(classes)), amount))
    cells = Cells.of(classes, labels, groups)
    if not cells.groups:
        raise DataError(
            f"{option('merge.policy')} is 'cells', but no training row has a group: give the source a column of "
            "groups, or choose another policy."
        )
    return Demand(at_least(cells.counts, amount), cells)


def merge(
    splits: str | Path, synthetic: str | Path, out: str | Path, *, policy: str = "ratio", amount: float = 10.0
) -> dict[str, Any]:
    """Write ``{out}/{train,validation,test}.parquet`` and ``provenance.json``. Rows are streamed.

    Rows are told apart by the ids that prepare and generate took of them, and nothing is decoded; checksums find
    damaged bytes. evaluate hashes the rows again that it trains on, and report all.

    The training split gets, after the real rows, the first kept synthetic rows of each class, or cell, up to the
    policy's quota, and a column ``model``: the hash of the generator's weights, empty for real rows. Validation and
    test are copied byte for byte. A few synthetic rows may be held-out ones to the last bit, by chance, where rows hold
    little: they are left out and counted. The folder ``out`` is replaced as a whole.

    Parameters
    ----------
    splits : path-like
        Folder with the real train, validation and test.parquet of one repeat.
    synthetic : path-like
        Synthetic rows with the columns ``kept``, ``model`` and ``nearest_id``.
    out : path-like
        Folder to write.
    policy : {"ratio", "balance", "at_least", "cells"}, default="ratio"
        How many rows each class gets, or each cell: a class in a group that has training rows.
    amount : float, default=10.0
        What the policy asks for.

    Returns
    -------
    dict
        The provenance: policy, model, for each class the real rows, those wanted and those got, and ``held_out``: how
        many synthetic rows were left out as they are rows of ``validation`` and of ``test``.

    Raises
    ------
    DataError
        If a file is missing or of another schema, the policy is unknown, a held-out row is among the real rows to train
        on, or the synthetic rows are so many of the held-out ones that this is no chance (`by_chance`).
    """
    if policy not in (*POLICIES, CELLS):
        raise DataError(f"{policy!r} is no merge policy; known are {', '.join((*POLICIES, CELLS))}.")
    files = {part: Path(splits) / f"{part}.parquet" for part in ("train", "validation", "test")}
    schema = read_schema(files["train"])
    if read_schema(synthetic) != schema:
        raise DataError(f"{synthetic} and {files['train']} differ in samples or classes; generate the rows again.")
    table = read_table(synthetic, ["label", "synthetic", "group", "kept"])
    if not table["synthetic"].all():
        raise DataError(f"{synthetic} holds rows that are not marked synthetic; generate the rows again.")
    labels, groups = _labels_and_groups(read_table(files["train"], ["label", "group"]))
    asked = demand(policy, amount, schema.classes, labels, groups)
    real = np.bincount(labels, minlength=len(schema.classes))
    ids = {part: read_table(path, ["id"])["id"].to_numpy(object) for part, path in files.items()}
    assert_disjoint({files["train"]: ids["train"]}, {files[part]: ids[part] for part in HELD_OUT})
    held_out = _held_out(synthetic, {files[part]: ids[part] for part in HELD_OUT})
    table["kept"] &= ~np.any(held_out, axis=0)
    taken = _first_kept(table, asked)
    if set(read_table(synthetic, ["nearest_id"])["nearest_id"]) - set(ids["train"]):
        raise DataError(f"{synthetic} was made from other rows than those in {files['train']}; generate them again.")
    got = np.bincount(table["label"][taken], minlength=len(schema.classes))
    about = [
        {"class": name, "real": r, "wanted": w, "got": g}
        for name, r, w, g in zip(schema.classes, real.tolist(), asked.by_class.tolist(), got.tolist(), strict=True)
    ]
    with fresh_folder(out, "provenance.json") as folder:
        models = _write_train(folder / "train.parquet", files["train"], synthetic, taken)
        provenance = {
            "policy": policy,
            "amount": amount,
            "models": sorted(models),
            "classes": about,
            "rows": {"real": int(real.sum()), "synthetic": int(got.sum())},
            "shortfall": int((asked.by_class - got).sum()),
            "held_out": {part: int(rows.sum()) for part, rows in zip(HELD_OUT, held_out, strict=True)},
        }
        for part in HELD_OUT:
            for _ in iter_encoded(files[part]):
                pass  # reading it all finds damaged bytes
            shutil.copyfile(files[part], folder / f"{part}.parquet")
        write_json(folder / "provenance.json", provenance)
    return provenance


def coincidences(provenance: Mapping[str, Any]) -> str:
    """Say in a sentence which synthetic rows `merge` left out as they are held-out ones; empty where none was."""
    found = [f"{n:,} of {part}" for part, n in provenance["held_out"].items() if n]
    return f"synthetic rows left out, as they are equal to held-out rows: {', '.join(found)}" if found else ""


def _held_out(synthetic: str | Path, known: Mapping[Path, NDArray[np.object_]]) -> list[NDArray[np.bool_]]:
    """Mark the synthetic rows (n,) that are rows of each held-out file, by ids; `DataError` where they are too many.

    Where rows are equal by chance, none is marked.
    """
    schema = read_schema(synthetic)
    made, found = read_table(synthetic, ["id"])["id"], []
    for path, ids in known.items():
        mine = made.isin(ids).to_numpy() & schema.modality.copies_leak(schema.spec)
        reproduced, there = made[mine].nunique(), len(set(ids))
        if not by_chance(reproduced, there):
            raise DataError(
                f"{synthetic} holds {reproduced:,} of the {there:,} rows of {path}, more than chance makes: the "
                "generator has seen them. Train it on the training rows alone, and generate again."
            )
        found.append(mine)
    return found


def shortfall(provenance: Mapping[str, Any]) -> str:
    """Say in a sentence which synthetic rows are missing from what `merge` wrote; "" where none are."""
    lacking = {row["class"]: row["wanted"] - row["got"] for row in provenance["classes"] if row["wanted"] > row["got"]}
    if not lacking:
        return ""
    wanted = sum(row["wanted"] for row in provenance["classes"])
    worst = max(lacking, key=lambda name: lacking[name])
    return (
        f"{sum(lacking.values()):,} of the {wanted:,} synthetic rows asked for are missing, {lacking[worst]:,} of them "
        f"of class {worst!r}: too few candidates passed the filters; raise max_candidates, or ask less of the filters."
    )


def _labels_and_groups(table: pd.DataFrame) -> tuple[Counts, NDArray[np.object_]]:
    return table["label"].to_numpy(np.int64), table["group"].to_numpy(object)


def _first_kept(table: pd.DataFrame, asked: Demand) -> NDArray[np.bool_]:
    """Mark the first kept rows of each class or cell, up to what is asked for."""
    place = asked.place(*_labels_and_groups(table))
    kept = table["kept"].to_numpy(bool) & (place >= 0)
    earlier = pd.Series(kept.astype(np.int64)).groupby(place).cumsum().to_numpy() - kept
    first: NDArray[np.bool_] = kept & (earlier < asked.wanted.ravel()[place])
    return first


def _write_train(path: Path, train: Path, synthetic: str | Path, taken: NDArray[np.bool_]) -> set[str]:
    """Write the real rows and those taken of the synthetic ones; return the models that made these."""
    schema, models, done = read_schema(train), set[str](), 0
    with (
        RowWriter(path, schema, pa.schema([("model", pa.string())])) as writer,
        Progress("merge", len(taken), "synthetic rows") as progress,
    ):
        for rows in iter_encoded(train):
            writer.copy(rows, {"model": np.full(len(rows), "", object)})
        for rows in iter_encoded(synthetic, ["model"]):
            chosen = rows.filter(pa.array(taken[done : done + len(rows)]))
            made_by = chosen.column("model").to_numpy(zero_copy_only=False)
            writer.copy(chosen, {"model": made_by})
            models.update(made_by)
            done += len(rows)
            progress.advance(len(rows))
    return models
