"""Are samples worth more to a classifier that is trained for longer? Three times the steps of quality.py in each arm.

    python benchmarks/longer.py FOLDER [--rows 20] [--repeats 5] [--steps 3000] [--strength 1.0]
                               [--workers 2] [--log longer.jsonl]

FOLDER holds the four idx files of Fashion-MNIST; rows, repeats and arms without a GAN are those of quality.py. The arm
mixup_gan fills half of each batch with samples as they come, 1,000 a class from each of two augmenters that differ in
their random state, where quality.py takes a quarter of 200 selected ones: long trainings have use for more.
Accuracies are means of two classifiers.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from jobs import run_all
from quality import MIXUP, SAMPLES, SEEDS, difference, load, repeats, right, tested, trained

from ganaug import GANAugmenter
from ganaug.modalities.image.classical import ClassicalAugment

SHARE, GANS = 0.5, 2
ARMS = {"mixup_gan": MIXUP, "mixup": MIXUP, "classical": 0.0}  # how much each is mixed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rows", nargs="+", type=int, default=[20])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--steps", type=int, default=3000, help="of every classifier")
    parser.add_argument("--strength", type=float, default=1.0, help="of the classical augmentation, in every arm")
    parser.add_argument("--workers", type=int, default=2, help="arms at a time, a thread each")
    parser.add_argument("--log", type=Path, default=Path("longer.jsonl"))
    arguments = parser.parse_args()
    jobs = [
        (
            {"rows": count, "repeat": repeat, "steps": arguments.steps, "strength": arguments.strength, "arm": arm},
            (arguments.folder, count, repeat, arguments.steps, arguments.strength, arm),
        )
        for count in arguments.rows
        for arm in ARMS
        for repeat in range(arguments.repeats)
    ]
    done = run_all(one_arm, jobs, arguments.log, arguments.workers)
    labels = load("fashion", arguments.folder).test[1]
    print(f"| rows a class | repeats | {' | '.join(ARMS)} | gain [95 %] |\n|{'---|' * (len(ARMS) + 3)}")
    for count in arguments.rows:
        runs = [
            {r["arm"]: r["right"] for r in done if (r["rows"], r["repeat"]) == (count, repeat)}
            for repeat in range(arguments.repeats)
        ]
        means = {arm: float(np.mean([right(r[arm], labels).mean() for r in runs])) for arm in ARMS}
        reference = max(("classical", "mixup"), key=means.__getitem__)
        shown = " | ".join(f"{mean:.3f}" for mean in means.values())
        print(f"| {count} | {len(runs)} | {shown} | {difference(runs, 'mixup_gan', reference, labels)} |")


def one_arm(folder: Path, count: int, repeat: int, steps: int, strength: float, arm: str) -> dict[str, Any]:
    """Fit and sample, if the arm has a GAN, and train its classifiers."""
    data = load("fashion", folder)
    rows, _ = repeats(data.labels, count)[repeat]
    images, labels = data.images[rows], data.labels[rows]
    for gan in range(GANS if arm == "mixup_gan" else 0):
        augmenter = GANAugmenter(random_state=repeat + 1000 * gan).fit(data.images[rows], data.labels[rows])
        more = augmenter.sample(per_class=SAMPLES)
        images, labels = (np.concatenate(pair) for pair in zip((images, labels), more, strict=True))
    synthetic = np.arange(len(images)) >= len(rows)
    augment = ClassicalAugment(strength=strength)
    how: dict[str, Any] = {"augment": augment, "mixup": ARMS[arm], "steps": steps, "share": SHARE}
    models = [trained(images, labels, 10, synthetic, repeat + 1000 * s, **how) for s in range(SEEDS)]
    return {"right": tested(models, *data.test)}


if __name__ == "__main__":
    main()
