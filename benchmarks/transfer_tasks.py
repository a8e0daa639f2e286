"""Tasks of few-row classes beside many-row ones, for transfer.py: drawings whose groups (families of fonts, icon sets)
are never in training and test alike."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Images = NDArray[np.uint8]

RARE = {"glyphs": 12, "icons": 20}  # classes of few rows; the others are common
COMMON_ROWS = 150  # of a common class at most
REPORT_NAMES = 60  # icons: names for the report; the lab has the others
LAB_SHARE = 0.3  # glyphs: of the families, those of the lab
TEST_SHARE = 0.25  # of the groups of a task; also of its training groups, held out to tune on
FONTS = {"train": 6, "test": 3}  # of a family at most


@dataclass(frozen=True)
class Task:
    """Training rows, and the rows to be right about."""

    images: Images  # (n, H, W)
    labels: Ints  # (n,)
    groups: Ints  # (n,)
    styles: Ints  # (n,) the font or icon set, which rows of different classes can have in common
    test_images: Images  # (m, H, W)
    test_labels: Ints  # (m,), of the classes that are scored
    n_classes: int
    rare: NDArray[np.bool_]  # (K,) classes of few rows
    scored_rare: NDArray[np.bool_]  # (K,) those of them that there are test rows of
    weight: float  # of the rare classes in balanced accuracy

    @property
    def common(self) -> NDArray[np.bool_]:
        """Classes of many rows (K,)."""
        return ~self.rare


def load(folder: Path, name: str, lab: bool) -> dict[str, Ints | Images]:
    """Return X (n, H, W), y, group and row (n,) of a data set, of its lab part or the other one."""
    with np.load(folder / f"{name}.npz") as data:
        found = {key: data[key] if key == "X" else data[key].astype(np.int64) for key in ("X", "y", "group", "row")}
    if name == "icons":
        keep = (found["y"] >= REPORT_NAMES) == lab
    else:
        groups = np.random.default_rng(0).permutation(np.unique(found["group"]))
        keep = np.isin(found["group"], groups[: round(LAB_SHARE * len(groups))]) == lab
    found = {key: values[keep] for key, values in found.items()}
    found["y"] = np.unique(found["y"], return_inverse=True)[1]
    return found


def draw(folder: Path, name: str, shots: int, repeat: int, lab: bool, more: int | None = None) -> Task:
    """Draw a task: which classes are rare, which groups are tested, which rows are trained on.

    ``more`` rows of each rare class in place of ``shots``, of an otherwise equal task: what real rows would bring.
    """
    data = load(folder, name, lab)
    rng = np.random.default_rng([7 if lab else 8, repeat])
    groups = rng.permutation(np.unique(data["group"]))
    tested = np.isin(data["group"], groups[: round(TEST_SHARE * len(groups))])
    k = int(data["y"].max()) + 1
    rare = np.zeros(k, bool)
    rare[rng.permutation(k)[: round(RARE[name] * k / {"glyphs": 36, "icons": REPORT_NAMES}[name])]] = True
    usable = _thinned(data, ~tested, FONTS["train"], rng)
    order = rng.permutation(np.flatnonzero(usable))
    few = shots if more is None else more
    rows = np.concatenate([order[data["y"][order] == c][: few if rare[c] else COMMON_ROWS] for c in range(k)])
    test = np.flatnonzero(_thinned(data, tested, FONTS["test"], rng))
    images, labels, group = data["X"], data["y"], data["group"]
    style = (data["row"] if name == "glyphs" else group)[rows]
    return Task(
        images[rows], labels[rows], group[rows], style, images[test], labels[test], k, rare, rare, float(rare.mean())
    )


def held_out(task: Task, shots: int, seed: int) -> Task:
    """Return the task to tune on, made of the training rows of a task alone.

    A third of its common classes are cut to as few rows as rare classes have, and the rows of some groups are held out;
    of the common classes, those are the test rows.
    """
    rng = np.random.default_rng([9, seed])
    groups = rng.permutation(np.unique(task.groups))
    apart = np.isin(task.groups, groups[: round(TEST_SHARE * len(groups))])
    as_if = np.zeros(task.n_classes, bool)
    common = np.flatnonzero(task.common)
    as_if[rng.permutation(common)[: len(common) // 3]] = True
    order = rng.permutation(len(task.labels))
    chosen = []
    for c in range(task.n_classes):
        own = order[task.labels[order] == c]
        if not task.rare[c]:
            own = own[~apart[own]]
        chosen.append(own[:shots] if as_if[c] else own)
    rows = np.concatenate(chosen)
    test = np.flatnonzero(apart & task.common[task.labels])
    return Task(
        task.images[rows], task.labels[rows], task.groups[rows], task.styles[rows], task.images[test],
        task.labels[test], task.n_classes, task.rare | as_if, as_if, task.weight,
    )  # fmt: skip


def accuracies(task: Task, predicted: Ints) -> tuple[float, float, float]:
    """Return accuracy on rare and on common classes, each class counting the same, and balanced over all."""
    right = predicted == task.test_labels
    counts = np.bincount(task.test_labels, minlength=task.n_classes)
    hits = np.bincount(task.test_labels[right], minlength=task.n_classes)
    each = hits / np.maximum(counts, 1)
    rare, common = (float(each[which & (counts > 0)].mean()) for which in (task.scored_rare, task.common))
    return rare, common, task.weight * rare + (1 - task.weight) * common


def _thinned(
    data: dict[str, Ints | Images], among: NDArray[np.bool_], most: int, rng: np.random.Generator
) -> NDArray[np.bool_]:
    """Mark rows of at most so many fonts of a family; of icons, each is a row of its own, and all are kept."""
    if len(np.unique(data["row"])) == len(data["row"]):
        return among
    fonts, first = np.unique(data["row"][among], return_index=True)
    family = data["group"][among][first]
    order = rng.permutation(len(fonts))
    taken: dict[int, int] = {}
    keep = []
    for i in order:
        taken[family[i]] = taken.get(family[i], 0) + 1
        if taken[family[i]] <= most:
            keep.append(fonts[i])
    return among & np.isin(data["row"], keep)
