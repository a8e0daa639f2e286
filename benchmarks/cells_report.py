"""Tables of benchmarks/cells.py: arms with their tuned biases, and what generated rows add."""

from __future__ import annotations

import numpy as np
from jobs import Result
from numpy.typing import NDArray
from scipy.stats import t

WHERE = "empty", "seen", "all"  # cells
BIASES = np.linspace(0, 4, 21)
GAN, GATE = " + GAN", "plain + real"
ALL = WHERE.index("all")


def show(data: str, results: list[Result]) -> None:
    """Print the arms without a bias, with the tuned and with the best one, and what generated rows add to each."""
    arms = list(results[0]["curves"]["tuning"])
    for rows, title in (("any", "a bias for every row"), ("second", "a bias for rows of the second site")):
        print(f"\n{data}, {len(results)} repeats, {title}\n")
        print("| arm | empty | seen | all | no bias | best bias | tuned |\n|---|---|---|---|---|---|---|")
        for name in arms:
            values, none, best = (
                np.array([of(r, name, rows) for r in results]).mean(0) for of in (tuned, without, at_best)
            )
            biases = ", ".join(f"{bias_of(r, name, rows)[1]:.1f}" for r in results)
            print(f"| {name} | {cells([*values, none[ALL], best[ALL]])} | {biases} |")
        print(f"| {GATE} | {cells(np.mean([without(r, GATE, rows) for r in results], axis=0).tolist())} | | | |")
        contrasts(arms, rows, results)


def contrasts(arms: list[str], rows: str, results: list[Result]) -> None:
    """Print what generated rows add to each arm, to the best, and to the one that is chosen."""
    plain, made = ([name for name in arms if name.endswith(GAN) == with_gan] for with_gan in (False, True))
    pairs = [(name, name.removesuffix(GAN)) for name in made]
    pairs += [(f"plain{GAN}", name) for name in plain if name != "plain"]
    print(f"\n| contrast | {' | '.join(WHERE)} |\n|{'---|' * (1 + len(WHERE))}")
    for first, second in pairs:
        print_row(first, second, [tuned(r, first, rows) - tuned(r, second, rows) for r in results])
    print_row("chosen with", "chosen without", [chosen(r, made, rows) - chosen(r, plain, rows) for r in results])


def print_row(first: str, second: str, differences: list[NDArray[np.float64]]) -> None:
    print(f"| {first} - {second} | {' | '.join(map(interval, np.array(differences).T))} |")


def without(r: Result, name: str, rows: str) -> list[float]:
    """Return test accuracies (3,) without a bias."""
    return list(r["curves"]["test"][name][rows][0])


def at_best(r: Result, name: str, rows: str) -> list[float]:
    """Return them with the bias that is best on the test rows."""
    return list(max(r["curves"]["test"][name][rows], key=lambda each: each[ALL]))


def bias_of(r: Result, name: str, rows: str) -> tuple[int, float, float]:
    """Return the bias tuned on held-out cells: its position, itself, and the accuracy there."""
    curve = [each[ALL] for each in r["curves"]["tuning"][name][rows]]
    at = int(np.argmax(curve))
    return at, float(BIASES[at]), curve[at]


def tuned(r: Result, name: str, rows: str) -> NDArray[np.float64]:
    """Return test accuracies with the tuned bias."""
    return np.array(r["curves"]["test"][name][rows][bias_of(r, name, rows)[0]])


def chosen(r: Result, names: list[str], rows: str) -> NDArray[np.float64]:
    """Return those of the arm that is best on held-out cells."""
    return tuned(r, max(names, key=lambda name: bias_of(r, name, rows)[2]), rows)


def cells(values: list[float]) -> str:
    """Return numbers as cells of a table."""
    return " | ".join(f"{value:.1f}" for value in values)


def interval(differences: NDArray[np.float64]) -> str:
    """Return their mean, and its interval of 95 % by Student's t."""
    n = len(differences)
    margin = t.ppf(0.975, n - 1) * np.std(differences, ddof=1) / n**0.5 if n > 1 else np.nan
    return f"{np.mean(differences):+.1f} [{np.mean(differences) - margin:+.1f}, {np.mean(differences) + margin:+.1f}]"
