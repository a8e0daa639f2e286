"""Train and judge the arms of one draw."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganaug.data.integrity import assert_disjoint
from ganaug.data.rows import Rows, read_rows
from ganaug.errors import DataError
from ganaug.evaluation.arms import Arm, arms_named, result_path
from ganaug.evaluation.metrics import classification_metrics
from ganaug.files import write_json
from ganaug.modalities.image.classical import ClassicalAugment
from ganaug.modalities.image.classifier import predict_proba, train_classifier
from ganaug.progress import Progress

SPLITS = ("train", "validation", "test")


def run_arms(
    folder: str | Path,
    arms: Sequence[str],
    draw: int,
    *,
    out: str | Path = "eval",
    steps: int,
    batch_size: int = 32,
    real_share: float = 0.75,
    invariances: Sequence[str] = (),
    seed: int = 0,
    device: str = "auto",
) -> list[Path]:
    """Train one classifier for each arm and write what it is worth on validation and test rows.

    Parameters
    ----------
    folder : path-like
        Holds ``train.parquet`` (with the synthetic rows, where an arm wants them), ``validation.parquet`` and
        ``test.parquet``.
    arms : sequence of str
        Names in `ganaug.evaluation.arms.ARMS`.
    draw : int
        Number of the draw, names the folder that is written to.
    out : path-like
        Each arm's numbers go to its `ganaug.evaluation.arms.result_path` here.
    steps, batch_size : int
        The same for each arm.
    real_share : float
        Share of real rows in the batches of an arm that has both kinds.
    invariances : sequence of str
        What the classical augmentation may do beyond small shifts and changes of tone, see `ClassicalAugment`.
    seed : int
        Seed of the classifiers, the same for each arm.
    device : str
        Where to train.

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    ConfigError
        If an arm is unknown.
    DataError
        If a split is missing or empty, an arm has no rows, or a validation or test row is among the training rows.
    """
    chosen = arms_named(arms)
    files = {name: Path(folder, f"{name}.parquet") for name in SPLITS}
    splits = {name: read_rows(path) for name, path in files.items()}
    _check_filled(splits, folder)
    assert_disjoint([files["train"]], [files["validation"], files["test"]])
    train, classes = splits["train"], splits["train"].schema.classes
    written = []
    for name, arm in chosen.items():
        rows = train.take(_rows_of(arm, train, name, folder))
        with Progress(f"evaluate draw {draw}, {name}", steps) as progress:
            model = train_classifier(
                rows.images,
                rows.labels,
                len(classes),
                steps=steps,
                batch_size=batch_size,
                augment=ClassicalAugment(invariances) if arm.classical else None,
                mixup=arm.mixup,
                real=~rows.synthetic,
                real_share=real_share,
                seed=seed,
                device=device,
                progress=progress,
            )
        result: dict[str, Any] = {
            "arm": name,
            "draw": draw,
            "steps": steps,
            "batch_size": batch_size,
            "real_share": real_share,
            "seed": seed,
            "classes": list(classes),
            "n_train": {"real": int((~rows.synthetic).sum()), "synthetic": int(rows.synthetic.sum())},
            "train_ids": _digest(rows.ids),
            "test_ids": _digest(splits["test"].ids),
        }
        for split in ("validation", "test"):
            probabilities = predict_proba(model, splits[split].images)
            result[split] = classification_metrics(splits[split].labels, probabilities, classes)
        written.append(result_path(out, name, draw))
        write_json(written[-1], result)
    return written


def _check_filled(splits: dict[str, Rows], folder: str | Path) -> None:
    for name, rows in splits.items():
        if not len(rows):
            raise DataError(f"the {name} split of {folder} is empty; give prepare more rows or a larger {name} share")


def _rows_of(arm: Arm, train: Rows, name: str, folder: str | Path) -> NDArray[np.bool_]:
    mask: NDArray[np.bool_] = (train.synthetic & arm.synthetic) | (~train.synthetic & arm.real)
    if not mask.any():
        raise DataError(
            f"the arm {name!r} has no rows in {folder}/train.parquet; "
            "raise merge.amount or leave the arm out of evaluate.arms"
        )
    return mask


def _digest(ids: Iterable[str]) -> str:
    return hashlib.blake2b("\n".join(sorted(ids)).encode(), digest_size=16).hexdigest()
