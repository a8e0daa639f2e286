"""From a labelled table to a trained generator, and from that to new rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import nn

from ganaug.gan.fabric import make_fabric
from ganaug.gan.prior import MAX_ANCHORS
from ganaug.gan.run import run
from ganaug.gan.schedule import Schedule, auto_steps
from ganaug.gan.trainer import Trainer
from ganaug.modalities.table.columns import Columns, encode
from ganaug.modalities.table.players import Architecture, from_rows, table_game
from ganaug.synthesis.sample import sample


@dataclass(frozen=True)
class TableGAN:
    """A generator of table rows."""

    columns: Columns
    generator: nn.Module

    def sample(self, labels: NDArray[np.int64], seed: int) -> pd.DataFrame:
        """Generate a row for every class code (n,), with the names, dtypes and ranges of the table's columns."""
        parts = [from_rows(rows, self.columns.levels) for rows in sample(self.generator, labels, seed)]
        numbers, codes = (np.concatenate(each) for each in zip(*parts, strict=True))
        return self.columns.decode(numbers, codes)


def train_table(
    frame: pd.DataFrame,
    labels: NDArray[np.int64],
    *,
    steps: int | str = "auto",
    batch_size: int = 64,
    learning_rate: float = 2.5e-3,
    width: int = 64,
    device: str = "auto",
    seed: int = 0,
) -> TableGAN:
    """Train a GAN on a labelled table."""
    fabric = make_fabric(device, "32-true")  # small matrices gain nothing from bfloat16
    columns, numbers, codes = encode(frame)
    architecture = Architecture(
        numbers.shape[1],
        columns.levels,
        int(labels.max()) + 1,
        width=width,
        anchors=len(labels) if len(labels) <= MAX_ANCHORS else 0,
    )
    schedule = Schedule(
        auto_steps(len(labels)) if steps == "auto" else int(steps), batch_size=batch_size, learning_rate=learning_rate
    )
    game = table_game(architecture, numbers, codes, labels, schedule.steps, seed, fabric.device)
    trainer = Trainer(fabric, game, schedule, seed)
    run(trainer, lambda generator: torch.zeros(0))
    return TableGAN(columns, trainer.ema.module.eval())
