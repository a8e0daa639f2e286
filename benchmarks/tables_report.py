"""What the log of `benchmarks/tables.py` holds, as tables with intervals."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np
from jobs import Result
from numpy.typing import NDArray
from scipy.stats import t as student

from ganaug.evaluation.stats.design import BENCHMARK, Design
from ganaug.evaluation.stats.estimate import Estimate
from ganaug.evaluation.stats.looks import alpha
from ganaug.evaluation.stats.paired import estimate_rows
from ganaug.metrics.classification import unpack_bits

Labels = NDArray[np.int64]
CONTRASTS = [
    *product(["GAN only", "CTGAN only", "CTGAN only, as it comes"], ["real"]),
    *product(["real + GAN"], ["random over-sampling", "SMOTE", "mixup", "threshold moving", "real + CTGAN"]),
    *product(["real + GAN, threshold moving", "GAN only"], ["threshold moving"]),
    *product(["GAN only"], ["CTGAN only", "CTGAN only, as it comes"]),
]
BY_SET = [("real + GAN", "real"), ("GAN only", "real")]


class Report:
    """What a log holds of one setting, of some classifiers."""

    def __init__(self, results: Sequence[Result], labels: Mapping[str, Labels], classifiers: Sequence[str]) -> None:
        self.labels = labels
        self.cells: dict[tuple[str, str], dict[int, list[Any]]] = defaultdict(
            dict
        )  # set, arm: by repeat and classifier
        self.ratios: dict[str, float] = {}
        for result in results:
            name, common = result["data"], result["common"]
            self.ratios[name] = common / (1 - common)  # Nadeau and Bengio's, of what the draws really share
            for arm, found in result["found"].items():
                cells = [found.get(classifier, {}) for classifier in classifiers]
                if all("right" in cell for cell in cells):
                    self.cells[name, arm][result["repeat"]] = cells
        self.arms = list(dict.fromkeys(arm for _, arm in self.cells))

    def hits(self, name: str, arm: str, key: str, repeats: Iterable[int]) -> list[NDArray[np.float64]]:
        """Return for each repeat the share of classifiers that were right, by test row."""
        n = len(self.labels[name])
        return [np.mean([unpack_bits(c[key], n) for c in self.cells[name, arm][j]], axis=0) for j in repeats]

    def gain(self, name: str, arm: str, reference: str, key: str) -> Estimate | None:
        """Estimate by how much balanced accuracy exceeds a reference's; None with less than two repeats of both."""
        repeats = sorted(self.cells[name, arm].keys() & self.cells[name, reference].keys())
        pairs = zip(*(self.hits(name, each, key, repeats) for each in (arm, reference)), strict=True)
        rows = [first - second for first, second in pairs]
        values = [[row[self.labels[name] == code] for row in rows] for code in np.unique(self.labels[name])]
        return estimate_rows(values, Design(BENCHMARK, self.ratios[name])) if len(repeats) > 1 else None

    def gain_text(self, arm: str, reference: str, key: str = "right") -> str:
        """Say by how much an arm exceeds a reference, mean over those sets that have both, with the interval."""
        found = [each for name in self.ratios if (each := self.gain(name, arm, reference, key)) is not None]
        if not found:
            return self.across_sets(arm, reference, key)
        level = 1 - alpha(min(each.repeats for each in found)) / 2
        draws = np.array([each.repeats_error**2 for each in found])  # independent of one another, as sets are
        rows = np.array([each.rows_variance for each in found])
        margins = [
            student.ppf(level, parts.sum() ** 2 / max(float((parts**2 / df).sum()), 1e-30)) * np.sqrt(parts.sum())
            for parts, df in ((draws, [e.repeats - 1 for e in found]), (rows, [e.rows_df for e in found]))
        ]
        mean, margin = np.mean([each.mean for each in found]), np.hypot(*margins) / len(found)
        return f"{100 * mean:+.1f} [{100 * (mean - margin):+.1f}, {100 * (mean + margin):+.1f}], {len(found)} sets"

    def across_sets(self, arm: str, reference: str, key: str) -> str:
        """Say the same of single repeats, which cannot tell how they vary: at 95 %, for sets drawn as these were."""
        common = {name: self.cells[name, arm].keys() & self.cells[name, reference].keys() for name in self.ratios}
        gains = [
            self.accuracy(name, arm, key, repeats) - self.accuracy(name, reference, key, repeats)
            for name, repeats in common.items()
            if repeats
        ]
        if len(gains) < 2:
            return ""
        mean, margin = np.mean(gains), student.ppf(0.975, len(gains) - 1) * np.std(gains, ddof=1) / len(gains) ** 0.5
        return f"{mean:+.1f} [{mean - margin:+.1f}, {mean + margin:+.1f}], {len(gains)} sets, a repeat each"

    def accuracy(self, name: str, arm: str, key: str = "right", repeats: Iterable[int] | None = None) -> float:
        """Return balanced accuracy in points, mean over repeats, by default all, and classifiers."""
        labels = self.labels[name]
        rows = self.hits(name, arm, key, self.cells[name, arm] if repeats is None else repeats)
        return float(np.mean([[100 * row[labels == code].mean() for code in np.unique(labels)] for row in rows]))

    def mean(self, name: str, arm: str, key: str) -> float:
        """Return a number's mean over repeats and classifiers."""
        return float(np.mean([[cell[key] for cell in cells] for cells in self.cells[name, arm].values()]))


def show(results: Sequence[Result], labels: Mapping[str, Labels], classifiers: Sequence[str]) -> None:
    """Print what a log holds of one setting: arms over sets, sets by arm, contrasts."""
    every, *single = (Report(results, labels, chosen) for chosen in (classifiers, *((c,) for c in classifiers)))
    forest = single[1]
    repeats = sorted({len(found) for found in every.cells.values()})
    print(f"\nRows: {results[0]['rows']}; repeats {repeats}; sets {', '.join(every.ratios)}\n")
    print("| arm | sets | LR | RF | HGB | mean | thresholds chosen | average precision | log loss | minus real |")
    print("|---" * 10 + "|")
    for arm in forest.arms:
        sets = [name for name in forest.ratios if forest.cells[name, arm]]
        own = forest if arm == "balanced forest" else every
        shown = [f"{np.mean([r.accuracy(n, arm) for n in sets]):.1f}" if arm in r.arms else "" for r in single]
        shown += [f"{np.mean([own.accuracy(n, arm, key) for n in sets]):.1f}" for key in ("right", "right_thresholds")]
        shown += [f"{np.mean([own.mean(n, arm, key) for n in sets]):.3f}" for key in ("average_precision", "log_loss")]
        print(f"| {arm} | {len(sets)} | {' | '.join(shown)} | {own.gain_text(arm, 'real') if arm != 'real' else ''} |")
    print(f"\n| set | {' | '.join(every.arms)} |\n{'|---' * (len(every.arms) + 1)}|")
    for name in every.ratios:
        cells = [f"{every.accuracy(name, arm):.1f}" if every.cells[name, arm] else "-" for arm in every.arms]
        print(f"| {name} | {' | '.join(cells)} |")
    print("\n| contrast | most probable class | thresholds chosen |\n|---|---|---|")
    for arm, reference in CONTRASTS:
        if arm in every.arms and reference in every.arms:
            texts = [every.gain_text(arm, reference, key) for key in ("right", "right_thresholds")]
            print(f"| {arm} - {reference} | {' | '.join(texts)} |")
    shown_by_set = [pair for pair in BY_SET if set(pair) <= set(every.arms)]
    print(f"\n| set | {' | '.join(map(' - '.join, shown_by_set))} |\n{'|---' * (len(shown_by_set) + 1)}|")
    for name in every.ratios:
        gains = [every.gain(name, *pair, "right") for pair in shown_by_set]
        print(f"| {name} | {' | '.join('' if each is None else said(each) for each in gains)} |")
    show_cost(results)


def said(gain: Estimate) -> str:
    """Return an estimate in points, with its interval where it has one."""
    ends = "" if gain.low is None or gain.high is None else f" [{100 * gain.low:+.1f}, {100 * gain.high:+.1f}]"
    return f"{100 * gain.mean:+.1f}{ends}"


def show_cost(results: Sequence[Result]) -> None:
    """Print the processor time of generated rows, and CTGAN's as a multiple of the GAN's, by set."""
    spent: dict[tuple[str, str], list[float]] = defaultdict(list)
    for result in results:
        spent[result["source"], result["data"]].append(result["cpu_seconds"])
    seconds = [value for (source, _), values in spent.items() if source == "gan" for value in values]
    if seconds:
        print(f"\nGAN: {np.mean(seconds):.1f} s of CPU for the rows of a repeat, selection included")
    for name in [name for source, name in spent if source == "ctgan" and ("gan", name) in spent]:
        theirs, ours = np.mean(spent["ctgan", name]), np.mean(spent["gan", name])
        print(f"{name}: CTGAN {theirs:.0f} s, GAN {ours:.1f} s, {theirs / ours:.0f} times as much")
