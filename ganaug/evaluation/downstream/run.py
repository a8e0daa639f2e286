"""Train and measure the arms of one repeat."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ganaug.config import EvaluateParams
from ganaug.data.integrity import assert_disjoint
from ganaug.data.rows import Rows, digest, read_rows, read_schema
from ganaug.errors import DataError
from ganaug.evaluation.downstream.arms import Arm, arms_named, resolved, result_path
from ganaug.evaluation.downstream.classifiers import CLASSIFIERS
from ganaug.evaluation.downstream.training_rows import RowSource
from ganaug.evaluation.downstream.trials import Trial, run_trials
from ganaug.metrics.classification import SCALARS
from ganaug.modalities.training import TrainConfig, TrainingRows
from ganaug.utils.files import write_json

SPLITS = ("train", "validation", "test")


def run_arms(
    folder: str | Path,
    arms: Sequence[str],
    repeat: int,
    params: EvaluateParams,
    *,
    synthetic: str | Path | None = None,
    pool: str | Path | None = None,
    out: str | Path = "eval",
    cache_dir: str | Path | None = None,
    stage: str = "evaluate",
) -> list[Path]:
    """Train the classifiers of each arm in its settings, choose one by validation rows, and write its results.

    Trainings run side by side, on the CPU a thread each, so that their number does not change the bytes.

    Parameters
    ----------
    folder : path-like
        Holds ``train.parquet`` (with the synthetic rows, where an arm wants them), ``validation.parquet`` and
        ``test.parquet``.
    arms : sequence of str
        Names in `ganaug.evaluation.downstream.arms.ARMS`.
    repeat : int
        Number of the repeat: names the files written, and is added to the seed.
    params : EvaluateParams
        Classifiers, trials, steps and what else is alike for all arms.
    synthetic : path-like, optional
        All candidates of the repeat with their scores.
    pool : path-like, optional
        Spare real rows of the repeat, for the oracle.
    out : path-like, default="eval"
        Folder of the results, see `ganaug.evaluation.downstream.arms.result_path`.
    cache_dir : path-like, optional
        Folder where finished trainings are kept, to go on from there after an interruption. Both halves of the arms
        share it: a setting without synthetic rows is trained once.
    stage : str, default="evaluate"
        Name to show progress under.

    Returns
    -------
    list of Path
        The files written: ``setting``, the one chosen; ``trials``, each setting with its balanced accuracy on
        validation rows; ``validation`` and ``test``, see `ganaug.metrics.classification.classification_metrics`; and
        what was the same for all. The oracle's file has ``points`` of these in place of one, and ``direction``.

    Raises
    ------
    ConfigError
        If an arm or a classifier is unknown.
    DataError
        If a split is missing or empty, an arm has no rows, or a validation or test row is among the training rows.
    """
    chosen = arms_named(arms)
    if not chosen:
        return []
    files = {name: Path(folder, f"{name}.parquet") for name in SPLITS}
    schema = read_schema(files["train"])
    modality, params = schema.modality, resolved(params, schema)
    for classifier in params.classifiers:
        settings = [s for arm in chosen.values() for s in arm.tried(params.mixing, params.trials, modality.augments)]
        if classifier not in CLASSIFIERS:
            modality.check_classifier(classifier, settings)
    splits = {name: read_rows(path) for name, path in files.items()}
    _check_filled(splits, folder)
    contents = {name: {files[name]: rows.contents()} for name, rows in splits.items()}
    assert_disjoint(contents["train"], contents["validation"] | contents["test"])
    seed = params.seed + repeat
    held_out = {*splits["validation"].contents(), *splits["test"].contents()}
    source = RowSource(splits["train"], synthetic, pool, seed, held_out)
    plan = {
        (c, name): list(_trials(c, arm, source, params, modality.augments))
        for c in params.classifiers
        for name, arm in chosen.items()
    }
    config = TrainConfig(
        len(splits["train"].schema.classes),
        params.steps,
        params.batch_size,
        seed,
        params.invariances,
        params.device,
        schema.spec,
    )
    todo = {trial: rows for trials in plan.values() for trial, rows in trials}
    measured = run_trials(todo, splits, config, params.jobs, f"{stage} repeat {repeat}", cache_dir)
    common = {
        "repeat": repeat,
        "seed": seed,
        "steps": params.steps,
        "batch_size": params.batch_size,
        "classes": list(splits["train"].schema.classes),
        "test_ids": digest(splits["test"].ids),
    }
    written = []
    for (classifier, name), trials in plan.items():
        written.append(result_path(out, name, repeat, classifier))
        content = _oracle(trials, measured) if chosen[name].rows == "oracle" else _best(trials, measured)
        write_json(written[-1], {"arm": name, "classifier": classifier, **common, **content})
    return written


def _check_filled(splits: dict[str, Rows], folder: str | Path) -> None:
    for name, rows in splits.items():
        if not len(rows):
            raise DataError(f"the {name} split of {folder} is empty; give prepare more rows or a larger {name} share")


def _trials(
    classifier: str, arm: Arm, source: RowSource, params: EvaluateParams, augments: bool
) -> Iterator[tuple[Trial, TrainingRows]]:
    """List an arm's trainings with their rows; equal ones of several arms are equal, and are run once."""
    for setting in arm.tried(params.mixing, params.trials, augments):
        if arm.rows == "oracle":
            for share, rows in source.oracle.items():
                yield Trial(classifier, arm.rows, share, setting), rows
        else:
            name = arm.rows if setting.synthetic or arm.rows == "synthetic" else "real"
            yield Trial(classifier, name, 0.0, setting), source[name]


def _best(trials: Sequence[tuple[Trial, TrainingRows]], measured: Mapping[Trial, dict[str, Any]]) -> dict[str, Any]:
    """Return what was measured in the setting that validation rows prefer, and what each setting got of them."""
    tried = [measured[trial] for trial in dict.fromkeys(trial for trial, _ in trials)]
    validation = [found["validation"][SCALARS[0]] for found in tried]
    best = tried[int(np.argmax(validation))]
    return {
        **best,
        "trials": [{"setting": t["setting"], "validation": v} for t, v in zip(tried, validation, strict=True)],
    }


def _oracle(trials: Sequence[tuple[Trial, TrainingRows]], measured: Mapping[Trial, dict[str, Any]]) -> dict[str, Any]:
    """Return a point of the curve for each number of real rows, each in its best setting."""
    points = []
    for share in sorted({trial.share for trial, _ in trials}):
        found = _best([(trial, rows) for trial, rows in trials if trial.share == share], measured)
        real = found["n_train"]["real"]
        per_class = real / len(found["test"]["per_class"])
        points.append({"share": share, "n_real": real, "rows_per_class": per_class, **found})
    return {"direction": "up" if points[0]["share"] > 0 else "down", "points": points}
