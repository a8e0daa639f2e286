"""What a training takes, known before it starts: memory, by the rows that are worked on at a time, and time on a CPU.

Memory goes with the rows that go through the networks together. One of 512 x 512 pixels takes 200 MiB at widths up to
64 and 300 at 128, so that no activation has to be computed twice to save memory: a batch in parts is enough.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from ganaug.errors import ConfigError, option
from ganaug.gan.networks import rows_at_a_time
from ganaug.gan.trainer import Trainer
from ganaug.utils.run import span

USUAL_ROWS = {"cpu": 64, "cuda": 512}  # at a time, of up to 128 x 128 pixels: some 800 MiB, and 6 GiB of a GPU
LEAST_STEPS = 200  # of a training that is long enough to look ahead
TRIED, SLOW = 3, 0.5  # steps, as the first takes longer; one of so many seconds tells enough
TOLD = 600.0  # seconds from which on they are told


def parts_of_batch(
    params: Mapping[str, Any], generator: nn.Module, device: str, processes: int, stage: str | None
) -> int:
    """Return in how many parts a batch goes through the networks; say so where nobody asked for them.

    Parameters
    ----------
    params : mapping
        Those of `ganaug.GANAugmenter`.
    generator : nn.Module
        Its ``row_size`` says how many numbers a row has, where these may be many.
    device : str
        Type of the device.
    processes : int
        How many share a batch.
    stage : str or None
        Name to speak under; None says nothing.
    """
    mine, asked = max(1, params["batch_size"] // processes), params["micro_batch"]
    at_a_time = rows_at_a_time(generator, USUAL_ROWS[device]) if asked == "auto" else int(asked)
    usual = asked == "auto" and at_a_time == USUAL_ROWS[device]
    parts = 1 if usual else -(-mine // at_a_time)
    if parts > 1 and asked == "auto" and stage is not None:
        print(
            f"ganaug: {stage}: rows are large, so a batch of {mine} goes through the networks in {parts} parts; "
            f"{option('train_gan.micro_batch')} chooses another number of rows at a time",
            file=sys.stderr,
        )
    return parts


def look_ahead(trainer: Trainer, max_hours: float, stage: str | None) -> None:
    """Say how long the rest of a training will take on a CPU, if that is long, by some steps that leave no trace.

    Parameters
    ----------
    trainer : Trainer
        The training at its start, or where it goes on.
    max_hours : float
        What would take longer is refused.
    stage : str or None
        Name to speak under; None says nothing.

    Raises
    ------
    ConfigError
        It would take longer.
    """
    steps = trainer.schedule.steps - trainer.step
    if trainer.fabric.device.type != "cpu" or steps < LEAST_STEPS:
        return
    step = _seconds_a_step(trainer)
    seconds = step * steps
    if seconds > 3600 * max_hours:
        raise ConfigError(
            f"Training would take about {span(seconds)} on this CPU, {steps:,} steps of {step:.2g} s: take a GPU, "
            f"smaller samples or a lower {option('train_gan.steps')}, or set {option('train_gan.max_hours')} to "
            f"{math.ceil(seconds / 2400)} to let it."
        )
    if seconds > TOLD and stage is not None and trainer.fabric.is_global_zero:
        print(f"ganaug: {stage}: {steps:,} steps will take about {span(seconds)} on this CPU", file=sys.stderr)


def _seconds_a_step(trainer: Trainer) -> float:
    """Return the seconds of a step without a penalty, and of a share of one with; the training stays where it is."""
    before, step = trainer.state(), 0.0
    for _ in range(TRIED):
        began = time.monotonic()
        trainer.train_networks(False)
        step = trainer.averaged(torch.tensor([time.monotonic() - began]))[0]  # the same in all processes
        if step > SLOW:
            break
    trainer.restore(before)
    return step * (1 + 2 / trainer.schedule.penalty_interval)  # one with a penalty takes three times as long
