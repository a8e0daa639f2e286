"""Does the built-in classifier reach what a plain small ConvNet should on Fashion-MNIST?

Usage: python benchmarks/classifier_gates.py FOLDER [--steps 1000] [--arms real classical]
FOLDER holds the four idx files. Three disjoint training repeats, the 10,000 test images. Gates: Zhao et al. (2021).
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np

from ganaug.modalities.image.classical import ClassicalAugment
from ganaug.modalities.image.classifier import predict_proba, train_classifier
from ganaug.modalities.image.sources.idx import read_idx_pair

GATES = {10: 0.74, 20: 0.76, 50: 0.82}
REPEATS = 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--arms", nargs="+", choices=("real", "classical"), default=["real"])
    arguments = parser.parse_args()
    images, labels = read_idx_pair(arguments.folder, "train")
    tested, truth = read_idx_pair(arguments.folder, "t10k")
    generator = np.random.default_rng(0)
    of_class = [generator.permutation(np.flatnonzero(labels == code)) for code in range(10)]
    print("| arm | labels a class | accuracy of each repeat | mean | gate | s a run |\n|---|---|---|---|---|---|")
    for arm in arguments.arms:
        for count, gate in GATES.items():
            found, began = [], time.perf_counter()
            for repeat in range(REPEATS):
                rows = np.concatenate([order[repeat * count : (repeat + 1) * count] for order in of_class])
                model = train_classifier(
                    images[rows, :, :, None],
                    labels[rows].astype(np.int64),
                    10,
                    steps=arguments.steps,
                    augment=ClassicalAugment() if arm == "classical" else None,
                    seed=repeat,
                )
                found.append(float((predict_proba(model, tested[..., None]).argmax(1) == truth).mean()))
            seconds = (time.perf_counter() - began) / REPEATS
            each = ", ".join(f"{accuracy:.3f}" for accuracy in found)
            print(f"| {arm} | {count} | {each} | {np.mean(found):.3f} | {gate:.2f} | {seconds:.1f} |", flush=True)


if __name__ == "__main__":
    main()
