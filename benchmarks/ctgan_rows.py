"""Rows of CTGAN for `benchmarks/tables.py`, run by the Python of an environment of its own.

CTGAN's licence (BUSL-1.1) allows a comparison, not a dependency: nothing of ganaug imports it, and it is installed for
the run only (`python -m venv DIR && DIR/bin/pip install ctgan`).

Usage: DIR/bin/python benchmarks/ctgan_rows.py TRAIN.csv OUT.csv --rows 500 --epochs 1000 --seed 0 --discrete a b

By default it takes CTGAN's own batches of 500, drawn with replacement, a step an epoch where there are fewer rows:
with batches of 50 it made worse rows of Chile at the same processor time. The last column of TRAIN.csv is the label.
CTGAN takes no missing values: those of numbers are filled with the median and marked in a column of their own, those of
categories are a level; both are put back. Asked for a class it gives others, too, so that rows are drawn without a
condition until each class has enough.
"""

from __future__ import annotations

import argparse
import warnings

import pandas as pd
import torch
from ctgan import CTGAN

GAP = "(missing)"
DRAWN = 20_000  # at most: a class that does not come by then is left short


def filled(frame: pd.DataFrame, discrete: list[str]) -> tuple[pd.DataFrame, list[str]]:
    """Return rows without gaps, and the numeric columns that have a mark of theirs."""
    found, marked = frame.copy(), []
    for name in frame.columns:
        gaps = frame[name].isna()
        if name in discrete:
            found[name] = frame[name].astype(object).where(~gaps, GAP).astype(str)
        elif gaps.any():
            found[name] = frame[name].fillna(frame[name].median())
            found[f"{name}{GAP}"] = gaps.map({True: "yes", False: "no"})
            marked.append(name)
    return found, marked


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("train")
    parser.add_argument("out")
    parser.add_argument("--rows", type=int, default=500)
    parser.add_argument("--epochs", type=int, default=1000)
    parser.add_argument("--batch-size", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--discrete", nargs="*", default=[])
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    frame = pd.read_csv(
        arguments.train, keep_default_na=False, na_values=[""], dtype=dict.fromkeys(arguments.discrete, str)
    )
    label = frame.columns[-1]
    training, marked = filled(frame, arguments.discrete)
    gan = CTGAN(epochs=arguments.epochs, batch_size=arguments.batch_size, enable_gpu=False)
    gan.set_random_state(arguments.seed)
    torch.set_num_threads(1)
    gan.fit(training, [*arguments.discrete, *(f"{name}{GAP}" for name in marked)])
    kept: list[pd.DataFrame] = []
    counts = dict.fromkeys(training[label].unique(), 0)
    for _ in range(DRAWN // 1000):
        drawn = gan.sample(1000)
        for code, rows in drawn.groupby(label):
            kept.append(rows.head(arguments.rows - counts[code]))
            counts[code] += len(kept[-1])
        if min(counts.values()) >= arguments.rows:
            break
    made = pd.concat(kept)
    for name in marked:
        made[name] = made[name].astype(float).where(made[f"{name}{GAP}"] == "no")
    made[frame.columns].replace({name: {GAP: None} for name in arguments.discrete}).to_csv(arguments.out, index=False)


if __name__ == "__main__":
    main()
