"""A finished run, fabricated on scikit-learn's digits; a class and a file have hostile names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from sklearn.datasets import load_digits
from small import embed

from ganaug.data.merge import merge
from ganaug.data.prepare import prepare
from ganaug.data.rows import Rows, digest, read_rows
from ganaug.evaluation.downstream.arms import ARMS, result_path
from ganaug.evaluation.fidelity import COMPARED, METRICS
from ganaug.metrics.classification import classification_metrics
from ganaug.metrics.nearest import nearest
from ganaug.metrics.thresholds import trade
from ganaug.modalities.rarity import rare_classes
from ganaug.synthesis.generate import write_candidates
from ganaug.synthesis.select import Candidates
from ganaug.utils.files import read_json, write_json

HOSTILE = "<script>alert('1')</script>"
REPEATS = (0, 1)
SITES = np.array(["east", "west", "<b>north</b>", "south", "up", "down"])
CLASSIFIERS = ("small_cnn", "sklearn.svm.SVC(C=10)")
SKILL = {
    "real": 0.60, "classical": 0.62, "mixup": 0.61, "gan": 0.72, "classical_gan": 0.76, "mixup_gan": 0.74,
    "unfiltered": 0.70, "shuffled": 0.58, "synthetic": 0.5,
}  # fmt: skip
ORACLE = {0.5: 0.68, 1.0: 0.75, 2.0: 0.83}  # share of more real rows, and what they make of the skill
STEPS = range(10, 201, 10)


def finish_run(folder: Path, long_tail: bool = False) -> None:
    """Write everything into ``folder`` that a run leaves there, but for its report.

    With a long tail the class of the hostile name has 3 training rows, others 30, all of six sites; the GAN
    translates, and makes rows of that class in the style of two of them.
    """
    digits = load_digits()
    images = (digits.images * 15.9).astype(np.uint8)
    names = np.array([HOSTILE, *(f"digit {k}" for k in range(1, 10))])
    sites = {"group": SITES[np.arange(len(images)) % len(SITES)]} if long_tail else {}
    np.savez(folder / "digits.npz", images=images, labels=names[digits.target], **sites)
    splits, report = folder / "data/splits", folder / "reports/prepare.json"
    per_class = {name: 3 if name == HOSTILE else 30 for name in names} if long_tail else 5
    prepare(
        folder / "digits.npz", out=splits, report=report, repeats=REPEATS, per_class=per_class, test=40, validation=5,
        groups="shared" if long_tail else "apart",
    )  # fmt: skip
    write_json(report, read_json(report) | {"rejected": [{"name": f"{HOSTILE}/1.png", "reason": HOSTILE}]})
    for repeat in REPEATS:
        rng = np.random.default_rng(repeat)
        train = read_rows(splits / str(repeat) / "train.parquet")
        _generate(folder, repeat, train, rng)
        merge(splits / str(repeat), folder / f"data/synthetic/{repeat}.parquet", folder / f"data/augmented/{repeat}")
        _train(folder / f"models/gan/{repeat}", digest(train.ids), rng, "translation" if long_tail else "latent")
        test = read_rows(splits / str(repeat) / "test.parquet")
        _evaluate(folder / "eval", repeat, test.labels, train.schema.classes, np.bincount(train.labels), rng)
        _compare(folder / f"eval/fidelity/{repeat}.json", repeat, train, rng)


def _generate(folder: Path, repeat: int, train: Rows, rng: np.random.Generator) -> None:
    images = np.clip(np.repeat(train.samples, 4, axis=0) + rng.normal(0, 25, (len(train) * 4, 8, 8, 1)), 0, 255)
    images = images.astype(np.uint8)
    distance, where = nearest(images, train.samples, embed)
    n = len(images)
    scores = {"nearest": where, "nearest_distance": distance} | {
        name: rng.uniform(size=n).astype(np.float32) for name in ("realism", "confidence", "density")
    }
    reasons = np.where(scores["confidence"] < 0.2, "confidence", "").astype(object)
    labels = np.repeat(np.array(train.schema.classes)[train.labels], 4)
    styles = np.where(labels == HOSTILE, SITES[np.arange(n) % 2 + 1], None) if train.groups is not None else None
    write_candidates(
        [Candidates(images, labels, scores, reasons, digest(train.ids), styles, np.repeat(train.ids, 4))],
        train,
        dict.fromkeys(train.schema.classes, 16),
        model="0f" * 16,
        out=folder / f"data/synthetic/{repeat}.parquet",
        report=folder / f"reports/generate/{repeat}.json",
        stage="generate",
    )


def _train(model: Path, rows: str, rng: np.random.Generator, generator: str) -> None:
    (model / "samples").mkdir(parents=True)
    saw = {"labelled": rows, "unlabelled": None, "validation": None, "warm_start": None}
    write_json(model / "config.json", {"trained_on": saw, "rules": {"generator": generator}})
    lines = ["step,loss_discriminator,loss_generator,penalty,real_logits,fake_logits,real_squares,fake_squares"]
    lines += [f"{step},0.{step},1.{step},0,{1 / step},{-1 / step},0.5,0.6" for step in STEPS]
    (model / "history.csv").write_text("\n".join(lines) + "\n")
    for step in (50, 100, 200):
        Image.fromarray(rng.integers(0, 256, (40, 80), dtype=np.uint8)).save(model / f"samples/{step:06d}.png")


def _evaluate(
    folder: Path,
    repeat: int,
    labels: NDArray[np.int64],
    classes: tuple[str, ...],
    trained: NDArray[np.int64],
    rng: np.random.Generator,
) -> None:
    common = {"repeat": repeat, "steps": 800, "batch_size": 64, "seed": repeat, "classes": list(classes)}
    common |= {"train_ids": f"{repeat:032d}", "test_ids": "cd" * 16, "setting": {"share": 0.25}, "trials": []}
    for classifier, strength in zip(CLASSIFIERS, (1.0, 0.9), strict=True):
        for arm, skill in SKILL.items():
            n_train = {"real": 50 * (arm != "synthetic"), "synthetic": 160 * ARMS[arm].synthetic}
            measured = _measure(labels, classes, trained, strength * skill, rng)
            about = {"arm": arm, "classifier": classifier, "n_train": n_train}
            write_json(result_path(folder, arm, repeat, classifier), common | about | measured)
        points = []
        for share, skill in ORACLE.items():
            measured = _measure(labels, classes, trained, strength * skill, rng)
            points.append({"share": share, "n_real": int(50 * (1 + share))} | measured)
        about = {"arm": "oracle", "classifier": classifier, "direction": "up", "points": points}
        write_json(result_path(folder, "oracle", repeat, classifier), common | about)


def _measure(
    labels: NDArray[np.int64],
    classes: tuple[str, ...],
    trained: NDArray[np.int64],
    skill: float,
    rng: np.random.Generator,
) -> dict[str, Any]:
    """The metrics of a classifier that is right about as often as ``skill`` says, on each class."""
    probabilities = rng.dirichlet(np.ones(len(classes)), len(labels)) * 0.1
    each = (skill + rng.normal(0, 0.03, len(classes)))[labels]
    right = np.arange(len(labels)) % 20 < 20 * each
    probabilities[np.arange(len(labels)), np.where(right, labels, (labels + 1) % len(classes))] += 0.9
    metrics = classification_metrics(labels, probabilities, classes)
    traded = trade(labels, probabilities, np.ones(len(classes)), trained, rare_classes(trained))
    return {"validation": metrics, "test": metrics, "trade": traded}


def _compare(path: Path, repeat: int, train: Rows, rng: np.random.Generator) -> None:
    """Fidelity; the last class was left with too few rows for a number."""
    classes = train.schema.classes

    def numbers(n: int) -> dict[str, object]:
        found = {which: {metric: rng.uniform() if n else None for metric in METRICS} for which in COMPARED}
        return {"rows": dict.fromkeys(("reference", *COMPARED), n), **found}

    content = {
        "repeat": repeat,
        "extractor": "in_domain",
        "features": 864,
        "most_rows": 5000,
        "neighbours": 5,
        "seed": repeat,
    }
    content |= {"overall": numbers(45), "per_class": {name: numbers(5 * (name != classes[-1])) for name in classes}}
    write_json(path, content | {"trained_on": digest(train.ids)})
