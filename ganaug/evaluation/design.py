"""How the draws of a run depend on one another, and so what their spread can tell."""

from __future__ import annotations

from dataclasses import dataclass

from ganaug.evaluation.results import Results, real_rows, without_oracle

BENCHMARK, REPEATED, SAME_ROWS = "benchmark", "repeated", "same_rows"
WORDS = {
    BENCHMARK: "The draws train on rows of their own and share one test set: they are independent given that test set. "
    "Intervals are Student's t over draws and speak of other training rows of the same kind.",
    REPEATED: "All draws split the same rows anew, so they are not independent: the variance is raised by the ratio of "
    "test to training rows, as Nadeau and Bengio (2003) do. Student's t with one degree of freedom less than draws.",
    SAME_ROWS: "The draws share test rows and training rows. Intervals are Student's t over draws and cover the luck "
    "of the GAN, the classifier and the choice among these rows; they do not speak of other rows.",
}


@dataclass(frozen=True)
class Design:
    """How draws relate.

    Attributes
    ----------
    kind : str
        A key of `WORDS`.
    ratio : float
        What dependence adds to the variance of a mean, see `ganaug.evaluation.statistics.estimate`.
    """

    kind: str
    ratio: float


def design_of(results: Results, mode: str) -> Design:
    """Tell the design of a run.

    Parameters
    ----------
    results : mapping
        Of one classifier.
    mode : str
        How `ganaug.data.splits.make_splits` split: ``benchmark`` (disjoint training rows) or ``repeated``.
    """
    if mode == BENCHMARK:
        return Design(BENCHMARK, 0.0)
    found = [result for each in without_oracle(results).values() for result in each]
    if len({result["test_ids"] for result in found}) == 1:  # a test set that the source brings, or a single draw
        return Design(SAME_ROWS, 0.0)
    trained = max(float(real_rows(each).mean()) for each in without_oracle(results).values())
    rows = sum(result["test"]["n"] for result in found) / len(found)
    return Design(REPEATED, rows / max(trained, 1.0))
