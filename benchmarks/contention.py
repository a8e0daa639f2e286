"""What a taken core costs: each part alone, and beside one busy process, in turns, on two cores.

    python benchmarks/contention.py [--turns 5]

A ratio of 1 is as fast as alone, 2 what is fair where both cores were used and one is taken. More means that threads
wait for one another. Other work on the two cores makes the ratios worthless; its share of them is printed first.
Threads are those that ganaug takes by itself: leave OMP_NUM_THREADS alone.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import chdir, contextmanager
from functools import partial

import numpy as np

from ganaug import GANAugmenter
from ganaug.config import EvaluateParams
from ganaug.data.prepare import prepare
from ganaug.evaluation.downstream.run import run_arms
from ganaug.metrics.distances import neighbourhood_metrics
from ganaug.synthesis.select import Selection

MOST = 2.2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=5)
    turns = parser.parse_args().turns
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:2])
    print(f"Taken by others before it began: {_taken():.0%} of all cores\n")
    print("| part | seconds alone | beside one busy process | ratio |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        for name, work in parts().items():
            work()  # imports, caches, worker processes
            alone, beside = [], []
            for _ in range(turns):
                alone.append(_seconds(work))
                with busy():
                    beside.append(_seconds(work))
            ratio = statistics.median(b / a for a, b in zip(alone, beside, strict=True))
            row = f"| {name} | {statistics.median(alone):.2f} | {statistics.median(beside):.2f} | {ratio:.2f} |"
            print(row + ("" if ratio <= MOST else f" more than {MOST}"), flush=True)


def parts() -> dict[str, Callable[[], object]]:
    """Return what is measured; it works in the current directory."""
    random = np.random.default_rng(0)
    images, labels = random.integers(0, 256, (200, 28, 28, 1), dtype=np.uint8), np.arange(200) % 10
    fitted = GANAugmenter(steps=4, random_state=0).fit(images, labels)
    for source, folder in (("digits", "images"), ("breast_cancer", "table")):
        os.mkdir(folder)  # noqa: PTH102
        with chdir(folder):
            prepare(source, repeats=(0,), per_class=20)
    features = random.random((2000, 64))
    return {
        "trainer, one GAN": lambda: GANAugmenter(steps=20, random_state=0).fit(images, labels),
        "sampling": lambda: fitted.sample(per_class=100, random_state=0),
        "sampling, scores and teacher": lambda: list(
            fitted.candidates(images, labels, dict.fromkeys(range(10), 10), Selection(filters=(), max_candidates=1.0))
        ),
        "evaluation, images": partial(_evaluate, "images", EvaluateParams(steps=150)),
        "evaluation, images, one job": partial(_evaluate, "images", EvaluateParams(steps=150, jobs=1)),
        "evaluation, table": partial(_evaluate, "table", EvaluateParams()),
        "evaluation, table, one job": partial(_evaluate, "table", EvaluateParams(jobs=1)),
        "neighbours": lambda: neighbourhood_metrics(features, features[::-1]),
    }


def _evaluate(folder: str, params: EvaluateParams) -> None:
    run_arms(f"{folder}/data/splits/0", ["real"], 0, params, out=f"{folder}/eval")


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


@contextmanager
def busy() -> Iterator[None]:
    """Run a process that never stops beside the block, on the same cores."""
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as process:
        time.sleep(0.1)
        try:
            yield
        finally:
            process.kill()


def _taken() -> float:
    """Return the share of all cores that is in use for two seconds."""
    try:
        before, after = _ticks(), (time.sleep(2), _ticks())[1]
    except OSError:  # no Linux
        return float("nan")
    total, idle = (a - b for a, b in zip(after, before, strict=True))
    return 1 - idle / max(1, total)


def _ticks() -> tuple[int, int]:
    """Return the time of all cores since the machine started, and the idle time among it."""
    with open("/proc/stat") as file:  # noqa: PTH123
        times = [int(value) for value in file.readline().split()[1:9]]
    return sum(times), times[3] + times[4]


if __name__ == "__main__":
    main()
