"""The downstream classifiers of one repeat: in the arms without synthetic rows, and in those with."""

from __future__ import annotations

import os
from pathlib import Path
from typing import ClassVar

from ganaug.repeats.beside import Work


class Baselines(Work):
    """Trains and measures classifiers in the arms without synthetic rows."""

    stage, section = "baselines", "evaluate"
    inputs: ClassVar[tuple[str, ...]] = ("data/splits/{repeat}",)  # and the spare rows with them
    outputs: ClassVar[tuple[str, ...]] = ("eval/baselines/{repeat}",)  # a file for each arm and classifier
    rooms = ("config", "data", "evaluation/downstream", "metrics", "modalities", "utils", "repeats/arms.py")
    synthetic: ClassVar[bool] = False  # whether the arms have synthetic rows

    @property
    def alone(self) -> bool:
        """Whether an arm or a classifier is of another package, or one repeat's trainings fill all cores, or a cluster.

        A process beside a stage has no processes of its own, so that there its trainings take turns.
        """
        from ganaug.evaluation.downstream.arms import BUILT_IN
        from ganaug.evaluation.downstream.classifiers import CLASSIFIERS
        from ganaug.modalities.estimators import is_users
        from ganaug.utils.cluster import BACKEND
        from ganaug.utils.run import cpu_count, more_cores

        arms, classifiers = self.params.evaluate.arms, self.params.evaluate.classifiers
        foreign = not isinstance(arms, str) and not BUILT_IN.keys() >= set(arms)
        own = classifiers != "auto" and any(is_users(name) or name in CLASSIFIERS for name in classifiers)
        jobs = self.params.evaluate.jobs
        fills = more_cores(len(self.params.repeats), cpu_count()) if jobs == "auto" else jobs != 1
        return foreign or own or fills or bool(os.environ.get(BACKEND))

    def run(self, root: Path, at_once: int = 1) -> None:
        """Train the classifiers that were not trained before an interruption, and write what was measured."""
        from ganaug.data.rows import read_schema
        from ganaug.evaluation.downstream.arms import arms_named, resolved
        from ganaug.evaluation.downstream.run import run_arms
        from ganaug.evaluation.downstream.training_rows import real_rows
        from ganaug.utils.files import remove_stale

        rows, *synthetic = self.reads
        train = rows / "train.parquet"
        params = resolved(self.params.evaluate, read_schema(train), [real_rows(train)])
        if at_once > 1:
            params = params.model_copy(update={"jobs": 1})
        (root / self.writes[0]).mkdir(parents=True, exist_ok=True)  # dvc wants it even if no arm is chosen
        kept = self.store / "evaluate"
        remove_stale(kept, "*/*.json", "*/.*.tmp")
        run_arms(
            rows,
            [name for name, arm in arms_named(params.arms).items() if arm.synthetic == self.synthetic],
            self.repeat,
            params,
            synthetic=synthetic[0] if synthetic else None,
            pool=None if synthetic else rows / "pool.parquet",
            out=root / "eval",
            cache_dir=kept / str(self.repeat),
            stage=self.stage,
        )


class Augmented(Baselines):
    """Trains and measures classifiers in the arms with synthetic rows."""

    stage = "evaluate"
    synthetic = True
    inputs = "data/augmented/{repeat}", "data/synthetic/{repeat}.parquet"
    outputs = ("eval/augmented/{repeat}",)
