"""How long a run will take on this machine, before it starts."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from ganaug.config import Params
from ganaug.data.rows import Rows, read_rows
from ganaug.evaluation.downstream.arms import resolved
from ganaug.evaluation.downstream.training_rows import RowSource
from ganaug.modalities.training import Setting, TrainConfig
from ganaug.utils.run import CLASSIFIER_STEP, GAN_STEP, STEPS, Run, cpu_count, side_by_side, span

FEW, MORE = 4, 12  # steps of a GAN, whose difference is looked at
TRIED = 20  # steps of a classifier


def run_time(params: Params, folder: Path) -> str:
    """Say how long a run of all stages takes.

    By what stages of earlier runs have taken; else by some steps of the networks on the prepared rows; else, without
    them, by another machine.
    """
    run = Run.read(params, folder)
    where = "on this machine"
    if not {"train_gan", "evaluate"} <= run.factors.keys():
        try:
            rows = read_rows(next(folder.glob("data/splits/*/train.parquet")))
        except StopIteration:
            where = "on two cores without AVX-512 (for this machine: `dvc repro prepare`, then this again)"
        else:
            gan, classifier = _gan_steps(params, rows), _classifier_steps(params, rows)
            run.factors |= {"train_gan": gan, "baselines": classifier, "evaluate": classifier}
    kinds = {stage.split()[0] for stage in run.seconds}
    each = {kind: sum(run.lasts(stage) for stage in run.seconds if stage.split()[0] == kind) for kind in kinds}
    classifiers = each["baselines"] + each["evaluate"]
    repeats = len(params.repeats)
    return (
        f"about {span(sum(each.values()))} {where}: {span(each['train_gan'])} of it for GANs "
        f"({min(repeats, side_by_side(repeats, cpu_count()))} at a time), {span(classifiers)} for classifiers"
    )


def _gan_steps(params: Params, rows: Rows) -> float:
    """Return how many times as long as expected the training of a GAN takes."""
    from ganaug import GANAugmenter
    from ganaug.gan.fabric import resolve_device

    options = params.train_gan.model_dump() | {"criterion": "none", "warm_start": None, "patience": None}
    modality, wanted, seed = rows.schema.modality, options.pop("steps"), options.pop("seed")
    names = np.array(rows.schema.classes)[rows.labels]

    def fit(steps: int) -> None:
        augmenter = GANAugmenter(modality=modality.name, random_state=seed, steps=steps, **options)
        augmenter.fit(rows.samples, names, spec=rows.schema.spec)

    fit(1)  # whatever it takes the first time
    step = (_seconds(lambda: fit(MORE)) - _seconds(lambda: fit(FEW))) / (MORE - FEW)
    if wanted == "auto":
        steps, counted = modality.auto_steps(len(rows), resolve_device(params.train_gan.device).type), STEPS
    else:
        steps = counted = int(wanted)
    return max(step, 1e-4) * steps / (GAN_STEP * counted)


def _classifier_steps(params: Params, rows: Rows) -> float:
    """Return how many times as long as expected the training of a classifier takes."""
    chosen = resolved(params.evaluate, rows.schema)
    real, modality = RowSource(rows)["real"], rows.schema.modality

    def fit(steps: int) -> None:
        config = TrainConfig(
            len(rows.schema.classes), steps, chosen.batch_size, 0, chosen.invariances, chosen.device, rows.schema.spec
        )
        modality.fit_classifier(chosen.classifiers[0], real, Setting(), config)

    fit(1)  # whatever it takes the first time
    few, more = _seconds(lambda: fit(1)), _seconds(lambda: fit(1 + TRIED))
    whole = few + max(0.0, more - few) / TRIED * (chosen.steps - 1)
    return whole / (CLASSIFIER_STEP * chosen.steps)


def _seconds(work: Callable[[], None]) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began
