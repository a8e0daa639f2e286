"""Train classifiers side by side, and measure each on held-out rows."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from joblib import Parallel, cpu_count, delayed, parallel_config

from ganaug import __version__
from ganaug.data.rows import Rows, digest
from ganaug.evaluation.arms import Setting
from ganaug.evaluation.classifiers import fit_classifier, is_users
from ganaug.evaluation.fit import Fit
from ganaug.metrics.classification import classification_metrics
from ganaug.evaluation.training_rows import TrainingRows
from ganaug.utils.files import read_json, write_json
from ganaug.utils.progress import Progress

HELD_OUT = ("validation", "test")
Judged = dict[str, Any]


@dataclass(frozen=True)
class Trial:
    """One training: a classifier, rows by name (of the oracle: and share) and a setting."""

    classifier: str
    rows: str
    share: float
    setting: Setting


def judge_all(
    todo: Mapping[Trial, TrainingRows],
    splits: Mapping[str, Rows],
    how: Fit,
    jobs: int | str,
    stage: str,
    keep: str | Path | None = None,
) -> dict[Trial, Judged]:
    """Run every trial, side by side on the CPU's cores, one after another on a GPU.

    Parameters
    ----------
    todo : mapping of Trial to TrainingRows
        Trials and the rows of each.
    splits : mapping of str to Rows
        With the rows of `HELD_OUT`.
    how : Fit
        What all trainings have in common.
    jobs : int or "auto"
        Trials at a time; auto: as many as there are cores.
    stage : str
        Name to show progress under.
    keep : path-like, optional
        Folder in which finished trials are kept, and looked up.

    Returns
    -------
    dict
        For each trial its ``setting``, ``n_train`` {real, synthetic}, ``train_ids``, and the metrics of each part of
        `HELD_OUT`.
    """
    on_gpu = how.device.startswith("cuda") or (how.device == "auto" and torch.cuda.is_available())
    at_once = 1 if on_gpu else cpu_count() if jobs == "auto" else int(jobs)
    held_out = {part: splits[part] for part in HELD_OUT}
    tasks = (delayed(_judge_once)(trial, rows, held_out, how, keep) for trial, rows in todo.items())
    judged = {}
    with (
        parallel_config("loky", n_jobs=min(at_once, len(todo)), inner_max_num_threads=1),
        Progress(stage, len(todo), "classifiers") as progress,
    ):
        for trial, found in zip(todo, Parallel(return_as="generator")(tasks), strict=True):
            judged[trial] = found
            progress.advance()
    return judged


def _judge_once(
    trial: Trial, rows: TrainingRows, held_out: Mapping[str, Rows], how: Fit, keep: str | Path | None
) -> Judged:
    """Look up what was measured before an interruption, or measure it."""
    if keep is None or is_users(trial.classifier):  # whose code may have changed since
        return _judge(trial, rows, held_out, how)
    key = hashlib.blake2b(repr((__version__, trial, how)).encode(), digest_size=16)
    parts: list[TrainingRows | Rows] = [rows, *held_out.values()]
    for part in parts:
        key.update(digest(part.ids).encode() + part.labels.tobytes())
    path = Path(keep, f"{key.hexdigest()}.json")
    if not path.exists():
        write_json(path, _judge(trial, rows, held_out, how))
    found: Judged = read_json(path)
    return found


def _judge(trial: Trial, rows: TrainingRows, held_out: Mapping[str, Rows], how: Fit) -> Judged:
    """Train one classifier and measure it on the held-out rows."""
    rows = rows.take(~rows.synthetic | (rows.confidence >= trial.setting.min_confidence))
    predict = fit_classifier(trial.classifier, rows, trial.setting, how)
    measured = {
        part: classification_metrics(held.labels, predict(held.images), held.schema.classes)
        for part, held in held_out.items()
    }
    n_train = {"real": int((~rows.synthetic).sum()), "synthetic": int(rows.synthetic.sum())}
    return {"setting": asdict(trial.setting), "n_train": n_train, "train_ids": digest(rows.ids), **measured}
