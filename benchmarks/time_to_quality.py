"""How long until samples are good? Fits of growing budgets on both cores, each judged as in quality.py.

    python benchmarks/time_to_quality.py FOLDER [--steps 200 400 800 1600] [--draws 2] [--rows 20] [--log time.jsonl]

FOLDER holds the four idx files of Fashion-MNIST. A budget is a whole training, since the learning rate falls with it.
Seconds are of the fit alone, one after another, on an otherwise idle machine; hit and synthetic as in quality.py.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np
from jobs import run_all
from quality import SAMPLES, SEEDS, accuracy, draws, load, train_judge, trained
from safetensors.torch import load_file
from torch import set_num_threads

from ganaug import GANAugmenter
from ganaug.modalities.image.classifier import SmallCNN

CORES = 2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--steps", nargs="+", type=int, default=[200, 400, 800, 1600])
    parser.add_argument("--draws", type=int, default=2)
    parser.add_argument("--rows", type=int, default=20)
    parser.add_argument("--log", type=Path, default=Path("time.jsonl"))
    arguments = parser.parse_args()
    judge = arguments.log.with_suffix(".judge.safetensors")
    train_judge(load("fashion", arguments.folder), judge)
    jobs = [
        ({"rows": arguments.rows, "steps": steps, "draw": draw}, (arguments.folder, arguments.rows, steps, draw, judge))
        for draw in range(arguments.draws)
        for steps in arguments.steps
    ]
    done = run_all(one_budget, jobs, arguments.log, workers=1)
    print("| steps | seconds | hit | synthetic |\n|---|---|---|---|")
    for steps in arguments.steps:
        runs = [r for r in done if r["steps"] == steps]
        seconds, hit, synthetic = (np.mean([r[name] for r in runs]) for name in ("seconds", "hit", "synthetic"))
        print(f"| {steps} | {seconds:.0f} | {hit:.3f} | {synthetic:.3f} |")


def one_budget(folder: Path, count: int, steps: int, draw: int, judged: Path) -> dict[str, Any]:
    """Fit for so many steps, and judge samples."""
    set_num_threads(CORES)
    data = load("fashion", folder)
    rows, _ = draws(data.labels, count)[draw]
    judge = SmallCNN(data.images.shape[1:], 10)
    judge.load_state_dict(load_file(judged))
    began = time.perf_counter()
    augmenter = GANAugmenter(steps=steps, random_state=draw).fit(data.images[rows], data.labels[rows])
    seconds = time.perf_counter() - began
    fakes, wanted = augmenter.sample(per_class=SAMPLES)
    models = [trained(fakes, wanted, 10, np.ones(len(fakes), bool), draw + 1000 * s) for s in range(SEEDS)]
    return {
        "seconds": seconds,
        "hit": accuracy(judge.eval(), fakes, wanted),
        "synthetic": float(np.mean([accuracy(model, *data.test) for model in models])),
    }


if __name__ == "__main__":
    main()
