"""How far a whole run of the pipeline is: its stages are processes of their own, and leave word for one another.

What they leave, ``.ganaug/run.json``, is no out of a stage: it says which stages of this run have begun, and how long
stages took on this machine beside what was expected of them.
"""

from __future__ import annotations

import json
import os
import time
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

from ganaug.utils.files import write_json

# What runs again after a stage; of the arms without synthetic rows also those with, whose parameters are the same.
AFTER = {
    "prepare": ("train_gan", "generate", "merge", "baselines", "evaluate", "fidelity", "report"),
    "train_gan": ("generate", "merge", "evaluate", "fidelity", "report"),
    "generate": ("merge", "evaluate", "fidelity", "report"),
    "merge": ("evaluate", "report"),
    "baselines": ("evaluate", "report"),
    "evaluate": ("report",),
    "fidelity": ("report",),
    "report": (),
}
ONCE = ("prepare", "report")
CLASSIFIERS = ("baselines", "evaluate")
BESIDE = ("train_gan", "generate", *CLASSIFIERS, "fidelity")  # one repeat's stage also does the work of others
START = 4.0  # seconds until a stage's imports are done
FOUND = 2.0  # seconds of a stage whose work is done
SECONDS = {"prepare": 6.0, "generate": 15.0, "merge": 4.0, "fidelity": 10.0, "report": 12.0}
GAN_STEP, CLASSIFIER_STEP = 0.09, 0.01  # seconds of one thread: 28x28 gray images, default networks, no AVX-512
STEPS = 1800  # of a GAN, where its budget depends on its rows
SIDE_BY_SIDE = 3  # arms without synthetic rows that a first look has
ARMS = {"auto": 7, "all": 10}
SAVED_SECONDS = 5.0  # between notes of how far a stage is
TELLING = 0.25  # share of a stage from which its speed tells something: before, it has loaded and started processes


def cpu_count() -> int:
    """Return the cores that this process may use."""
    from joblib import cpu_count  # takes a while

    return int(cpu_count())


def expected(params: Any) -> dict[str, float]:
    """Return the seconds that each stage should take, by its kind and its repeat: ``"evaluate 0"``.

    Parameters
    ----------
    params : Params
        Of the run.
    """
    cores, repeats = cpu_count(), params.repeats
    gan = GAN_STEP * (STEPS if params.train_gan.steps == "auto" else params.train_gan.steps)
    arms = params.evaluate.arms
    count = ARMS[arms] if isinstance(arms, str) else len(arms)
    training = CLASSIFIER_STEP * params.evaluate.steps * params.evaluate.trials
    apart = CLASSIFIERS if more_cores(len(repeats), cores) else ()  # which then have all cores, a repeat after another
    training /= cores if apart else 1
    kinds = {
        **SECONDS,
        "train_gan": START + gan,
        "baselines": START + training * min(count, SIDE_BY_SIDE),
        "evaluate": START + training * max(0, count - SIDE_BY_SIDE),
    }
    found = {name(kind, repeat): kinds[kind] for kind in AFTER for repeat in ((None,) if kind in ONCE else repeats)}
    for kind, repeat in product([kind for kind in BESIDE if kind not in apart], repeats):  # see ganaug/repeats
        work = (kinds[kind] - START) * in_turn(len(repeats), cores)
        found[name(kind, repeat)] = START + work if repeat == repeats[0] else FOUND
    return found


def more_cores(repeats: int, cores: int) -> bool:
    """Tell whether so many repeats, a core each, would leave cores idle that their classifiers could use."""
    return cores > repeats


def side_by_side(count: int, cores: int) -> int:
    """Return of how many repeats out of so many the work, a GAN's training say, is done at the same time.

    One a core, or a few more where a last one would otherwise leave cores idle: three on two cores take as long as one
    and a half, and as long as two where one waits for the others.
    """
    return min(range(cores, 2 * cores), key=lambda number: -(-count // number) * number)


def in_turn(count: int, cores: int) -> float:
    """Return how many times as long as one repeat's work that of so many takes."""
    number = side_by_side(count, cores)
    return -(-count // number) * max(1.0, min(count, number) / cores)


def name(kind: str, repeat: int | None) -> str:
    """Return what a stage is called here."""
    return kind if repeat is None else f"{kind} {repeat}"


@dataclass
class Run:
    """A run of the pipeline, as one of its stages sees it.

    Attributes
    ----------
    file : Path
        What the stages leave for one another.
    seconds : dict
        See `expected`.
    begun : list of str
        The stages of this run that have begun, the current one last.
    factors : dict
        By kind: how many times as long as expected such stages took, in this run or before.
    rounds : int
        How many repeats' work the first repeat's stage does one after another, where it does others'.
    """

    file: Path
    seconds: dict[str, float]
    rounds: int = 1
    begun: list[str] = field(default_factory=list)
    factors: dict[str, float] = field(default_factory=dict)
    since: float = field(default_factory=lambda: time.monotonic())
    saved: float = 0.0

    @classmethod
    def read(cls, params: Any, folder: str | Path = ".") -> Run:
        """Return what is known of the last run in a folder."""
        rounds = -(-len(params.repeats) // side_by_side(len(params.repeats), cpu_count()))
        run = cls(Path(os.environ.get("DVC_ROOT", folder), ".ganaug", "run.json"), expected(params), rounds)
        with suppress(OSError, ValueError, TypeError, AttributeError):  # none yet, or no longer readable
            known = json.loads(run.file.read_text(encoding="utf-8"))
            run.begun = [stage for stage in known["begun"] if stage in run.seconds]
            run.factors = {key: float(value) for key, value in known["factors"].items() if key in AFTER}
        return run

    def save(self) -> None:
        """Leave word; a disk that is full stops nothing."""
        self.saved = time.monotonic()
        with suppress(OSError):
            write_json(self.file, {"begun": self.begun, "factors": self.factors})

    def begin(self, stage: str) -> None:
        """Note that a stage begins; after a report another run begins."""
        if "report" in self.begun:
            self.begun = []
        self.begun = [other for other in self.begun if other != stage] + [stage]  # once more after an interruption
        self.save()

    def heard(self, share: float) -> None:
        """Note which share of the current stage is done."""
        if share < TELLING:
            return
        kind = self.begun[-1].split()[0]
        if kind in BESIDE and self.seconds[self.begun[-1]] > FOUND:
            share /= self.rounds
        self.factors[kind] = (time.monotonic() - self.since) / share / self.seconds[self.begun[-1]]
        if time.monotonic() - self.saved > SAVED_SECONDS:
            self.save()

    def lasts(self, stage: str) -> float:
        """Return the seconds that a stage should take, by what was measured of its kind, or else of any."""
        usual = sum(self.factors.values()) / len(self.factors) if self.factors else 1.0
        return self.seconds[stage] * self.factors.get(stage.split()[0], usual)

    def state(self) -> tuple[float, float]:
        """Return the share of this run that is done, and the seconds that are left."""
        kinds = {kind for stage in self.begun for kind in (stage.split()[0], *AFTER[stage.split()[0]])}
        planned = {stage: self.lasts(stage) for stage in self.seconds if stage.split()[0] in kinds}
        done = sum(planned[stage] for stage in self.begun[:-1])
        done += min(time.monotonic() - self.since, planned[self.begun[-1]])
        total = sum(planned.values())
        return done / total, total - done


def span(seconds: float) -> str:
    """Return a time in words: ``"50 s"``, ``"4 min"``, ``"2.5 h"``, ``"3.1 days"``."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h" if seconds < 172_800 else f"{seconds / 86_400:.1f} days"
