"""The training of one repeat's GAN."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ganaug.config.together import check_styled
from ganaug.data.rows import read_schema
from ganaug.repeats.beside import Work

if TYPE_CHECKING:
    from ganaug.augmenter import GANAugmenter


class Training(Work):
    """Fits the GAN to the training split, from its checkpoint if there is one."""

    stage = section = "train_gan"
    inputs = "data/splits/{repeat}/train.parquet", "data/splits/{repeat}/validation.parquet"
    outputs = ("models/gan/{repeat}",)
    rooms = (
        "config",
        "data",
        "gan",
        "metrics",
        "modalities",
        "synthesis",
        "utils",
        "augmenter.py",
        "repeats/training.py",
    )

    def run(self, root: Path, at_once: int = 1) -> None:
        """Train it and save it."""
        check_styled(self.params, read_schema(self.reads[0]).modality)
        self.fit().save(root / self.writes[0])

    def fit(self) -> GANAugmenter:
        """Train it."""
        import numpy as np

        from ganaug.augmenter import GANAugmenter  # here, as the stage of a finished model loads no PyTorch
        from ganaug.data.rows import read_rows

        options = self.settings
        rows, validation = (read_rows(path) for path in self.reads)
        names = np.array(rows.schema.classes)
        augmenter = GANAugmenter(
            modality=rows.schema.modality.name,
            random_state=options.pop("seed") + self.repeat,
            checkpoint_dir=self.store / "checkpoints",
            verbose=f"train_gan repeat {self.repeat}",
            **options,
        )
        chosen_on = (validation.samples, names[validation.labels])  # where there is a criterion
        labels, spec = names[rows.labels], rows.schema.spec
        return augmenter.fit(rows.samples, labels, validation=chosen_on, spec=spec, groups=rows.groups)
