"""Train to the end without ever losing work.

Every so many steps the state is looked at. If all is finite, it becomes the last good state; if not, training
goes back to it with half the learning rate. Checkpoints are such good states, which is why a resumed run repeats an
uninterrupted one bit for bit, why Ctrl-C costs the steps since the last look, and a kill those since the last file.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, nn

from ganaug.errors import GanaugError, option
from ganaug.gan.budget import look_ahead
from ganaug.gan.checkpoint import load_checkpoint, save_checkpoint
from ganaug.gan.trainer import StepMetrics, Trainer, under
from ganaug.utils.progress import Progress

LOOKS = 40  # at most, in a run of many steps; at least every EVERY steps
EVERY = 50
SNAPSHOTS = 8
CHOICES = 10  # looks at the criterion, where there is one
SECONDS = 20.0  # between checkpoints on disk
ROLLBACKS = 5  # before giving up


@dataclass
class TrainingLog:
    """What training leaves behind besides the networks."""

    columns = ("step", "learning_rate", *StepMetrics._fields)
    history: list[list[float]] = field(default_factory=list)  # a row of `columns` for every look
    snapshots: dict[int, Tensor] = field(default_factory=dict)  # step -> what `snapshot` returned
    criterion: dict[int, float] = field(default_factory=dict)  # step -> what `Choice.criterion` returned
    best: dict[str, Tensor] = field(default_factory=dict)  # averaged generator at the step with the lowest criterion

    def tensors(self) -> dict[str, Tensor]:
        """Return the log as named tensors."""
        history = torch.tensor(self.history, dtype=torch.float64).reshape(-1, len(self.columns))
        criterion = torch.tensor(list(self.criterion.items()), dtype=torch.float64).reshape(-1, 2)
        named = {f"log.snapshot.{s}": t for s, t in self.snapshots.items()}
        named |= {f"log.best.{name}": t for name, t in self.best.items()}
        return {"log.history": history, "log.criterion": criterion} | named

    @classmethod
    def of(cls, tensors: dict[str, Tensor]) -> TrainingLog:
        """Return the log among the tensors of a checkpoint."""
        snapshots = {int(step): t for step, t in under(tensors, "log.snapshot").items()}
        criterion = {int(step): value for step, value in tensors["log.criterion"].tolist()}
        best = under(tensors, "log.best")
        return cls(tensors["log.history"].tolist(), dict(sorted(snapshots.items())), criterion, best)

    def choose(self, step: int, value: float, generator: nn.Module) -> None:
        """Take note of a criterion's value, and of the generator if it is the lowest so far."""
        if value < min(self.criterion.values(), default=math.inf):
            self.best = {name: t.detach().to("cpu", copy=True) for name, t in generator.state_dict().items()}
        self.criterion[step] = value

    def stale(self) -> int:
        """Return for how many looks the criterion has not fallen."""
        values = list(self.criterion.values())
        return len(values) - 1 - values.index(min(values)) if values else 0


class Choice(NamedTuple):
    """By what the generator is chosen among its states through training, and when to stop looking for a better one."""

    criterion: Callable[[nn.Module], float]  # from the averaged generator to a number, lower is better
    patience: int | None = None  # stop after so many looks without a lower one; None: all steps


def run(
    trainer: Trainer,
    snapshot: Callable[[nn.Module], Tensor],
    *,
    checkpoint: Path | None = None,
    identity: str = "",
    stage: str | None = None,
    choice: Choice | None = None,
    max_hours: float = math.inf,
) -> TrainingLog:
    """Take all steps of the trainer's schedule, from the checkpoint if there is one.

    Parameters
    ----------
    trainer : Trainer
        The training at its start.
    snapshot : callable
        From the averaged generator to a tensor worth keeping, taken `SNAPSHOTS` times.
    checkpoint : Path, optional
        File to resume from and to save to.
    identity : str
        Fingerprint of the run; a checkpoint of another is refused.
    stage : str, optional
        Name to show progress under; None shows none.
    choice : Choice, optional
        Leaves the averaged generator in its best state, looked at `CHOICES` times in the second half, when the learning
        rate falls. None: the last state.
    max_hours : float, optional
        What would take longer on a CPU is refused, see `look_ahead`.

    Returns
    -------
    TrainingLog
        Losses and snapshots.

    Raises
    ------
    ModelError
        The checkpoint cannot be read or written, or is another run's.
    GanaugError
        Training diverged `ROLLBACKS` times in a row, or would take too long.
    """
    steps = trainer.schedule.steps
    every = max(1, min(EVERY, steps // LOOKS))
    due = {min(steps, every * max(1, round(steps * k / SNAPSHOTS / every))) for k in range(1, SNAPSHOTS + 1)} | {steps}
    looks = {min(steps, every * round(steps * (0.5 + 0.5 * k / CHOICES) / every)) for k in range(1, CHOICES + 1)} | {
        steps
    }
    log = TrainingLog()
    tensors = _saved(trainer, checkpoint, identity)
    if tensors is not None:
        trainer.restore(tensors)
        log = TrainingLog.of(tensors)
    look_ahead(trainer, max_hours, stage)
    good, rollbacks, saved = trainer.state() | log.tensors(), 0, time.monotonic()

    def save() -> None:
        if checkpoint is not None and trainer.fabric.is_global_zero:
            save_checkpoint(checkpoint, good, identity)

    same_bytes = torch.backends.cudnn.flags(enabled=True, deterministic=True)  # also of convolutions on a GPU
    with same_bytes, Progress(stage, steps, start=trainer.step) as progress:
        _record(trainer, stage, progress)
        try:
            while trainer.step < steps and not _tired(log, choice):
                values = _train(trainer, min(every, steps - trainer.step), progress)
                if not (all(map(math.isfinite, values)) and trainer.is_finite()):
                    rollbacks += 1
                    _roll_back(trainer, good, rollbacks, progress)
                    progress.done = trainer.step
                    continue
                rollbacks = 0
                log.history.append([trainer.step, float(trainer.learning_rate), *values])
                if choice is not None and trainer.step in looks:
                    log.choose(trainer.step, choice.criterion(trainer.ema.module), trainer.ema.module)
                if trainer.step in due or _tired(log, choice):
                    log.snapshots[trainer.step] = snapshot(trainer.ema.module)
                good = trainer.state() | log.tensors()
                if time.monotonic() - saved > SECONDS:
                    save()
                    saved = time.monotonic()
        finally:  # also on Ctrl-C
            save()
    if log.best:
        trainer.ema.module.load_state_dict(log.best)
    return log


def _saved(trainer: Trainer, checkpoint: Path | None, identity: str) -> dict[str, Tensor] | None:
    """Return what the first process finds in the checkpoint, in all of them: other hosts have disks of their own."""
    if checkpoint is None:
        return None
    tensors = None
    if trainer.fabric.is_global_zero and checkpoint.exists():
        tensors = load_checkpoint(checkpoint, identity)
    found: dict[str, Tensor] | None = trainer.fabric.broadcast(tensors)
    return found


def _tired(log: TrainingLog, choice: Choice | None) -> bool:
    return choice is not None and choice.patience is not None and log.stale() >= choice.patience


def _record(trainer: Trainer, stage: str | None, progress: Progress) -> None:
    reason = trainer.record()
    if reason is not None and stage is not None and trainer.fabric.is_global_zero:
        progress.say(f"ganaug: CUDA graphs, which make a GPU several times faster here, are not used: {reason}")


def _train(trainer: Trainer, steps: int, progress: Progress) -> list[float]:
    """Take some steps; return the means of their metrics."""
    total = torch.zeros(len(StepMetrics._fields), device=trainer.fabric.device)
    for _ in range(steps):
        total += torch.stack(trainer.train_step())
        progress.advance()
    return trainer.averaged(total / steps)


def _roll_back(trainer: Trainer, good: dict[str, Tensor], rollbacks: int, progress: Progress) -> None:
    if rollbacks > ROLLBACKS:
        raise GanaugError(
            f"Training diverged {rollbacks} times in a row near step {trainer.step}: "
            f"lower {option('train_gan.learning_rate')}, raise {option('train_gan.penalty_weight')}, or choose another "
            f"{option('train_gan.objective')}."
        )
    at = trainer.step
    trainer.restore(good)
    trainer.rate_scale *= 0.5**rollbacks
    trainer.record()
    if trainer.fabric.is_global_zero:
        progress.say(
            f"ganaug: losses were no longer finite by step {at}; back to step {trainer.step} at {trainer.rate_scale:g} "
            "times the learning rate"
        )
