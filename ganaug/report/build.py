"""From a finished run to its numbers, plots and page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from ganaug.config import Params
from ganaug.evaluation.downstream.arms import RealRows, resolved
from ganaug.evaluation.fidelity import average
from ganaug.evaluation.groups import read_held_out
from ganaug.evaluation.guards import check_run, unproved
from ganaug.evaluation.memorisation import memorisation
from ganaug.evaluation.results import Results, read_results, without_oracle
from ganaug.evaluation.summary import summarise
from ganaug.report.cells import cells_section
from ganaug.report.copies import copies_section
from ganaug.report.facts import data_section
from ganaug.report.fidelity import fidelity_section
from ganaug.report.gallery import classes_section
from ganaug.report.methods import methods_section
from ganaug.report.numbers import numbers_section
from ganaug.report.overview import overview
from ganaug.report.page import page
from ganaug.report.rare import rare_section
from ganaug.report.recall import recall_section
from ganaug.report.run import Run, read_run
from ganaug.report.selection import selection_section
from ganaug.report.training import training_section
from ganaug.synthesis.filters import named_filters
from ganaug.utils.files import atomic_path, write_json
from ganaug.utils.words import counted

ARM_COLUMNS = ("balanced_accuracy", "accuracy", "macro_f1")
TRAINING_COLUMNS = ["step", "loss_discriminator", "loss_generator", "real_logits", "fake_logits"]


def build_report(params: Params, folder: str | Path = ".", out: str | Path = "reports") -> dict[str, Any]:
    """Write the report of a finished run and print its numbers.

    Written to ``out``:

    - ``metrics.json``: the verdict and its numbers, see docs/metrics.md.
    - ``plots/arms.csv``: of the deciding classifier: arm, repeat, balanced_accuracy, accuracy, macro_f1, on test rows.
    - ``plots/training.csv``: repeat, step, loss_discriminator, loss_generator, real_logits, fake_logits.
    - ``report.html``: one page that needs no network.

    The same run gives the same bytes.

    Parameters
    ----------
    params : Params
        Parameters of the run; its repeats and arms are reported, and no others that may lie about.
    folder : path-like, default="."
        Where the pipeline ran: holds ``data``, ``models``, ``eval`` and ``reports`` of its stages.
    out : path-like, default="reports"
        Where to write, relative to ``folder``.

    Returns
    -------
    dict
        The content of ``metrics.json``.

    Raises
    ------
    DataError
        If a stage's file is missing or damaged, or arms cannot be compared.
    """
    folder, out = Path(folder), Path(folder, out)
    run = read_run(
        params.repeats,
        splits=folder / "data/splits",
        synthetic=folder / "data/synthetic",
        models=folder / "models/gan",
        generated=folder / "reports/generate",
        fidelity=folder / "eval/fidelity",
        prepared=folder / "reports/prepare.json",
    )
    evaluate = resolved(params.evaluate, run.schema, [RealRows(repeat.labels, repeat.groups) for repeat in run.repeats])
    results = {
        classifier: read_results(folder / "eval", evaluate.arms, params.repeats, classifier)
        for classifier in evaluate.classifiers
    }
    held_out = [read_held_out(folder / f"data/splits/{repeat}") for repeat in params.repeats]
    summary = summarise(results, run.prepared, check_run(folder, params.repeats, run.rows), held_out)
    summary["unproved"] = unproved(folder, params.repeats, run.rows)
    summary |= memorisation(folder, params.repeats, params.report.membership, run.rows)
    summary["fidelity"] = average([repeat.fidelity["overall"] for repeat in run.repeats])
    arms = without_oracle(results[summary["classifier"]])
    write_json(out / "metrics.json", summary)
    _write_csv(out / "plots/arms.csv", _arm_rows(arms))
    _write_csv(out / "plots/training.csv", _training_rows(run))
    with atomic_path(out / "report.html") as temporary:
        temporary.write_text(_document(run, arms, summary, params), encoding="utf-8", newline="\n")
    print(_printed(summary), f"Report: {out / 'report.html'}", sep="\n")
    return summary


def _document(run: Run, results: Results, summary: dict[str, Any], params: Params) -> str:
    title = params.report.title or Path(params.prepare.source).name
    return page(
        f"{title}: ganaug report",
        overview=overview(run, results, summary, title),
        rare=rare_section(run, results, summary),
        cells=cells_section(run, summary),
        classes=classes_section(run),
        training=training_section(run),
        selection=selection_section(run, named_filters(params.generate.filters)),
        fidelity=fidelity_section(run, results, summary["metric"]),
        numbers=numbers_section(summary),
        recall=recall_section(run, results, summary),
        copies=copies_section(run, summary),
        data=data_section(run),
        methods=methods_section(run, results, summary, params),
    )


def _arm_rows(results: Results) -> pd.DataFrame:
    rows = [
        {"arm": arm, "repeat": result["repeat"], **{name: result["test"][name] for name in ARM_COLUMNS}}
        for arm, found in results.items()
        for result in found
    ]
    return pd.DataFrame(rows)


def _training_rows(run: Run) -> pd.DataFrame:
    parts = [repeat.history[TRAINING_COLUMNS].assign(repeat=repeat.number) for repeat in run.repeats]
    return pd.concat(parts, ignore_index=True)[["repeat", *TRAINING_COLUMNS]]


def _write_csv(path: Path, rows: pd.DataFrame) -> None:
    with atomic_path(path) as temporary:
        rows.to_csv(temporary, index=False, lineterminator="\n")


def _printed(summary: dict[str, Any]) -> str:
    """The arms with their intervals, the verdict and what to do, for the terminal."""
    words = summary["metric"].replace("_", " ")
    width = max(map(len, summary["per_arm"]))
    lines = [f"{'arm':<{width}}  {words}  95 % interval over {counted(summary['repeats'], 'repeat')}"]
    for name, arm in summary["per_arm"].items():
        mean = f"{100 * arm[summary['metric']]:.1f} %"
        interval = "-" if arm["low"] is None else f"{100 * arm['low']:.1f} to {100 * arm['high']:.1f} %"
        lines.append(f"{name:<{width}}  {mean:>{len(words)}}  {interval}")
    return "\n".join([*lines, *summary["statement"]])
