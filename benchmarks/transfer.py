"""What are rows translated from other rows worth to classes of one to three rows, beside what uses the same facts?

Usage: PYTHONPATH=. python benchmarks/transfer.py LOG.jsonl [--data glyphs icons] [--shots 1 3] [--repeats 10] [--lab]
           [--folder transfer-data] [--device cuda] [--together 10] [--part 0/2] [--minutes N] [--report]

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
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transfer_fit import Recipe, Rows, Training, asked, side_by_side, train_all
from transfer_judge import (
    BIASES,
    Options,
    Problem,
    class_means,
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
}
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


def fit_generators(wanted: Sequence[tuple[Problem, str, dict[str, Any]]], device: torch.device) -> None:
    """Fit generators, each for a problem, of a kind and a design, side by side."""
    jobs: list[Callable[[], Any]] = []
    for problem, kind, design in wanted:
        params = {"random_state": problem.seed, "device": str(device)} | design | KINDS[kind]
        groups = problem.task.styles if params.pop("grouped", False) else None
        augmenter = GANAugmenter(**params)
        jobs.append(partial(augmenter.fit, problem.task.images, problem.task.labels, groups=groups))
    with nothing_taught():
        fitted = side_by_side(jobs, device)
    for (problem, kind, _), augmenter in zip(wanted, fitted, strict=True):
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


def train(problems: Sequence[Problem], recipes: dict[str, tuple[Recipe, str | None, float]], options: Options) -> None:
    """Train a classifier of each recipe for each problem: its name, the generated rows it sees, their share."""
    for problem in problems:
        task = problem.task
        for name, (recipe, made, share) in recipes.items():
            known = task.common[task.labels] if name == "embedding" else np.ones(len(task.labels), bool)
            rows = Rows(task.images[known], task.labels[known])
            problem.trainings[name] = Training(
                rows, task.n_classes, recipe, problem.made[made] if made else None, share, options.steps, 64,
                problem.seed, options.device,
            )  # fmt: skip
    train_all([problem.trainings[name] for problem in problems for name in recipes])
    for problem in problems:
        for name in recipes:
            if name != "embedding":
                network = problem.trainings.pop(name).network
                problem.scores[name] = standard(asked(network, problem.task.test_images, options.device))


def choose_versions(problem: Problem, options: Options) -> None:
    """Keep versions that lie nearest their own class, at most `KEPT` of each; a class of which none do keeps some."""
    task, made = problem.task, problem.made["versions"]
    means = class_means(embed(problem, task.images, options), task.labels, task.n_classes)
    own = embed(problem, made.images, options) @ means.T
    right = (own.argmax(1).cpu().numpy() == made.labels).astype(int)
    chosen: list[int] = []
    some: list[int] = []
    for c in np.flatnonzero(task.rare):
        at = np.random.default_rng(problem.seed).permutation(np.flatnonzero(made.labels == c))
        good = at[right[at] == 1]
        chosen += (good if len(good) >= 20 else at)[:KEPT].tolist()
        some += at[:KEPT].tolist()
    problem.made["chosen"] = Rows(made.images[chosen], made.labels[chosen])
    problem.made["versions"] = Rows(made.images[some], made.labels[some])


def prepare(
    problems: Sequence[Problem], options: Options, arms: dict[str, tuple[Recipe, str | None, float]],
    plain: Sequence[str] | None = None,
) -> None:  # fmt: skip
    """Train all that is not a generator, and score."""
    train(
        problems,
        {"embedding": (Recipe(), None, 0.0)} | {name: (PLAIN[name], None, 0.0) for name in (plain or PLAIN)},
        options,
    )
    for problem in problems:
        make_versions(problem)
        choose_versions(problem, options)
    train(problems, arms, options)
    for problem in problems:
        judge_by_embedding(problem, options)
        join(problem)
        problem.trainings.clear()


def report_batch(keys: Sequence[dict[str, Any]], folder: Path, options: Options) -> list[dict[str, Any]]:
    """Measure some repeats side by side."""
    began = time.monotonic()
    mains, tunings = [], []
    for key in keys:
        seed = 1000 * key["shots"] + key["repeat"]
        task = draw(folder, key["data"], key["shots"], key["repeat"], lab=False)
        mains.append(Problem(task, seed))
        tunings.append(Problem(held_out(task, key["shots"], seed), seed + 1))
    fit_generators([(problem, "translation", options.params) for problem in [*mains, *tunings]], options.device)
    others = ("without discriminator", "latent")
    fit_generators([(problem, kind, options.params) for problem in mains for kind in others], options.device)
    fitted = time.monotonic()
    arms = {name: (recipe, made, options.share) for name, (recipe, made) in MADE.items()}
    prepare(tunings, options, arms)
    rivals = {f"light + {kind}": (Recipe(), kind, options.share) for kind in ("without discriminator", "latent")}
    prepare(mains, options, arms | rivals)
    gates = gate(keys, folder, options)
    ended = time.monotonic()
    seconds = {"generators": fitted - began, "all": ended - began, "together": len(keys)}
    return [
        key | {"arms": outcome(main, tuning), "gate": real, "seconds": seconds, "share": options.share}
        for key, main, tuning, real in zip(keys, mains, tunings, gates, strict=True)
    ]


def gate(keys: Sequence[dict[str, Any]], folder: Path, options: Options) -> list[dict[str, Any]]:
    """Return what more real rows of the rare classes bring to the plain classifier, without a bias."""
    found: list[dict[str, Any]] = [{} for _ in keys]
    problems = [
        (i, more, Problem(draw(folder, key["data"], key["shots"], key["repeat"], lab=False, more=more), 77))
        for (i, key), more in product(enumerate(keys), REAL)
    ]
    train([problem for _, _, problem in problems], {"light": (Recipe(), None, 0.0)}, options)
    for i, more, problem in problems:
        found[i][str(more)] = rounded(curve(problem.task, problem.scores["light"])[len(BIASES) // 2])
    return found


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


def lab_batch(keys: Sequence[dict[str, Any]], folder: Path, options: Options) -> list[dict[str, Any]]:
    """Try designs of the generator on lab tasks, side by side; test rows of the lab choose the bias."""
    problems = [
        Problem(draw(folder, key["data"], key["shots"], key["repeat"], lab=True), key["repeat"]) for key in keys
    ]
    designs = [DESIGNS[key["design"]] | options.params for key in keys]
    began = time.monotonic()
    fit_generators(
        [(problem, "translation", design) for problem, design in zip(problems, designs, strict=True)], options.device
    )
    fitted = time.monotonic()
    arms: dict[str, tuple[Recipe, str | None, float]] = {
        f"light + versions {share:g}": (Recipe(), "versions", share) for share in SHARES
    } | {"light + chosen versions": (Recipe(), "chosen", 0.5)}
    prepare(problems, options, arms, plain=("light",))
    found = []
    for key, problem in zip(keys, problems, strict=True):
        best = {}
        for name, scores in problem.scores.items():
            tested = curve(problem.task, scores)
            best[name] = rounded(tested[middle(tested[:, 2])])
        kept = len(problem.made["chosen"].labels) / len(problem.made["versions"].labels)
        seconds = {"generators": fitted - began, "all": time.monotonic() - began, "together": len(keys)}
        found.append(key | {"best": best, "kept": round(kept, 3), "seconds": seconds})
    return found


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
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--together", type=int, default=10, help="repeats at a time, on a GPU")
    parser.add_argument("--part", default="0/1", help="i/n: every n-th batch, for several processes")
    parser.add_argument("--minutes", type=float, default=1e6, help="start no batch that would end later")
    parser.add_argument("--steps", type=int, default=800, help="of a classifier")
    parser.add_argument("--gan-steps", type=int, help="in place of the design's")
    parser.add_argument("--report", action="store_true", help="print what the log holds")
    arguments = parser.parse_args()
    began, device = time.monotonic(), torch.device(arguments.device)
    done = [json.loads(line) for line in arguments.log.read_text().splitlines()] if arguments.log.exists() else []
    design, share = chosen_design([r for r in done if r["lab"]])
    params: dict[str, Any] = {} if arguments.gan_steps is None else {"steps": arguments.gan_steps}
    if not arguments.lab:
        params = DESIGNS[design] | params
        print(f"design {design}, share {share:g}", flush=True)
    todo = [] if arguments.report else [k for k in jobs_of(arguments) if not any(k.items() <= r.items() for r in done)]
    batches = [todo[i : i + arguments.together] for i in range(0, len(todo), arguments.together)]
    part, parts = map(int, arguments.part.split("/"))
    longest = 0.0
    for batch in batches[part::parts]:
        started = time.monotonic()
        if started - began + longest > 60 * arguments.minutes:
            print("out of time", flush=True)
            break
        measure = lab_batch if arguments.lab else report_batch
        found = measure(batch, arguments.folder, Options(device, arguments.steps, params, share))
        if not arguments.lab:
            found = [result | {"design": design} for result in found]
        with arguments.log.open("a") as file:
            file.writelines(json.dumps(result) + "\n" for result in found)
        longest = max(longest, time.monotonic() - started)
        print(f"{batch[0]} and {len(batch) - 1} more: {time.monotonic() - started:.0f} s", flush=True)
        done += found
    (show_lab if arguments.lab else show)([r for r in done if r["lab"] == arguments.lab])


if __name__ == "__main__":
    main()
