"""The training rows of each arm of one repeat."""

from __future__ import annotations

from collections.abc import Set
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ganaug.data.rows import Rows, read_samples, read_table
from ganaug.errors import DataError
from ganaug.evaluation.downstream import pseudo_labels
from ganaug.evaluation.downstream.arms import RealRows
from ganaug.modalities.training import TrainingRows
from ganaug.utils.samples import Samples, concat, take

MORE = (0.5, 1.0, 2.0)  # shares of the training rows that the oracle gets beside them
FEWER = (-0.5, -0.75)  # and shares that it lacks, where there are no more


class RowSource:
    """Training rows by name, for one repeat.

    - ``real``: the real rows of the training split;
    - ``selected``: these and the synthetic rows merged into it; ``synthetic``: the latter only;
    - ``drawn``: as selected, with as many synthetic rows of a class as they came, before any selection;
    - ``shuffled``: as selected, with the synthetic rows' labels shuffled;
    - ``oracle``: see `oracle`;
    - ``pseudo_labels``: see `ganaug.evaluation.downstream.pseudo_labels`.

    Parameters
    ----------
    train : Rows
        Of the training split, with the synthetic rows merged into it, if any.
    synthetic : path-like, optional
        Parquet file of all candidates with their scores; needed for rows that are synthetic.
    pool : path-like, optional
        Parquet file of spare real rows, for the oracle and pseudo-labels.
    seed : int
        Shuffles.
    held_out : set of str
        Contents of validation and test rows, which a generator may make by chance; `ganaug.data.merge` leaves them out,
        too.
    """

    def __init__(
        self,
        train: Rows,
        synthetic: str | Path | None = None,
        pool: str | Path | None = None,
        seed: int = 0,
        held_out: Set[str] = frozenset(),
    ) -> None:
        self._train, self._synthetic, self._pool, self._seed = train, synthetic, pool, seed
        self._held_out = held_out
        self._made: dict[str, TrainingRows] = {}

    def __getitem__(self, name: str) -> TrainingRows:
        if name not in self._made:
            self._made[name] = self._make(name)
        return self._made[name]

    def _make(self, name: str) -> TrainingRows:
        real, merged = self._merged.take(~self._merged.synthetic), self._merged.take(self._merged.synthetic)
        if name == "real":
            return real
        if name == pseudo_labels.ROWS:
            made = pseudo_labels.pseudo_labelled(real, self._pool, self._train.schema, self._seed)
            return _together(real, made)
        if not len(merged.labels):
            raise DataError("no synthetic row was merged into the training split; raise merge.amount, or leave "
                            "the arms with synthetic rows out of evaluate.arms")  # fmt: skip
        if name == "drawn":
            merged = self._drawn()
        if name == "shuffled":
            merged.labels = np.random.default_rng(self._seed).permutation(merged.labels)
        return merged if name == "synthetic" else _together(real, merged)

    @cached_property
    def _merged(self) -> TrainingRows:
        confidence = np.ones(len(self._train), np.float32)
        if self._synthetic is not None and self._train.synthetic.any():
            scores = read_table(self._synthetic, ["id", "confidence"]).drop_duplicates("id").set_index("id")
            confidence = scores["confidence"].reindex(self._train.ids).fillna(1.0).to_numpy(np.float32)
        rows = self._train
        return TrainingRows(rows.samples, rows.labels, rows.synthetic, confidence, rows.ids, rows.groups)

    def _drawn(self) -> TrainingRows:
        """Return as many candidates of each cell as were merged, the first, kept or not; the merged ones are there."""
        assert self._synthetic is not None
        table = read_table(self._synthetic, ["id", "label", "group", "confidence"])
        allowed = table[~table["id"].isin(self._held_out)]
        merged = pd.DataFrame({"label": self._train.labels, "group": self._train.groups})[self._train.synthetic]
        cells, wanted = _cells(allowed), _cells(merged).value_counts()
        first = allowed[cells.groupby(cells).cumcount() < cells.map(wanted).fillna(0)]
        place = dict(zip(self._train.ids.tolist(), range(len(self._train)), strict=True))
        there = first["id"].isin(place).to_numpy()
        read = read_samples(self._synthetic, first.index[~there].to_numpy())
        self._refuse_held_out(read)
        at = [place[name] for name in first["id"][there]]
        samples = take(concat([take(self._train.samples, at), read]), np.argsort(np.argsort(~there, kind="stable")))
        return TrainingRows(
            samples,
            first["label"].to_numpy(np.int64),
            np.ones(len(first), bool),
            first["confidence"].to_numpy(np.float32),
            first["id"].to_numpy(object),
            first["group"].to_numpy(object),
        )

    def _refuse_held_out(self, samples: Samples) -> None:
        """Refuse candidates that are held-out rows whatever their ids say."""
        modality, spec = self._train.schema.modality, self._train.schema.spec
        if modality.copies_leak(spec) and not self._held_out.isdisjoint(modality.ids(samples)):
            raise DataError(f"{self._synthetic} holds held-out rows under other ids; run generate again.")

    @cached_property
    def oracle(self) -> dict[float, TrainingRows]:
        """Return real rows by the share of the training split that was added, or is missing where it is negative.

        Sets are nested. Upwards as far as the pool reaches for every class; downwards if there is no pool to speak of.
        """
        real = self["real"]
        classes = len(self._train.schema.classes)
        counts = np.bincount(real.labels, minlength=classes)
        if self._pool is not None:
            spare = read_table(self._pool, ["label", "id", "group"])
            codes = spare["label"].to_numpy(np.int64)
            room = np.bincount(codes, minlength=classes)
            drawn = {
                share: self._some(codes, quotas)
                for share in MORE
                if ((quotas := np.round(share * counts)) <= room).all()
            }
            if drawn:
                most = np.flatnonzero(drawn[max(drawn)])  # of which all others are some
                more = TrainingRows(
                    read_samples(self._pool, most),
                    codes[most],
                    np.zeros(len(most), bool),
                    np.ones(len(most), np.float32),
                    spare["id"].to_numpy(object)[most],
                    spare["group"].to_numpy(object)[most],
                )
                return {share: _together(real, more.take(mask[most])) for share, mask in drawn.items()}
        fewer = {share: np.maximum(np.round((1 + share) * counts), 1) for share in FEWER}
        return {share: real.take(self._some(real.labels, quotas)) for share, quotas in fewer.items()}

    def _some(self, labels: NDArray[np.int64], quotas: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Mark so many rows of each class, drawn at random; fewer are among more."""
        order = np.random.default_rng(self._seed).permutation(len(labels))
        mask = np.zeros(len(order), bool)
        for code, quota in enumerate(quotas.astype(int)):
            mask[order[labels[order] == code][:quota]] = True
        return mask


def real_rows(train: str | Path) -> RealRows:
    """Read what the real rows of a training split are of."""
    table = read_table(train, ["label", "group", "synthetic"])
    table = table[~table["synthetic"]]
    return RealRows(table["label"].to_numpy(np.int64), table["group"].to_numpy(object))


def _cells(table: pd.DataFrame) -> pd.Series[str]:
    """Return a name for the class and the group of each row."""
    return table["label"].astype(str) + "/" + table["group"].astype(object).fillna("")


def _together(first: TrainingRows, second: TrainingRows) -> TrainingRows:
    names = first.__dataclass_fields__
    return TrainingRows(*(concat([getattr(first, name), getattr(second, name)]) for name in names))
