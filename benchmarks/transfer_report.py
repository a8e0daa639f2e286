"""The tables of transfer.py."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from transfer_tasks import TEST_SHARE

from ganaug.evaluation.stats.estimate import Estimate, estimate

Result = dict[str, Any]
RATIO = TEST_SHARE / (1 - TEST_SHARE)  # of test groups to training groups, as all repeats split the same groups anew
QUANTITIES = ("rare", "common", "balanced")


def show(results: Sequence[Result]) -> None:
    """Print, for each data set and number of rows, the gate, all arms, and the contrasts."""
    for key in sorted({(r["data"], r["shots"]) for r in results}):
        chosen = [r for r in results if (r["data"], r["shots"]) == key]
        designs = sorted({(r["design"], r["share"]) for r in chosen})
        print(f"\n### {key[0]}, {key[1]} rows of a rare class, {len(chosen)} repeats, design and share {designs}\n")
        _gate(chosen)
        _arms(chosen)
        _contrasts(chosen)
        print(f"\n{np.mean([r['seconds']['generator'] for r in chosen]):.0f} s to fit a generator")


def _gate(results: Sequence[Result]) -> None:
    light = np.mean([r["arms"]["light"]["untuned"] for r in results], 0)
    print("real rows of a rare class | rare | common | balanced\n---|---|---|---")
    print(f"{results[0]['shots']} | " + _points(light))
    for rows in results[0]["gate"]:
        print(f"{rows} | " + _points(np.mean([r["gate"][rows] for r in results], 0)))


def _arms(results: Sequence[Result]) -> None:
    print("\narm | rare | common | balanced | untuned: rare | common | balanced\n---|---|---|---|---|---|---")
    names = sorted(results[0]["arms"], key=lambda n: -np.mean([_value(r, n)[2] for r in results]))
    for name in names:
        tuned = [r["arms"][name]["tuned"] for r in results if "tuned" in r["arms"][name]]
        shown = _points(np.mean(tuned, 0)) if tuned else "| | "
        print(f"{name} | {shown} | {_points(np.mean([r['arms'][name]['untuned'] for r in results], 0))}")


def _value(result: Result, name: str) -> list[float]:
    arm = result["arms"][name]
    found: list[float] = arm.get("tuned", arm["untuned"])
    return found


def best(result: Result, generated: bool) -> str:
    """Return the arm, with generated rows or without, that was best on the tuning task."""
    arms = {n: a["tuning"][2] for n, a in result["arms"].items() if "tuning" in a and ("versions" in n) == generated}
    return max(arms, key=lambda name: arms[name])


def _contrasts(results: Sequence[Result]) -> None:
    print(
        f"\ncontrast, points (intervals: {len(results)} repeats, Nadeau-Bengio) | rare | common | balanced\n"
        "---|---|---|---"
    )
    pairs: dict[str, Callable[[Result], tuple[str, str]]] = {
        "chosen on the tuning task: best with versions - best without": lambda r: (best(r, True), best(r, False)),
        "light + versions - light": lambda r: ("light + versions", "light"),
        "mixup + versions - mixup": lambda r: ("mixup + versions", "mixup"),
        "light + versions - light + prototypes": lambda r: ("light + versions", "light + prototypes"),
        "light + versions + prototypes of versions - light + prototypes": lambda r: (
            "light + versions + prototypes of versions", "light + prototypes"),
        "prototypes of versions - prototypes": lambda r: ("prototypes of versions", "prototypes"),
    }  # fmt: skip
    for title, pair in pairs.items():
        if not all(name in r["arms"] for r in results for name in pair(r)):
            continue
        differences = [np.subtract(*(_value(r, name) for name in pair(r))) for r in results]
        print(f"{title} | {_differences(differences)}")
    for rival in {"light + without discriminator", "light + latent"} & set(results[0]["arms"]):
        untuned = [np.subtract(r["arms"]["light + versions"]["untuned"], r["arms"][rival]["untuned"]) for r in results]
        print(f"untuned: light + versions - {rival} | {_differences(untuned)}")
    counts: dict[str, int] = defaultdict(int)
    for r in results:
        for generated in (True, False):
            counts[best(r, generated)] += 1
    print("\narms chosen: " + ", ".join(f"{name} ({n})" for name, n in sorted(counts.items(), key=lambda kv: -kv[1])))
    held = [[_held(r, best(r, g)) for r in results] for g in (True, False)]
    print(
        "rare accuracy where common classes lose at most a point to light, best along the curve: "
        f"with {100 * np.mean(held[0]):.1f}, without {100 * np.mean(held[1]):.1f}, "
        f"difference {_words(estimate(np.subtract(*held) * 100, RATIO))}"
    )


def _held(result: Result, name: str) -> float:
    least = result["arms"]["light"]["untuned"][1] - 0.01
    return max((rare for rare, common in result["arms"][name]["curve"] if common >= least), default=0.0)


def _differences(differences: Sequence[Any]) -> str:
    return " | ".join(_words(estimate([100 * d[i] for d in differences], RATIO)) for i in range(len(QUANTITIES)))


def _words(found: Estimate) -> str:
    if found.low is None or found.high is None:
        return f"{found.mean:+.1f}"
    return f"{found.mean:+.1f} [{found.low:+.1f}, {found.high:+.1f}]"


def _points(values: Any) -> str:
    return " | ".join(f"{100 * value:.1f}" for value in values)


def show_lab(results: Sequence[Result]) -> None:
    """Print the means of each design."""
    groups: dict[tuple[Any, ...], list[Result]] = defaultdict(list)
    for result in results:
        groups[result["data"], result["shots"], result["design"]].append(result)
    print("data | rows | design | repeats | arm: best rare, common, balanced")
    for key, each in sorted(groups.items()):
        print(f"\n{' | '.join(map(str, key))} | {len(each)}")
        for name in each[0]["best"]:
            print(f"    {name}: {_points(np.mean([r['best'][name] for r in each], 0))}")
