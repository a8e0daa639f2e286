"""How the repeats of a run depend on one another, and so what their spread can tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

BENCHMARK, REPEATED, SAME_ROWS = "benchmark", "repeated", "same_rows"
WORDS = {
    BENCHMARK: "The repeats train on rows of their own and share one test set. Intervals cover the luck of the repeats "
    "(training rows, GAN, classifier) and of the test rows.",
    REPEATED: "All repeats split the same rows anew, so they are not independent: the variance is raised by the ratio "
    "of test rows to the rows that a split leaves for training, as Nadeau and Bengio (2003) do.",
    SAME_ROWS: "The repeats share test rows and training rows. Intervals cover the luck of the GAN, the classifier, "
    "the choice among these training rows, and the test rows; they do not speak of other training rows.",
}


@dataclass(frozen=True)
class Design:
    """How repeats depend on one another.

    Attributes
    ----------
    kind : str
        A key of `WORDS`.
    ratio : float
        What that adds to the variance of a mean, see `ganaug.evaluation.stats.estimate.Estimate`.
    """

    kind: str
    ratio: float = 0.0

    @property
    def shared_test(self) -> bool:
        """Whether all repeats are tested on the same rows."""
        return self.kind != REPEATED


def design_of(prepared: Mapping[str, Any], same_test: bool) -> Design:
    """Tell the design of a run.

    Parameters
    ----------
    prepared : mapping
        The content of ``reports/prepare.json``. Its ``mode`` says how `ganaug.data.splits.make_splits` split.
    same_test : bool
        Whether all repeats have the same test rows.
    """
    if prepared["mode"] == BENCHMARK:
        return Design(BENCHMARK)
    if same_test:  # a test set that the source brings, or a single repeat
        return Design(SAME_ROWS)
    ratios = []
    for repeat in prepared["repeats"].values():
        rows = {part: sum(of_class.values()) for part, of_class in repeat["rows"].items()}
        # Rows that `per_class` cut away would have been training rows: cutting makes repeats share fewer, not more.
        ratios.append(rows["test"] / max(rows["train"] + rows["pool"], 1))
    return Design(REPEATED, sum(ratios) / len(ratios))
