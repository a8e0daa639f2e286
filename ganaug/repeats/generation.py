"""The generation and selection of one repeat's synthetic rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ganaug.repeats.beside import Work


class Generation(Work):
    """Samples rows from the GAN, scores them and keeps the good ones."""

    stage = section = "generate"
    inputs = "models/gan/{repeat}", "data/splits/{repeat}/train.parquet"
    outputs = "data/synthetic/{repeat}.parquet", "reports/generate/{repeat}.json"  # with scores; what became of rows
    rooms = (
        "config", "data", "gan", "metrics", "modalities", "synthesis", "utils", "augmenter.py", "repeats/generation.py"
    )  # fmt: skip

    @property
    def settings(self) -> dict[str, Any]:
        """Those of the stage, and how many rows are merged."""
        merge = self.params.merge
        return {**super().settings, "merge": [merge.policy, merge.amount]}

    def run(self, root: Path, at_once: int = 1) -> None:
        """Draw candidates, and write them as they come."""
        import numpy as np

        from ganaug import load_augmenter
        from ganaug.data.rows import read_rows
        from ganaug.gan.fabric import join_processes
        from ganaug.synthesis.generate import rows_to_keep, write_candidates
        from ganaug.synthesis.select import Selection

        params, merge = self.params.generate, self.params.merge
        model, split = self.reads
        out, report = (root / path for path in self.writes)
        train = read_rows(split)
        quotas = rows_to_keep(params.per_class, train, merge.policy, merge.amount)
        augmenter = load_augmenter(model, str(join_processes(params.device)))  # processes that share the work
        augmenter.verbose = stage = f"{self.stage} repeat {self.repeat}"
        labels = np.array(train.schema.classes)[train.labels]
        selection = Selection(params.filters, params.max_candidates)
        candidates = augmenter.candidates(train.samples, labels, quotas, selection)
        write_candidates(candidates, train, quotas, model=augmenter.model_id_, out=out, report=report, stage=stage)
