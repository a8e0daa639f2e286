"""Write scored candidates to Parquet as they come, and say what became of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ganaug.data.merge import demand
from ganaug.data.rows import Rows, RowWriter
from ganaug.errors import ConfigError, option
from ganaug.gan.fabric import one_writer
from ganaug.metrics.nearest import copy_distance
from ganaug.synthesis.select import Candidates
from ganaug.utils.files import write_json
from ganaug.utils.progress import Progress

SCORES = pa.schema(
    [
        ("realism", pa.float32()),  # the discriminator's P(real)
        ("confidence", pa.float32()),  # the teacher's probability of the row's own label
        ("density", pa.float32()),  # how densely training rows of its class lie about it, to the teacher
        ("nearest_id", pa.string()),  # the closest training row
        ("nearest_distance", pa.float32()),  # root mean square difference to it, 0 to 1
        ("version_of", pa.string()),  # the training row that a translating generator made it of; null: made of none
        ("kept", pa.bool_()),
        ("reason", pa.string()),  # the filter that dropped it; "" when kept
        ("model", pa.string()),  # hash of the model's weights
    ]
)


Quotas = Mapping[str, int] | Mapping[tuple[str, str], int]  # by class, or by class and group


def rows_to_keep(per_class: int | str, training: Rows, policy: str, amount: float) -> Quotas:
    """Return for each class, or class in a group, how many generated rows to keep, so that merging finds all it takes.

    Parameters
    ----------
    per_class : int or "auto"
        The same number for each class; ``"auto"``: as many as are taken.
    training : Rows
        The real training rows.
    policy : str
        As for `ganaug.data.merge.merge`.
    amount : float
        What the policy asks for.

    Raises
    ------
    ConfigError
        The number is too small, or with ``"auto"`` none are taken.
    DataError
        The policy is for cells, and no row has a group.
    """
    names = training.schema.classes
    wanted = demand(policy, amount, names, training.labels, training.groups)
    taken = wanted.by_class
    most = int(taken.max())
    asked = f"{option('merge.policy')} {policy!r} with {option('merge.amount')} {amount:g}"
    if per_class == "auto":
        if not most:
            raise ConfigError(
                f"{asked} takes no synthetic row at all: raise the amount or choose another policy, or give "
                f"{option('generate.per_class')} a number to generate rows all the same"
            )
        return wanted.quotas(names)
    if int(per_class) < most:
        raise ConfigError(
            f"{option('generate.per_class')} is {per_class}, but {asked} takes {most} rows of class "
            f"{names[int(taken.argmax())]!r}: write auto there, or lower the amount"
        )
    return dict.fromkeys(names, int(per_class))


def write_candidates(
    candidates: Iterable[Candidates],
    training: Rows,
    quotas: Quotas,
    *,
    model: str,
    out: str | Path,
    report: str | Path,
    stage: str,
) -> None:
    """Stream candidates to a Parquet file in the file form, with their scores; memory stays constant.

    Of several processes that make the candidates together, the first one writes.

    Parameters
    ----------
    candidates : iterable of Candidates
        Portions, as `ganaug.GANAugmenter.candidates` yields them, labelled by class name.
    training : Rows
        The rows that the model and the teacher saw; give the file its schema and the nearest row its id.
    quotas : mapping from class name, or from class name and group, to int
        Rows wanted of each class, or cell.
    model : str
        Hash of the model's weights, noted in every row.
    out, report : path-like
        Parquet and JSON to write. The JSON counts candidates, kept and dropped rows, and holds ``trained_on``, the
        digest of the rows that the teacher saw.
    stage : str
        Name to show progress under.
    """
    with one_writer() as writes:
        if not writes:
            for _ in candidates:  # this process has a share in making them
                pass
            return
        _write(candidates, training, quotas, model, Path(out), Path(report), stage)


def _write(
    candidates: Iterable[Candidates],
    training: Rows,
    quotas: Quotas,
    model: str,
    out: Path,
    report: Path,
    stage: str,
) -> None:
    names, modality = training.schema.classes, training.schema.modality
    drawn, kept, wanted = Counter[str](), Counter[str](), Counter[str]()
    for key, rows in quotas.items():
        wanted[key if isinstance(key, str) else key[0]] += rows
    reasons: dict[str, Counter[str]] = {name: Counter() for name in names}
    trained_on = None
    with (
        RowWriter(out, training.schema, extra=SCORES) as writer,
        Progress(stage, wanted.total(), "rows") as progress,
    ):
        for found in candidates:
            writer.write(_rows(found, training), _extra(found, training, model))
            trained_on = found.trained_on
            for name, reason in zip(found.labels, found.reasons, strict=True):
                drawn[name] += 1
                kept[name] += not reason
                if reason:
                    reasons[name][reason] += 1
            progress.advance(int(found.kept.sum()), f"{sum(drawn.values())} candidates")
    total: Counter[str] = sum(reasons.values(), Counter())
    write_json(
        report,
        {
            "model": model,
            "trained_on": trained_on,
            "copy_distance": copy_distance(training.samples, partial(modality.embed, spec=training.schema.spec)),
            "wanted": wanted.total(),
            "candidates": sum(drawn.values()),
            "kept": sum(kept.values()),
            "dropped": dict(total),
            "per_class": {
                name: {
                    "wanted": wanted[name],
                    "candidates": drawn[name],
                    "kept": kept[name],
                    "dropped": dict(reasons[name]),
                }
                for name in names
            },
        },
    )


def _rows(found: Candidates, training: Rows) -> Rows:
    n, names = len(found.labels), training.schema.classes
    codes = {name: code for code, name in enumerate(names)}  # the model sorts its classes, a schema need not
    return Rows(
        training.schema,
        found.samples,
        np.array([codes[name] for name in found.labels], np.int64),
        synthetic=np.ones(n, bool),
        ids=training.schema.modality.ids(found.samples),
        groups=np.full(n, None, object) if found.groups is None else found.groups,
    )


def _extra(found: Candidates, training: Rows, model: str) -> dict[str, NDArray[Any]]:
    scores = dict(found.scores)
    return {
        "realism": scores["realism"],
        "confidence": scores["confidence"],
        "density": scores["density"],
        "nearest_id": training.ids[scores["nearest"]],
        "nearest_distance": scores["nearest_distance"],
        "version_of": np.full(len(found.labels), None, object) if found.contents is None else found.contents,
        "kept": found.kept,
        "reason": found.reasons,
        "model": np.full(len(found.labels), model, object),
    }
