"""How long until samples are good? Fits of growing budgets, and of networks of several widths, on both cores.

    python benchmarks/time_to_quality.py FOLDER [--steps 200 400 800 1600] [--widths 64] [--repeats 2] [--rows 20]
                                         [--log time.jsonl]

FOLDER holds the four idx files of Fashion-MNIST. A budget is a whole training, since the learning rate falls with it.
Seconds are of the fit alone, one after another, on an otherwise idle machine; the other columns are as in quality.py.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np
from jobs import run_all
from quality import SAMPLES, SEEDS, accuracy, load, quality, repeats, train_judge, trained
from safetensors.torch import load_file
from torch import set_num_threads

from ganaug import GANAugmenter
from ganaug.modalities.image.classifier import SmallCNN

CORES = 2
SHOWN = ("hit", "coverage", "synthetic")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--steps", nargs="+", type=int, default=[200, 400, 800, 1600])
    parser.add_argument("--widths", nargs="+", type=int, default=[64], help="of both networks")
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--rows", type=int, default=20)
    parser.add_argument("--log", type=Path, default=Path("time.jsonl"))
    arguments = parser.parse_args()
    judge = arguments.log.with_suffix(".judge.safetensors")
    train_judge(load("fashion", arguments.folder), judge)
    budgets = [(width, steps) for width in arguments.widths for steps in arguments.steps]
    jobs = [
        (
            {"rows": arguments.rows, "width": width, "steps": steps, "repeat": repeat},
            (arguments.folder, arguments.rows, width, steps, repeat, judge),
        )
        for repeat in range(arguments.repeats)
        for width, steps in budgets
    ]
    done = run_all(one_budget, jobs, arguments.log, workers=1)
    print(f"| width | steps | seconds | {' | '.join(SHOWN)} |\n|{'---|' * (len(SHOWN) + 3)}")
    for width, steps in budgets:
        runs = [r for r in done if (r["width"], r["steps"]) == (width, steps)]
        seconds, *means = (np.mean([r[name] for r in runs]) for name in ("seconds", *SHOWN))
        print(f"| {width} | {steps} | {seconds:.0f} | {' | '.join(f'{mean:.3f}' for mean in means)} |")


def one_budget(folder: Path, count: int, width: int, steps: int, repeat: int, judged: Path) -> dict[str, Any]:
    """Fit networks of a width for so many steps, and judge samples."""
    set_num_threads(CORES)
    data = load("fashion", folder)
    rows, others = repeats(data.labels, count)[repeat]
    images, labels = data.images[rows], data.labels[rows]
    judge = SmallCNN(data.images.shape[1:], 10)
    judge.load_state_dict(load_file(judged))
    began = time.perf_counter()
    augmenter = GANAugmenter(steps=steps, width=width, random_state=repeat).fit(images, labels)
    seconds = time.perf_counter() - began
    fakes, wanted = augmenter.sample(per_class=SAMPLES)
    models = [trained(fakes, wanted, 10, np.ones(len(fakes), bool), repeat + 1000 * s) for s in range(SEEDS)]
    judged_so = quality(judge.eval(), images, labels, fakes, wanted, data.images[others])
    return {
        "seconds": seconds,
        **{name: value for name, value in judged_so.items() if name in SHOWN},
        "synthetic": float(np.mean([accuracy(model, *data.test) for model in models])),
    }


if __name__ == "__main__":
    main()
