"""What are rows translated from other rows worth to classes of one to three rows, beside what uses the same facts?

Usage: PYTHONPATH=. python benchmarks/transfer.py LOG.jsonl [--data glyphs icons] [--shots 1 3] [--repeats 10] [--lab]
           [--quick] [--folder transfer-data] [--device cuda] [--part 0/2] [--minutes N] [--report]

Glyphs (36 characters, 12 of them rare; fonts by family) and icons (60 names, 20 of them rare; icon sets): see glyphs.py
and icons.py, which draw them. A repeat draws anew which classes are rare and which groups are tested. Rare classes have
one row or three, the others up to 150. Every classifier is a small ConvNet, 800 steps of 64 rows, with light affine
augmentation unless its name says otherwise. `prototypes` and `logistic` use an embedding, a network trained on the
common classes alone. `versions` are rows that the translating generator makes of the rare rows; `chosen` ones lie, in
the embedding, nearest their own class. `+` averages the standardised scores of two.

The trade between rare and common classes, a number added to the scores of rare ones, is tuned alike for every arm, and
so is which arm is used: on a third of the common classes, held out as if rare, and groups held out, in a training of
their own (`transfer_tasks.held_out`). Test rows choose nothing. --lab compares designs of the generator on other names
and other families, on their own test rows; the design with the best mean there makes the report's rows.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from transfer_fit import Recipe, Rows, Training, asked
from transfer_judge import (
    BIASES,
    Options,
    Problem,
    curve,
    embed,
    join,
    judge_by_embedding,
    middle,
    rounded,
    standard,
)
from transfer_report import show, show_lab
from transfer_tasks import draw, held_out

from ganaug import GANAugmenter
from ganaug.gan import cuda_graph
from ganaug.gan.losses import OBJECTIVES, Objective
from ganaug.modalities.embedding import class_means, unit

PLAIN = {
    "light": Recipe(),
    "strong": Recipe(strength=1.0),
    "mixup": Recipe(mixup=True),
    "adjusted": Recipe(balanced="never", adjusted=True),
    "delayed": Recipe(balanced="late"),
}
MADE = {
    "light + versions": (Recipe(), "versions"),
    "mixup + versions": (Recipe(mixup=True), "versions"),
    "delayed + versions": (Recipe(balanced="late"), "versions"),
    "light + chosen versions": (Recipe(), "chosen"),
}
DESIGNS: dict[str, dict[str, Any]] = {
    "base": {"steps": 1500},
    "longer": {"steps": 4000},
    "narrow": {"steps": 2000, "width": 32},
    "large batches": {"steps": 1500, "batch_size": 128},
    "bare": {"steps": 1500, "augmentation": "none"},
    "grouped": {"steps": 1500, "grouped": True},  # fonts and icon sets are told
    "quick": {"steps": 500, "width": 32, "batch_size": 32},  # what two shared cores do in a minute or two
}
RIVALS = ("without discriminator", "latent")  # other generators
EVERY_ARM = (*PLAIN, *MADE, *(f"light + {kind}" for kind in RIVALS))
QUICK, QUICK_DESIGN = ("light", "mixup", "light + versions", "mixup + versions"), ("quick", 0.5)
SHARES = (0.3, 0.5, 0.8)  # of a rare class's draws that are versions, in the lab
DRAWN, KEPT = 600, 300  # versions of a rare class
REAL = (3, 6, 150)  # real rows of each rare class, in the gate

NOTHING = "least_squares"  # a name that parameters may have, here for a game in which neither network tells anything


@contextmanager
def nothing_taught() -> Iterator[None]:
    """Let the objective called `NOTHING` be none."""
    before, known = OBJECTIVES[NOTHING], cuda_graph.KNOWN
    none = Objective(lambda real, fake: 0 * (fake - real).mean(), lambda real, fake: 0 * fake.mean())
    OBJECTIVES.register(NOTHING)(none)
    cuda_graph.KNOWN = (*known, str(nothing_taught.__module__).split(".")[0])
    try:
        yield
    finally:
        OBJECTIVES.register(NOTHING)(before)
        cuda_graph.KNOWN = known


KINDS: dict[str, dict[str, Any]] = {
    "translation": {"generator": "translation"},
    "without discriminator": {"generator": "translation", "objective": NOTHING, "penalty_weight": 0.0},
    "latent": {"generator": "latent"},
}


def fit_generator(problem: Problem, kind: str, design: dict[str, Any], device: torch.device) -> None:
    """Fit a generator of a kind and a design."""
    params = {"random_state": problem.seed, "device": str(device)} | design | KINDS[kind]
    groups = problem.task.styles if params.pop("grouped", False) else None
    with nothing_taught():
        augmenter = GANAugmenter(**params).fit(problem.task.images, problem.task.labels, groups=groups)
    problem.generators[kind] = augmenter


def make_versions(problem: Problem) -> None:
    """Make rows of the rare classes by each generator."""
    task = problem.task
    rare = np.flatnonzero(task.rare[task.labels])
    for kind, augmenter in problem.generators.items():
        if kind == "latent":
            images, labels = augmenter.sample(y=np.repeat(np.flatnonzero(task.rare), KEPT), random_state=problem.seed)
        else:
            each = DRAWN if kind == "translation" else KEPT
            counts = np.bincount(task.labels[rare], minlength=task.n_classes)
            versions = max(1, each // int(counts[task.rare].max()))
            images, labels = augmenter.vary(task.images[rare], task.labels[rare], versions, random_state=problem.seed)
        problem.made["versions" if kind == "translation" else kind] = Rows(images, labels)
    problem.generators.clear()


def train(problem: Problem, name: str, recipe: Recipe, made: Rows | None, options: Options) -> nn.Module:
    """Train a classifier; an embedding sees the common classes alone."""
    task = problem.task
    known = task.common[task.labels] if name == "embedding" else np.ones(len(task.labels), bool)
    rows = Rows(task.images[known], task.labels[known])
    return Training(
        rows, task.n_classes, recipe, made, options.share, options.steps, options.batch, problem.seed, options.device
    ).run()


def choose_versions(problem: Problem, options: Options) -> None:
    """Keep versions that lie nearest their own class, at most `KEPT` of each; a class of which none do keeps some."""
    task, made = problem.task, problem.made["versions"]
    embedding = embed(problem, options)
    means = unit(class_means(embedding(task.images), task.labels, task.n_classes))
    right = ((embedding(made.images) @ means.T).argmax(1) == made.labels).astype(int)
    chosen: list[int] = []
    some: list[int] = []
    for c in np.flatnonzero(task.rare):
        at = np.random.default_rng(problem.seed).permutation(np.flatnonzero(made.labels == c))
        good = at[right[at] == 1]
        chosen += (good if len(good) >= 20 else at)[:KEPT].tolist()
        some += at[:KEPT].tolist()
    problem.made["chosen"] = Rows(made.images[chosen], made.labels[chosen])
    problem.made["versions"] = Rows(made.images[some], made.labels[some])


def prepare(problem: Problem, arms: Sequence[str], options: Options) -> None:
    """Train all that is not a generator, and score."""
    task, device = problem.task, options.device
    problem.embedding = train(problem, "embedding", Recipe(), None, options)
    make_versions(problem)
    choose_versions(problem, options)
    recipes = {name: (recipe, None) for name, recipe in PLAIN.items()} | MADE
    recipes |= {f"light + {kind}": (Recipe(), kind) for kind in RIVALS if kind in problem.made}
    for name, (recipe, made) in recipes.items():
        if name in arms:
            network = train(problem, name, recipe, problem.made[made] if made else None, options)
            problem.scores[name] = standard(asked(network, task.test_images, device))
    judge_by_embedding(problem, options)
    join(problem)


def measure(key: dict[str, Any], folder: Path, arms: Sequence[str], options: Options) -> dict[str, Any]:
    """Measure a repeat."""
    began, seed = time.monotonic(), 1000 * key["shots"] + key["repeat"]
    task = draw(folder, key["data"], key["shots"], key["repeat"], lab=False)
    main, tuning = Problem(task, seed), Problem(held_out(task, key["shots"], seed), seed + 1)
    for problem in (main, tuning):
        fit_generator(problem, "translation", options.params, options.device)
    fitted = time.monotonic() - began
    for kind in RIVALS:
        if f"light + {kind}" in arms:
            fit_generator(main, kind, options.params, options.device)
    for problem in (main, tuning):
        prepare(problem, arms, options)
    gates = {}
    for more in REAL:
        better = Problem(draw(folder, key["data"], key["shots"], key["repeat"], lab=False, more=more), 77)
        scores = standard(asked(train(better, "light", Recipe(), None, options), task.test_images, options.device))
        gates[str(more)] = rounded(curve(better.task, scores)[len(BIASES) // 2])
    seconds = {"generator": round(fitted / 2, 1), "all": round(time.monotonic() - began, 1)}
    return key | {"arms": outcome(main, tuning), "gate": gates, "seconds": seconds, "share": options.share}


def outcome(main: Problem, tuning: Problem) -> dict[str, Any]:
    """Return of each arm what the bias chosen on the tuning task gives, what none gives, and the whole curve."""
    found = {}
    for name, scores in main.scores.items():
        tested = curve(main.task, scores)
        found[name] = {"untuned": rounded(tested[len(BIASES) // 2]), "curve": [rounded(p) for p in tested[::4, :2]]}
        if name in tuning.scores:
            tuned = curve(tuning.task, tuning.scores[name])
            best = middle(tuned[:, 2])
            found[name] |= {"tuned": rounded(tested[best]), "tuning": rounded(tuned[best]), "bias": float(BIASES[best])}
    return found


def try_design(key: dict[str, Any], folder: Path, options: Options) -> dict[str, Any]:
    """Try a design of the generator, and shares of its rows, on a lab task, whose test rows choose the bias."""
    began = time.monotonic()
    problem = Problem(draw(folder, key["data"], key["shots"], key["repeat"], lab=True), key["repeat"])
    fit_generator(problem, "translation", DESIGNS[key["design"]] | options.params, options.device)
    fitted = time.monotonic() - began
    prepare(problem, ("light",), options)
    task = problem.task
    for share in SHARES:
        network = train(problem, "", Recipe(), problem.made["versions"], replace(options, share=share))
        problem.scores[f"light + versions {share:g}"] = standard(asked(network, task.test_images, options.device))
    best = {}
    for name, scores in problem.scores.items():
        tested = curve(task, scores)
        best[name] = rounded(tested[middle(tested[:, 2])])
    seconds = {"generator": round(fitted, 1), "all": round(time.monotonic() - began, 1)}
    return key | {"best": best, "seconds": seconds}


def chosen_design(results: Sequence[dict[str, Any]]) -> tuple[str, float]:
    """Return the design and the share of versions with the best mean in the lab; the first ones if there was none."""
    values: dict[tuple[str, float], list[float]] = defaultdict(list)
    for result in results:
        for share in SHARES:
            values[result["design"], share].append(result["best"][f"light + versions {share:g}"][2])
    most = max(map(len, values.values()), default=0)
    means = {key: float(np.mean(each)) for key, each in values.items() if len(each) == most}
    return max(means, key=lambda key: means[key]) if means else ("base", 0.5)


def jobs_of(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """Return the keys of all measurements, in the order in which they are done."""
    each = list(product(arguments.shots, arguments.data))
    if arguments.lab:
        return [
            {"lab": True, "data": data, "shots": shots, "repeat": repeat, "design": design}
            for repeat, (shots, data), design in product(range(arguments.repeats), each, DESIGNS)
        ]
    return [
        {"lab": False, "data": data, "shots": shots, "repeat": repeat}
        for (shots, data), repeat in product(each, range(arguments.repeats))
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("log", type=Path)
    parser.add_argument("--folder", type=Path, default=Path("transfer-data"))
    parser.add_argument("--data", nargs="+", default=["glyphs", "icons"], choices=["glyphs", "icons"])
    parser.add_argument("--shots", nargs="+", type=int, default=[1, 3])
    parser.add_argument("--repeats", type=int, default=10)
    parser.add_argument("--lab", action="store_true", help="compare designs of the generator on lab tasks")
    parser.add_argument("--quick", action="store_true", help="fewer steps and arms, for a CPU, without a lab")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--part", default="0/1", help="i/n: every n-th measurement, for several processes")
    parser.add_argument("--minutes", type=float, default=1e6, help="start nothing that would end later")
    parser.add_argument("--steps", type=int, help="of a classifier")
    parser.add_argument("--gan-steps", type=int, help="in place of the design's")
    parser.add_argument("--report", action="store_true", help="print what the log holds")
    arguments = parser.parse_args()
    began = time.monotonic()
    done = [json.loads(line) for line in arguments.log.read_text().splitlines()] if arguments.log.exists() else []
    design, share = QUICK_DESIGN if arguments.quick else chosen_design([r for r in done if r["lab"]])
    params: dict[str, Any] = {} if arguments.gan_steps is None else {"steps": arguments.gan_steps}
    if not arguments.lab:
        params = DESIGNS[design] | params
    steps, batch, arms = (600, 32, QUICK) if arguments.quick else (800, 64, EVERY_ARM)
    options = Options(torch.device(arguments.device), arguments.steps or steps, batch, params, share)
    todo = [] if arguments.report else [k for k in jobs_of(arguments) if not any(k.items() <= r.items() for r in done)]
    part, parts = map(int, arguments.part.split("/"))
    longest = 0.0
    for key in todo[part::parts]:
        started = time.monotonic()
        if started - began + longest > 60 * arguments.minutes:
            print("out of time", flush=True)
            break
        if arguments.lab:
            result = try_design(key, arguments.folder, options)
        else:
            result = measure(key, arguments.folder, arms, options) | {"design": design}
        with arguments.log.open("a") as file:
            file.write(json.dumps(result) + "\n")
        longest = max(longest, time.monotonic() - started)
        print(f"{key}: {time.monotonic() - started:.0f} s", flush=True)
        done.append(result)
    (show_lab if arguments.lab else show)([r for r in done if r["lab"] == arguments.lab])


if __name__ == "__main__":
    main()
