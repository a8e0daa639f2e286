"""Train classifiers side by side, and measure each on held-out rows."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from joblib import Parallel, cpu_count, delayed
from numpy.typing import NDArray

from ganaug import __version__
from ganaug.data.rows import Rows, digest
from ganaug.evaluation.downstream.classifiers import CLASSIFIERS
from ganaug.metrics.classification import classification_metrics
from ganaug.metrics.thresholds import choose_weights, trade
from ganaug.modalities.base import Modality
from ganaug.modalities.estimators import is_users
from ganaug.modalities.rarity import rare_classes
from ganaug.modalities.training import Predict, Setting, TrainConfig, TrainingRows
from ganaug.utils.cluster import backend
from ganaug.utils.files import read_json, write_json
from ganaug.utils.progress import Progress
from ganaug.utils.sources import code_digest
from ganaug.utils.threads import one_openmp_thread

HELD_OUT = ("validation", "test")
ROOMS = ("config", "data", "evaluation/downstream", "metrics", "modalities", "utils")  # that a result depends on
Measured = dict[str, Any]


@dataclass(frozen=True)
class Trial:
    """One training: a classifier, rows by name (of the oracle: and share) and a setting."""

    classifier: str
    rows: str
    share: float
    setting: Setting


def run_trials(
    todo: Mapping[Trial, TrainingRows],
    splits: Mapping[str, Rows],
    config: TrainConfig,
    jobs: int | str,
    stage: str,
    cache_dir: str | Path | None = None,
) -> dict[Trial, Measured]:
    """Run every trial, side by side on the CPU's cores, one after another on a GPU; or on a cluster, see `backend`.

    Parameters
    ----------
    todo : mapping of Trial to TrainingRows
        Trials and the rows of each.
    splits : mapping of str to Rows
        With the rows of `HELD_OUT`, and those of training, whose real ones say which classes are rare.
    config : TrainConfig
        What all trainings have in common.
    jobs : int or "auto"
        Trials at a time; auto: as many as there are cores.
    stage : str
        Name to show progress under.
    cache_dir : path-like, optional
        Folder in which finished trials are kept, and looked up.

    Returns
    -------
    dict
        For each trial its ``setting``, ``n_train`` {real, synthetic}, ``train_ids``, ``trade`` (see
        `ganaug.metrics.thresholds.trade`), and the metrics of each part of `HELD_OUT`.
    """
    on_gpu = config.device.startswith("cuda") or (config.device == "auto" and torch.cuda.is_available())
    at_once = 1 if on_gpu else cpu_count() if jobs == "auto" else int(jobs)
    held_out = {part: splits[part] for part in HELD_OUT}
    train = splits["train"]
    trained = np.bincount(train.labels[~train.synthetic], minlength=config.n_classes)
    shared = b"".join([*map(_content, held_out.values()), trained.tobytes()])
    known = {trial: _known(trial, rows, shared, config, cache_dir) for trial, rows in todo.items()}
    measured = {trial: read_json(path) for trial, path in known.items() if path is not None and path.exists()}
    left = [trial for trial in todo if trial not in measured]
    with (
        Progress(stage, len(todo), "classifiers", start=len(measured)) as progress,
        backend(min(at_once, len(left) or 1)),
    ):
        tasks = (delayed(_measure)(trial, todo[trial], held_out, trained, config) for trial in left)
        for trial, found in Parallel(return_as="generator_unordered")(tasks):
            measured[trial] = found
            if (path := known[trial]) is not None:  # at once: an interruption loses what is running, and no more
                write_json(path, found)
            progress.advance()
    return {trial: measured[trial] for trial in todo}


def fit(modality: Modality, classifier: str, rows: TrainingRows, setting: Setting, config: TrainConfig) -> Predict:
    """Train a classifier by name, of whatever package.

    Synthetic rows alone may be of one class or none, where selection kept no other: nothing can be learnt from these,
    and all samples then are of that class, or of each as likely.
    """
    counts = np.bincount(rows.labels, minlength=config.n_classes)
    if np.count_nonzero(counts) < 2:
        shares = counts if counts.any() else np.ones_like(counts)
        return lambda samples: np.tile(shares / shares.sum(), (len(samples), 1))
    if classifier in CLASSIFIERS:
        return CLASSIFIERS[classifier](rows, setting, config)
    return modality.fit_classifier(classifier, rows, setting, config)


def _known(
    trial: Trial, rows: TrainingRows, held_out: bytes, config: TrainConfig, cache_dir: str | Path | None
) -> Path | None:
    """Return where a trial is kept, for the other half of the arms and after an interruption."""
    if (
        cache_dir is None or is_users(trial.classifier) or trial.classifier in CLASSIFIERS
    ):  # whose code may have changed since
        return None
    settings = __version__, torch.__version__, code_digest(*ROOMS), trial, config
    key = hashlib.blake2b(repr(settings).encode(), digest_size=16)
    key.update(_content(rows) + held_out)
    return Path(cache_dir, f"{key.hexdigest()}.json")


def _content(rows: TrainingRows | Rows) -> bytes:
    """Return what tells rows from others."""
    return digest(rows.ids).encode() + rows.labels.tobytes() + "\n".join(map(str, rows.groups)).encode()


def _measure(
    trial: Trial,
    rows: TrainingRows,
    held_out: Mapping[str, Rows],
    trained: NDArray[np.int64],
    config: TrainConfig,
) -> tuple[Trial, Measured]:
    """Train one classifier and measure it on the held-out rows."""
    rows = rows.take(~rows.synthetic | (rows.confidence >= trial.setting.min_confidence))
    modality = held_out[HELD_OUT[0]].schema.modality
    with one_openmp_thread():  # also where the only trial at a time runs in this very process
        predict = fit(modality, trial.classifier, rows, trial.setting, config)
        found = {part: predict(held.samples) for part, held in held_out.items()}
    weights = choose_weights(held_out["validation"].labels, found["validation"], trained)
    measured = {
        part: classification_metrics(held.labels, found[part], held.schema.classes, weights)
        for part, held in held_out.items()
    }
    traded = trade(held_out["test"].labels, found["test"], weights, trained, rare_classes(trained))
    n_train = {"real": int((~rows.synthetic).sum()), "synthetic": int(rows.synthetic.sum())}
    about = {"setting": asdict(trial.setting), "n_train": n_train, "train_ids": digest(rows.ids), "trade": traded}
    return trial, about | measured
