"""The comparison of one repeat's synthetic rows with real ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ganaug.repeats.beside import Work


class Comparison(Work):
    """Measures how near synthetic rows come to real ones, before and after selection."""

    stage = "fidelity"
    rooms = ("config", "data", "evaluation", "metrics", "modalities", "utils", "repeats/comparison.py")

    @property
    def reads(self) -> list[Path]:
        """The training and test split, and all candidates."""
        splits = (Path(f"data/splits/{self.repeat}/{part}.parquet") for part in ("train", "test"))
        return [*splits, Path(f"data/synthetic/{self.repeat}.parquet")]

    @property
    def writes(self) -> list[Path]:
        """The numbers."""
        return [Path(f"eval/fidelity/{self.repeat}.json")]

    @property
    def settings(self) -> dict[str, Any]:
        """Those of the stage."""
        return self.params.fidelity.model_dump()

    @property
    def device(self) -> str:
        """That of the classifier and of the extractor."""
        return self.params.fidelity.device

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
