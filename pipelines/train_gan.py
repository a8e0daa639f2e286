"""Stage train_gan: fit the GAN of one repeat to its training split."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import numpy as np

from ganaug import GANAugmenter
from ganaug.config import load_params
from ganaug.data.rows import read_rows
from ganaug.errors import guard


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, required=True)
    repeat = parser.parse_args().repeat
    options = load_params().train_gan.model_dump()
    rows, validation = (read_rows(f"data/splits/{repeat}/{split}.parquet") for split in ("train", "validation"))
    names = np.array(rows.schema.classes)
    augmenter = GANAugmenter(
        random_state=options.pop("seed") + repeat,
        modality=rows.schema.modality.name,
        checkpoint_dir=Path(os.environ.get("DVC_ROOT", "."), ".ganaug", "checkpoints"),
        verbose=f"train_gan repeat {repeat}",
        **options,
    )
    chosen_on = (validation.samples, names[validation.labels])  # where there is a criterion
    augmenter.fit(rows.samples, names[rows.labels], validation=chosen_on)
    augmenter.save(f"models/gan/{repeat}")


if __name__ == "__main__":
    guard(main)
