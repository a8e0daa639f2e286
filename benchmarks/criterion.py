"""Is the generator that a criterion chooses better than the last one? The same training, chosen from in three ways.

    python benchmarks/criterion.py FOLDER [--rows 20] [--validation 5] [--repeats 2] [--workers 2] [--log FILE]

FOLDER holds the four idx files of Fashion-MNIST. The criterion sees so many validation rows a class, which no training
and no test sees. chosen: the share of training after which the chosen state was reached. hit: class hit rate under a
judge trained on all training rows; synthetic, mixup_gan: accuracy of classifiers as in quality.py.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from jobs import run_all
from quality import KEPT, MIXUP, SAMPLES, SEEDS, accuracy, load, repeats, train_judge, trained
from safetensors.torch import load_file

from ganaug import GANAugmenter
from ganaug.modalities.image.classical import ClassicalAugment
from ganaug.modalities.image.classifier import SmallCNN

CRITERIA = ("none", "kid", "accuracy")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rows", type=int, default=20)
    parser.add_argument("--validation", type=int, default=5)
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--log", type=Path, default=Path("criterion.jsonl"))
    arguments = parser.parse_args()
    judge = arguments.log.with_suffix(".judge.safetensors")
    train_judge(load("fashion", arguments.folder), judge)
    key = {"rows": arguments.rows, "validation": arguments.validation}
    jobs = [
        (
            {**key, "repeat": repeat, "criterion": criterion},
            (arguments.folder, *key.values(), repeat, criterion, judge),
        )
        for repeat in range(arguments.repeats)
        for criterion in CRITERIA
    ]
    done = run_all(one_choice, jobs, arguments.log, arguments.workers)
    print("| criterion | repeat | chosen | hit | synthetic | mixup_gan |\n|---|---|---|---|---|---|")
    for run in sorted(done, key=lambda r: (CRITERIA.index(r["criterion"]), r["repeat"])):
        shown = " | ".join(f"{run[name]:.3f}" for name in ("chosen", "hit", "synthetic", "mixup_gan"))
        print(f"| {run['criterion']} | {run['repeat']} | {shown} |")


def one_choice(folder: Path, count: int, spare: int, repeat: int, criterion: str, judged: Path) -> dict[str, Any]:
    """Fit, let the criterion choose, and judge samples."""
    data = load("fashion", folder)
    rows, others = repeats(data.labels, count)[repeat]
    images, labels = data.images[rows], data.labels[rows]
    codes = data.labels[others]
    seen = np.concatenate([others[codes == code][:spare] for code in range(10)])
    augmenter = GANAugmenter(random_state=repeat, criterion=criterion)
    augmenter.fit(images, labels, validation=(data.images[seen], data.labels[seen]))
    looks = augmenter.history_.get("criterion")
    last = augmenter.history_["step"].iloc[-1]
    chosen = last if looks is None else augmenter.history_["step"][looks.idxmin()]
    judge = SmallCNN(images.shape[1:], 10)
    judge.load_state_dict(load_file(judged))
    fakes, wanted = augmenter.sample(per_class=SAMPLES)
    kept, kept_labels = augmenter.augment(images, labels, ratio=KEPT / count)
    both: dict[str, Any] = {"augment": ClassicalAugment(), "mixup": MIXUP}
    arms = {"synthetic": (fakes, wanted, {}), "mixup_gan": (kept, kept_labels, both)}
    result = {"chosen": float(chosen / last), "hit": accuracy(judge.eval(), fakes, wanted)}
    for arm, (x, y, how) in arms.items():
        synthetic = np.arange(len(x)) >= (0 if arm == "synthetic" else len(images))
        models = [trained(x, y, 10, synthetic, repeat + 1000 * s, **how) for s in range(SEEDS)]
        result[arm] = float(np.mean([accuracy(model, *data.test) for model in models]))
    return result


if __name__ == "__main__":
    main()
