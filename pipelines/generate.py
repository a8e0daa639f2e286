"""Stage generate: sample rows from the GAN of one repeat, score them, keep the good ones."""

from __future__ import annotations

import argparse

import numpy as np

from ganaug import load_augmenter
from ganaug.config import load_params
from ganaug.data.rows import read_rows
from ganaug.errors import guard
from ganaug.gan.fabric import join_processes
from ganaug.synthesis.generate import rows_to_keep, write_candidates
from ganaug.synthesis.select import Selection
from ganaug.utils.progress import begin_stage


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, required=True)
    repeat = parser.parse_args().repeat
    whole = load_params()
    begin_stage("generate", whole, repeat)
    params = whole.generate
    train = read_rows(f"data/splits/{repeat}/train.parquet")
    quotas = rows_to_keep(params.per_class, train, whole.merge.policy, whole.merge.amount)
    device = join_processes(params.device)  # which share the work
    augmenter = load_augmenter(f"models/gan/{repeat}", str(device))
    augmenter.verbose = f"generate repeat {repeat}"
    names = np.array(train.schema.classes)
    selection = Selection(params.filters, params.max_candidates)
    write_candidates(
        augmenter.candidates(train.samples, names[train.labels], quotas, selection),
        train,
        quotas,
        model=augmenter.model_id_,
        out=f"data/synthetic/{repeat}.parquet",
        report=f"reports/generate/{repeat}.json",
        stage=augmenter.verbose,
    )


if __name__ == "__main__":
    guard(main)
