"""Does the verdict err as rarely as it says, and what does that cost? Simulated runs with crossed effects.

    python benchmarks/verdict.py [--rounds 1000] [--workers 2]

Two classifiers on one test set; what each makes of a row, of a repeat, and of both together adds up (the worlds of
tests/evaluation/stats). Four ways to conclude that the candidate is better, from an interval above 0:

- repeats: Student's t over repeats alone, at 95 %, as ganaug did before;
- both: repeats and test rows, at 95 %, looked at once, after 10 repeats;
- peeking: the same interval, looked at after 3, 5, 10, 20 and 40 repeats, until it excludes 0;
- advice: ganaug's own, looked at as its report advises, from 3 repeats to 40, against its least gain that matters.

Power: how often a gain of two points is found by one look after 10, 20 and 40 repeats at 95 %, by the same look where
it may be one of many, and by following the advice; and after how many repeats that ends.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np

sys.path.append(str(Path(__file__).parents[1] / "tests/evaluation/stats"))
from crossed import World, follow_advice

from ganaug.evaluation.stats.estimate import Estimate, estimate
from ganaug.evaluation.stats.looks import PLAN
from ganaug.evaluation.stats.paired import paired_gain
from ganaug.evaluation.verdict import ROPE

WORLDS = {
    "2,500 rows, 8 % disagree": World(2500, taste=0.25, noise=0.15, luck=0.02),
    "2,500 rows, 18 % disagree": World(2500, taste=0.6, noise=0.3, luck=0.02),
    "10,000 rows, 12 % disagree": World(10_000, taste=0.3, noise=0.3, luck=0.03),
    "120 rows, 14 % disagree": World(120, classes=4, taste=0.4, noise=0.3, luck=0.02),
    "600 rows, lucky repeats": World(600, taste=0.1, noise=0.5, luck=0.1),
}
LOOKS = (10, 20, 40)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=1000)
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args()
    with ProcessPoolExecutor(arguments.workers) as pool:
        shown(
            pool.map,
            false_alarms,
            arguments.rounds,
            "| equal classifiers | repeats | both | peeking | advice: HELPS, HARMS |",
        )
        powers = " | ".join(f"at {n}: alone, as a look" for n in LOOKS)
        shown(pool.map, power, arguments.rounds, f"| two points better | {powers} | advice: HELPS, mean repeats |")


def shown(apply: Callable[..., Iterator[str]], row: Callable[[str, int], str], rounds: int, head: str) -> None:
    print(head, "|---" * (head.count("|") - 1) + "|", sep="\n")
    for line in apply(row, WORLDS, [rounds] * len(WORLDS)):
        print(line, flush=True)
    print()


def above(found: Estimate, level: float = 0.05, least: float = 0.0) -> bool:
    return found.error is not None and found.mean - found.margin(level) > least


def false_alarms(name: str, rounds: int) -> str:
    """How often equal classifiers are told apart."""
    world, rng, counts = WORLDS[name], np.random.default_rng(0), np.zeros(5)
    for _ in range(rounds):
        first, second = world.run(max(PLAN), rng)
        looks = {n: paired_gain(first[:n], second[:n], world.y) for n in PLAN}
        advised, _ = follow_advice(first, second, world.y)
        counts += [
            above(estimate(first[:10].mean(1) - second[:10].mean(1))),
            above(looks[10]),
            any(map(above, looks.values())),
            advised == "HELPS",
            advised == "HARMS",
        ]
    repeats, both, peeking, helps, harms = (f"{100 * share:.1f} %" for share in counts / rounds)
    return f"| {name} | {repeats} | {both} | {peeking} | {helps}, {harms} |"


def power(name: str, rounds: int) -> str:
    """How often a gain of two points is found."""
    world, rng = better(WORLDS[name], 0.02), np.random.default_rng(1)
    alone, spent, helps, ended = np.zeros(len(LOOKS)), np.zeros(len(LOOKS)), 0, 0
    for _ in range(rounds):
        first, second = world.run(max(PLAN), rng)
        looks = [paired_gain(first[:n], second[:n], world.y) for n in LOOKS]
        alone += [above(look, 0.05, ROPE) for look in looks]
        spent += [above(look, look.alpha, ROPE) for look in looks]
        verdict, repeats = follow_advice(first, second, world.y)
        helps, ended = helps + (verdict == "HELPS"), ended + repeats
    cells = " | ".join(f"{100 * a / rounds:.0f} %, {100 * s / rounds:.0f} %" for a, s in zip(alone, spent, strict=True))
    return f"| {name} | {cells} | {100 * helps / rounds:.0f} %, {ended / rounds:.0f} |"


def better(world: World, gain: float) -> World:
    """Raise the candidate's margin until it is right so much more often."""
    rng = np.random.default_rng(2)
    low, high = 0.0, 1.0
    for _ in range(20):
        middle = (low + high) / 2
        first, second = replace(world, gain=middle, rows=100_000).run(4, rng)
        low, high = (middle, high) if first.mean() - second.mean() < gain else (low, middle)
    return replace(world, gain=low)


if __name__ == "__main__":
    main()
