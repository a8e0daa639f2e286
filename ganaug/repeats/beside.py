"""A stage's work for several repeats, done side by side.

A small network gains little from a second thread, and loses when a core is taken. So on a CPU the work of a repeat has
one thread, and that of several repeats is done at the same time: the stage of the first repeat also does what those of
the others have to do, as far as what they read is there, and leaves it where they find it.
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
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property, partial
from importlib.metadata import version
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, ClassVar

from joblib import cpu_count

import ganaug
from ganaug.config import Params
from ganaug.data.folders import fresh_folder
from ganaug.errors import NAMING, in_params_yaml
from ganaug.utils.files import KEPT_DAYS, atomic_path
from ganaug.utils.progress import mute
from ganaug.utils.run import side_by_side
from ganaug.utils.sources import code_digest
from ganaug.utils.threads import one_thread_of_any

PR_SET_PDEATHSIG = 1  # of prctl


@dataclass(frozen=True)
class Work(ABC):
    """What a stage does for one repeat.

    A kind of work names what it reads and writes, with ``{repeat}`` for the number of the repeat.

    Attributes
    ----------
    repeat : int
        Which.
    params : Params
        Of the run.
    store : Path
        Folder for what is unfinished, and for what is finished before its stage runs.
    """

    stage: ClassVar[str]  # its name
    section: ClassVar[str]  # of the parameters, which it depends on
    inputs: ClassVar[tuple[str, ...]]  # files and folders
    outputs: ClassVar[tuple[str, ...]]  # files, and folders that hold JSON
    rooms: ClassVar[tuple[str, ...]]  # of ganaug, on which what it writes depends

    repeat: int
    params: Params
    store: Path = field(default_factory=lambda: Path(os.environ.get("DVC_ROOT", "."), ".ganaug"))

    @property
    def reads(self) -> list[Path]:
        """What it reads."""
        return [Path(name.format(repeat=self.repeat)) for name in self.inputs]

    @property
    def writes(self) -> list[Path]:
        """What it writes."""
        return [Path(name.format(repeat=self.repeat)) for name in self.outputs]

    @property
    def settings(self) -> dict[str, Any]:
        """The parameters that it depends on."""
        settings: dict[str, Any] = getattr(self.params, self.section).model_dump()
        return settings

    @property
    def alone(self) -> bool:
        """Whether it is left to its own stage: code that is no part of ganaug may change from one run to the next."""
        return False

    @abstractmethod
    def run(self, root: Path, at_once: int = 1) -> None:
        """Do it, and write below a folder; beside it, so many in all share the cores."""

    @property
    def ready(self) -> bool:
        """Whether what it reads is there."""
        return all(path.exists() for path in self.reads)

    @cached_property
    def done(self) -> Path:
        """Folder where what it writes waits for its stage; the name tells all that it depends on."""
        versions = ganaug.__version__, version("torch"), code_digest(*self.rooms)
        settings = json.dumps([self.repeat, self.settings, versions], sort_keys=True, default=str)
        key = hashlib.blake2b(settings.encode(), digest_size=16)
        for each in (file for path in self.reads for file in _files(path)):
            with each.open("rb") as file:
                for block in iter(partial(file.read, 2**20), b""):
                    key.update(block)
        return self.note.parent / key.hexdigest()

    @property
    def waits(self) -> bool:
        """Whether it has been done, and waits for its stage."""
        return all((self.done / path).exists() for path in self.writes)

    @property
    def note(self) -> Path:
        """The file that tells which work is in its place."""
        return self.store / "beside" / self.stage / f"{self.repeat}.txt"

    @property
    def has_to_run(self) -> bool:
        """Whether it could be done, and has not been."""
        if not self.ready:
            return False
        there = all(path.exists() for path in self.writes)
        known = there and self.note.exists() and self.note.read_text() == self.done.name
        return not known and not self.waits


def run(work: Work) -> None:
    """Do the work of one repeat, or put in its place what another repeat's stage did; on a CPU do others' beside it."""
    together = "TORCHELASTIC_RUN_ID" in os.environ or "LT_CLI_USED" in os.environ  # several processes do one work
    alone = together or work.alone
    if not alone and work.ready and work.waits:
        for path in work.writes:
            _put(work.done / path, path)
        _note(work)
        return
    if _on_gpu(work.settings["device"]):
        _run_beside(work, alone=True)
    else:
        with one_thread_of_any():
            _run_beside(work, alone)


def _run_beside(work: Work, alone: bool) -> None:
    helpers = [] if alone else _start_others(work)
    try:
        work.run(Path(), len(helpers) + 1)
        if os.environ.get("RANK", "0") == "0":
            _note(work)
        for helper in helpers:
            helper.join()
    finally:
        for helper in helpers:  # that are left after Ctrl-C, say
            helper.terminate()
            helper.join()


def _on_gpu(device: str) -> bool:
    import torch  # which a stage whose work is done does without

    return device != "cpu" and not (device == "auto" and not torch.cuda.is_available())


def _start_others(work: Work) -> list[BaseProcess]:
    """Start processes that do the work of other repeats; see `side_by_side`."""
    others = [type(work)(repeat, work.params, work.store) for repeat in work.params.repeats if repeat != work.repeat]
    waiting = [other for other in others if other.has_to_run]
    spare, parent = min(side_by_side(len(waiting) + 1, cpu_count()) - 1, len(waiting)), os.getpid()
    context = multiprocessing.get_context("spawn")
    helpers: list[BaseProcess] = [
        context.Process(target=_run_all, args=(waiting[i::spare], parent, spare + 1), daemon=True) for i in range(spare)
    ]
    for helper in helpers:
        helper.start()
    return helpers


def _run_all(works: Sequence[Work], parent: int, at_once: int) -> None:
    """Do one after the other; what fails is left to its own stage, which says why."""
    NAMING.set(in_params_yaml)  # of this process, as in the stage that started it
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C: the checkpoint is saved
    if sys.platform == "linux":  # where a parent that is killed takes this process along
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if sys.stderr.isatty():  # where one line moves, that of the stage itself
        mute()
    for work in works:
        if os.getppid() != parent:
            return
        try:
            with fresh_folder(work.done, "*") as folder:
                work.run(folder, at_once)
        except KeyboardInterrupt:
            return
        except Exception:
            continue


def _put(made: Path, path: Path) -> None:
    """Copy a file, or a folder of a model or of results, to its place."""
    if made.is_dir():
        with fresh_folder(path, "**/*.json") as folder:
            shutil.copytree(made, folder, dirs_exist_ok=True)
    else:
        with atomic_path(path) as temporary:
            shutil.copyfile(made, temporary)


def _note(work: Work) -> None:
    """Note which work is in its place, and drop what nobody will ask for."""
    work.note.parent.mkdir(parents=True, exist_ok=True)
    work.note.write_text(work.done.name)
    limit = time.time() - KEPT_DAYS * 86_400
    for folder in (path for path in work.note.parent.iterdir() if path.is_dir()):
        with suppress(OSError):  # gone by now
            if folder == work.done or folder.stat().st_mtime < limit:
                shutil.rmtree(folder, ignore_errors=True)


def _files(path: Path) -> Iterator[Path]:
    yield from [path] if path.is_file() else sorted(file for file in path.rglob("*") if file.is_file())
