"""What a finished run left on disk, as far as the report shows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ganaug.data.cache import RowCache
from ganaug.data.rows import Schema, read_schema, read_table
from ganaug.errors import DataError
from ganaug.utils.files import read_json

SCORES = ("confidence", "realism", "density", "nearest_distance")
REASON_WORDS = {  # by the filter that drops a row
    "confidence": "not clearly of its class",
    "copy": "a copy of a training row",
    "density": "far from most training rows of its class",
    "diversity": "a repeat of a kept row",
    "quota": "not among the best of its class",
    "realism": "judged unreal by D",
}


@dataclass(frozen=True)
class Repeat:
    """One split with its GAN; samples stay on disk until `Run.rows` is asked for a few.

    Parameters
    ----------
    number : int
        The repeat.
    train, synthetic : Path
        The Parquet files of the training rows and of all candidates.
    labels, ids, groups : int64 and object arrays, shape (n,)
        The class codes, ids and groups (None: of none) of the training rows, in their order.
    candidates : DataFrame
        One row a candidate: label, group (that it has the style of), the scores, nearest_id, version_of, kept, reason.
    translated : bool
        Whether the GAN makes rows of other rows.
    history : DataFrame
        The training history of the GAN.
    grids : list of (step, path)
        Sample grids through training, in order.
    generated : dict
        The generate stage's numbers.
    fidelity : dict
        The fidelity stage's numbers.
    """

    number: int
    train: Path
    synthetic: Path
    labels: NDArray[np.int64]
    ids: NDArray[np.object_]
    groups: NDArray[np.object_]
    candidates: pd.DataFrame
    translated: bool
    history: pd.DataFrame
    grids: list[tuple[int, Path]]
    generated: dict[str, Any]
    fidelity: dict[str, Any]


@dataclass(frozen=True)
class Run:
    """The repeats of a run, what its rows are, what prepare found, and the rows that have been decoded."""

    schema: Schema
    repeats: list[Repeat]
    prepared: dict[str, Any]
    rows: RowCache = field(default_factory=RowCache)

    @property
    def reasons(self) -> dict[str, str]:
        """Why rows were dropped in any repeat, with words for it."""
        found = sorted({reason for repeat in self.repeats for reason in repeat.candidates["reason"].unique() if reason})
        return {reason: REASON_WORDS.get(reason, reason.replace("_", " ")) for reason in found}


def read_run(
    repeats: Sequence[int],
    splits: Path,
    synthetic: Path,
    models: Path,
    generated: Path,
    fidelity: Path,
    prepared: Path,
) -> Run:
    """Read a run without its samples.

    Raises
    ------
    DataError
        If a file is missing; the message names the stage that makes it.
    """
    loaded = [_read_repeat(number, splits, synthetic, models, generated, fidelity) for number in repeats]
    return Run(read_schema(loaded[0].train), loaded, read_json(_made_by("prepare", prepared)))


def _read_repeat(number: int, splits: Path, synthetic: Path, models: Path, generated: Path, fidelity: Path) -> Repeat:
    model = models / str(number)
    train = _made_by("prepare", splits / str(number) / "train.parquet")
    rows = read_table(train, ["label", "id", "group"])
    candidates = _made_by("generate", synthetic / f"{number}.parquet")
    grids = sorted((int(path.stem), path) for path in (model / "samples").glob("*") if path.stem.isdigit())
    return Repeat(
        number=number,
        train=train,
        synthetic=candidates,
        labels=rows["label"].to_numpy(),
        ids=rows["id"].to_numpy(dtype=object),
        groups=rows["group"].to_numpy(dtype=object),
        candidates=read_table(candidates, ["label", "group", "nearest_id", "version_of", "kept", "reason", *SCORES]),
        translated=_generator(model) == "translation",
        history=_read_history(_made_by("train_gan", model / "history.csv")),
        grids=grids,
        generated=read_json(_made_by("generate", generated / f"{number}.json")),
        fidelity=read_json(_made_by("fidelity", fidelity / f"{number}.json")),
    )


def _generator(model: Path) -> str:
    """Return the kind of generator; "" of a model of a release that did not note it."""
    rules = read_json(_made_by("train_gan", model / "config.json")).get("rules", {})
    return str(rules.get("generator", ""))


def _read_history(path: Path) -> pd.DataFrame:
    try:
        return pd.read_csv(path)
    except ValueError as error:  # of which all of pandas' are
        raise DataError(f"{path} is damaged ({error}); run the train_gan stage again (dvc repro)") from error


def _made_by(stage: str, path: Path) -> Path:
    if not path.is_file():
        raise DataError(f"{path} is missing, so there is nothing to report on; run the {stage} stage (dvc repro)")
    return path
