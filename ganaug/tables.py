"""From a labelled table to a trained generator, and from that to new rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import nn

from ganaug.gan.fabric import make_fabric
from ganaug.gan.loop import run
from ganaug.gan.schedule import Schedule
from ganaug.gan.trainer import Trainer
from ganaug.modalities.table.columns import Columns, encode
from ganaug.modalities.table.setup import Architecture, from_rows, table_setup
from ganaug.synthesis.sample import sample

STEPS = 400  # more did not make better rows, of 100 rows or of 6,000


@dataclass(frozen=True)
class TableGAN:
    """A generator of table rows."""

    columns: Columns
    generator: nn.Module

    def sample(self, labels: NDArray[np.int64], seed: int) -> pd.DataFrame:
        """Generate a row for every class code (n,), with names, dtypes, ranges and grids of the table's columns."""
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
    """Train a class-conditional GAN on a labelled table, by the rules of `ganaug.GANAugmenter`'s defaults.

    Every row owns an anchor, see `ganaug.gan.latents`: it is the small classes that have to keep their variety, and
    batches are balanced, so that their rows come up often however many others there are.

    Parameters
    ----------
    frame : DataFrame (n, columns)
        Numbers, times, periods, dates, decimals, truth values, text, categories, intervals, of any dtype of pandas or
        Arrow; any of them may be missing. Values stay within the range of their column and on its grid: integers,
        cents, whole days in the clock of their zone.
    labels : int array (n,)
        Class codes from 0, each of at least one row.
    steps : int or "auto", default="auto"
        Optimiser steps of each network; ``"auto"``: `STEPS`.
    batch_size : int, default=64
        Rows of either kind in a step.
    learning_rate : float, default=0.0025
        Of both Adam optimisers; linearly down over the second half.
    width : int, default=64
        Units of a layer.
    device : str, default="auto"
        ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"cuda:N"``.
    seed : int, default=0
        Of everything random; the global random states are left alone.

    Raises
    ------
    DataError
        The table is empty, or a column holds infinite values, complex ones, those of several types, or lists and the
        like.
    ConfigError
        The device is not there.

    References
    ----------
    Xu et al., Modeling Tabular Data using Conditional GAN, arXiv 1907.00503: the generator is conditioned on the class,
    and trained by sampling classes evenly.
    """
    fabric = make_fabric(device, "32-true")  # small matrices gain nothing from bfloat16
    columns, numbers, codes = encode(frame)
    architecture = Architecture(
        numbers.shape[1], columns.levels, int(labels.max()) + 1, width=width, anchors=len(labels)
    )
    schedule = Schedule(STEPS if steps == "auto" else int(steps), batch_size=batch_size, learning_rate=learning_rate)
    setup = table_setup(architecture, numbers, codes, labels, schedule.steps, seed, fabric.device)
    trainer = Trainer(fabric, setup, schedule, seed)
    run(trainer, lambda generator: torch.zeros(0))
    return TableGAN(columns, trainer.ema.module.eval())
