"""The comparison of one repeat's synthetic rows with real ones."""

from __future__ import annotations

from pathlib import Path

from ganaug.repeats.beside import Work


class Comparison(Work):
    """Measures how near synthetic rows come to real ones, before and after selection."""

    stage = section = "fidelity"
    inputs = (
        "data/splits/{repeat}/train.parquet",
        "data/splits/{repeat}/test.parquet",
        "data/synthetic/{repeat}.parquet",
    )
    outputs = ("eval/fidelity/{repeat}.json",)
    rooms = ("config", "data", "evaluation", "metrics", "modalities", "utils", "repeats/comparison.py")

    @property
    def alone(self) -> bool:
        """Whether the extractor is a function of the user's."""
        return ":" in self.params.fidelity.extractor

    def run(self, root: Path, at_once: int = 1) -> None:
        """Measure, and write the numbers."""
        from ganaug.evaluation.fidelity import measure_fidelity

        options = self.settings
        options["seed"] += self.repeat
        splits, synthetic = self.reads[0].parent, self.reads[-1]
        measure_fidelity(splits, synthetic, self.repeat, out=root / self.writes[0], **options)
