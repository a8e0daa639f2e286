"""The GANs of a run's repeats, trained side by side.

A small network gains little from a second thread, and loses when a core is taken. So on a CPU each GAN has one thread,
and the GANs of several repeats train at the same time: the stage of the first repeat also trains those of the others
that have to be, and leaves them where their stages find them. Each goes on from its own checkpoint when run again.
"""

from __future__ import annotations

import ctypes
import hashlib
import json
import multiprocessing
import os
import shutil
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from joblib import cpu_count

import ganaug
from ganaug.config import Params
from ganaug.data.folders import fresh_folder
from ganaug.data.rows import read_rows
from ganaug.errors import NAMING, in_params_yaml
from ganaug.utils.files import remove_stale
from ganaug.utils.run import side_by_side
from ganaug.utils.sources import code_digest

if TYPE_CHECKING:  # where something is trained it is imported there: the stage of a finished model loads no PyTorch
    from ganaug.augmenter import GANAugmenter

PR_SET_PDEATHSIG = 1  # of prctl
MARK = "config.json"  # what a model's folder holds
ROOMS = ("config", "data", "gan", "metrics", "modalities", "synthesis", "utils", "augmenter.py")  # that make a model


@dataclass(frozen=True)
class Training:
    """The training of one repeat's GAN.

    Attributes
    ----------
    repeat : int
        Which.
    params : Params
        Of the run.
    store : Path
        Folder for checkpoints and for finished models that their stages have not yet asked for.
    """

    repeat: int
    params: Params
    store: Path

    @property
    def splits(self) -> list[Path]:
        """The files that it learns from."""
        return [Path(f"data/splits/{self.repeat}/{part}.parquet") for part in ("train", "validation")]

    @property
    def ready(self) -> bool:
        """Whether these files are there."""
        return all(path.is_file() for path in self.splits)

    @property
    def out(self) -> Path:
        """Where the pipeline wants the model."""
        return Path(f"models/gan/{self.repeat}")

    @property
    def finished(self) -> Path:
        """Where the model waits for its stage; the name tells all that it depends on."""
        settings = {
            **self.params.train_gan.model_dump(),
            "repeat": self.repeat,
            "versions": [ganaug.__version__, version("torch"), code_digest(*ROOMS)],
        }
        key = hashlib.blake2b(json.dumps(settings, sort_keys=True, default=str).encode(), digest_size=16)
        for path in self.splits:
            with path.open("rb") as file:
                for block in iter(partial(file.read, 2**20), b""):
                    key.update(block)
        return self.store / "models" / key.hexdigest()

    def run(self, verbose: str | bool) -> GANAugmenter:
        """Train, from the checkpoint if there is one."""
        from ganaug.augmenter import GANAugmenter

        options = self.params.train_gan.model_dump()
        rows, validation = (read_rows(path) for path in self.splits)
        names = np.array(rows.schema.classes)
        augmenter = GANAugmenter(
            modality=rows.schema.modality.name,
            random_state=options.pop("seed") + self.repeat,
            checkpoint_dir=self.store / "checkpoints",
            verbose=verbose,
            **options,
        )
        chosen_on = (validation.samples, names[validation.labels])  # where there is a criterion
        labels, spec = names[rows.labels], rows.schema.spec
        return augmenter.fit(rows.samples, labels, validation=chosen_on, spec=spec, groups=rows.groups)


def train_repeat(repeat: int, params: Params, store: Path) -> None:
    """Write the model of one repeat, ``models/gan/{repeat}``; on a CPU, train those of others beside it.

    Parameters
    ----------
    repeat : int
        Which.
    params : Params
        Of the run.
    store : Path
        Folder for checkpoints, and for models that are finished before their stage runs.
    """
    mine = Training(repeat, params, store)
    hosts = int(os.environ.get("GROUP_WORLD_SIZE", 1))  # of torchrun; what one has finished the others may not have
    if hosts == 1 and mine.ready and (mine.finished / MARK).exists():
        with fresh_folder(mine.out, MARK) as folder:
            shutil.copytree(mine.finished, folder, dirs_exist_ok=True)
        _note(mine)
        return
    from ganaug.gan.fabric import one_writer

    helpers = _start_others(mine)
    try:
        mine.run(f"train_gan repeat {repeat}").save(mine.out)
        with one_writer() as writes:
            if writes:
                _note(mine)
        for helper in helpers:
            helper.join()
    finally:
        for helper in helpers:  # that are left after Ctrl-C, say
            helper.terminate()
            helper.join()


def _start_others(mine: Training) -> list[BaseProcess]:
    """Start processes that train the GANs of other repeats; see `side_by_side`."""
    from ganaug.gan.fabric import resolve_device

    alone = "TORCHELASTIC_RUN_ID" in os.environ or "LT_CLI_USED" in os.environ  # then several processes share one GAN
    if alone or resolve_device(mine.params.train_gan.device).type != "cpu":
        return []
    others = [Training(repeat, mine.params, mine.store) for repeat in mine.params.repeats if repeat != mine.repeat]
    waiting = [other for other in others if _has_to_run(other)]
    spare, parent = min(side_by_side(len(waiting) + 1, cpu_count()) - 1, len(waiting)), os.getpid()
    context = multiprocessing.get_context("spawn")
    helpers: list[BaseProcess] = [
        context.Process(target=_train_all, args=(waiting[i::spare], parent), daemon=True) for i in range(spare)
    ]
    for helper in helpers:
        helper.start()
    return helpers


def _train_all(trainings: Sequence[Training], parent: int) -> None:
    """Train one after the other; what fails is left to its own stage, which says why."""
    NAMING.set(in_params_yaml)  # of this process, as in the stage that started it
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C: the checkpoint is saved
    if sys.platform == "linux":  # where a parent that is killed takes this process along
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    for training in trainings:
        if os.getppid() != parent:
            return
        try:
            augmenter = training.run(False if sys.stderr.isatty() else f"train_gan repeat {training.repeat}")
            with fresh_folder(training.finished, MARK) as folder:
                augmenter.save(folder)
        except KeyboardInterrupt:
            return
        except Exception:
            continue


def _has_to_run(training: Training) -> bool:
    """Tell whether a repeat's GAN has not been trained as it is wanted."""
    if not training.ready:
        return False
    known = training.store / "models" / f"{training.repeat}.txt"
    finished = training.finished
    there = (training.out / MARK).exists() and known.exists() and known.read_text() == finished.name
    return not there and not (finished / MARK).exists()


def _note(training: Training) -> None:
    """Note which model is in its place, and drop those that nobody will ask for."""
    folder = training.store / "models"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{training.repeat}.txt").write_text(training.finished.name)
    shutil.rmtree(training.finished, ignore_errors=True)
    remove_stale(folder, "*/*", "*/*/*")
