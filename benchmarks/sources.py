"""What are unlabelled rows, a model of other classes and declared invariances worth, each on its own?

    python benchmarks/sources.py FOLDER [--rows 10] [--repeats 3] [--workers 2] [--log sources.jsonl]

FOLDER holds the four idx files of Fashion-MNIST. The scarce classes are the last five, with so many rows each; the
first five have 500 each and train the model that warm starts begin from. All are compared with plain fitting of the
same number of steps: class hit rate of unfiltered samples under a judge trained on every training row of the five
classes, accuracy of a classifier trained on samples only (synthetic), and of one trained on real and kept samples
(gan). Beside the unlabelled arm (1,000 rows) stand pseudo-labels: a classifier of the real rows labels them, and a
second one is trained on both.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from jobs import run_all
from quality import Data, Images, Labels, accuracy, difference, load, right, tested, train_judge, trained
from safetensors.torch import load_file

from ganaug import GANAugmenter
from ganaug.modalities.image.augment import SAFE
from ganaug.modalities.image.classifier import SmallCNN, predict_proba, train_classifier

WAYS = ("plain", "unlabelled", "warm_start", "flips", "no_invariances")
UNLABELLED, RICH, SYNTHETIC = 1000, 500, 200


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rows", type=int, default=10)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--workers", type=int, default=2, help="fits at a time, a thread each")
    parser.add_argument("--log", type=Path, default=Path("sources.jsonl"))
    arguments = parser.parse_args()
    base, judge = arguments.log.with_suffix(".base"), arguments.log.with_suffix(".judge.safetensors")
    data = load("fashion", arguments.folder)
    if not base.exists():
        rich = np.concatenate([np.flatnonzero(data.labels == code)[:RICH] for code in range(5)])
        GANAugmenter(random_state=0, verbose="other classes").fit(data.images[rich], data.labels[rich]).save(base)
    scarce = data.labels >= 5
    tested = data.test[1] >= 5
    test = data.test[0][tested], data.test[1][tested] - 5
    train_judge(Data(data.images[scarce], data.labels[scarce] - 5, test), judge)
    jobs = [
        (
            {"rows": arguments.rows, "repeat": repeat, "way": way},
            (arguments.folder, arguments.rows, repeat, way, base, judge),
        )
        for repeat in range(arguments.repeats)
        for way in WAYS
    ]
    labels = load("fashion", arguments.folder).test[1]
    print(table(run_all(one_fit, jobs, arguments.log, arguments.workers), labels[labels >= 5] - 5))


def one_fit(folder: Path, count: int, repeat: int, way: str, base: Path, judged: Path) -> dict[str, Any]:
    """Fit in one way to the rows of one repeat, and see what its samples are worth."""
    data = load("fashion", folder)
    random = np.random.default_rng(100 + repeat)
    orders = [random.permutation(np.flatnonzero(data.labels == code)) for code in range(5, 10)]
    rows = np.concatenate([order[:count] for order in orders])
    more = data.images[np.concatenate([order[-UNLABELLED // 5 :] for order in orders])]
    images, labels = data.images[rows], data.labels[rows]
    tested = data.test[1] >= 5
    test = data.test[0][tested], data.test[1][tested] - 5
    options: dict[str, Any] = {
        "warm_start": {"warm_start": base},
        "flips": {"invariances": (*SAFE, "flip_horizontal")},
        "no_invariances": {"invariances": ()},
    }.get(way, {})
    augmenter = GANAugmenter(random_state=repeat, **options).fit(images, labels, more if way == "unlabelled" else None)
    fakes, wanted = augmenter.sample(per_class=SYNTHETIC)
    kept, kept_labels = augmenter.augment(images, labels, ratio=SYNTHETIC / count)
    judge = SmallCNN(images.shape[1:], 5)
    judge.load_state_dict(load_file(judged))
    result = {
        "hit": accuracy(judge.eval(), fakes, wanted - 5),
        "synthetic": worth(fakes, wanted, None, test, repeat),
        "gan": worth(kept, kept_labels, len(images), test, repeat),
    }
    if way == "plain":
        result["real"] = worth(images, labels, None, test, repeat)
        teacher = train_classifier(images, labels - 5, 5, seed=repeat)
        guessed = predict_proba(teacher, more).argmax(1) + 5
        both = np.concatenate([images, more]), np.concatenate([labels, guessed])
        result["pseudo_labels"] = worth(*both, len(images), test, repeat)
    return result


def worth(images: Images, labels: Labels, real: int | None, test: tuple[Images, Labels], repeat: int) -> list[str]:
    """Return which test rows two classifiers get right; the first ``real`` rows, if any, fill a share of each batch."""
    synthetic = np.arange(len(images)) >= (len(images) if real is None else real)
    models = [trained(images, labels - 5, 5, synthetic, repeat + 1000 * s) for s in range(2)]
    return tested(models, *test)


def table(results: list[dict[str, Any]], labels: Labels) -> str:
    """Lay out means over repeats as Markdown, with paired differences from plain fitting."""
    plain = sorted((r for r in results if r["way"] == "plain"), key=lambda r: r["repeat"])
    lines = ["| way | hit | synthetic | gan | gan minus plain [95 %] |", "|---|---|---|---|---|"]
    for way in WAYS:
        runs = sorted((r for r in results if r["way"] == way), key=lambda r: r["repeat"])
        pairs = [{"this": r["gan"], "plain": p["gan"]} for r, p in zip(runs, plain, strict=True)]
        means = [np.mean([r["hit"] for r in runs]), *(_mean(runs, name, labels) for name in ("synthetic", "gan"))]
        shown = " | ".join(f"{mean:.3f}" for mean in means)
        lines.append(f"| {way} | {shown} | {difference(pairs, 'this', 'plain', labels).split(': ')[1]} |")
    arms = ", ".join(f"{name} {_mean(plain, name, labels):.3f}" for name in ("real", "pseudo_labels"))
    return "\n".join([*lines, "", f"Without a GAN: {arms}."])


def _mean(runs: list[dict[str, Any]], name: str, labels: Labels) -> float:
    return float(np.mean([right(r[name], labels).mean() for r in runs]))


if __name__ == "__main__":
    main()
