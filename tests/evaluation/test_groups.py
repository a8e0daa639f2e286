"""Accuracy by group: the worst one, cells that are empty in training, groups never seen."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ganaug.data.rows import Rows, RowWriter
from ganaug.errors import DataError
from ganaug.evaluation.groups import HeldOut, by_group, read_held_out
from ganaug.evaluation.stats.design import BENCHMARK, REPEATED, Design
from ganaug.evaluation.stats.paired import paired_gain
from ganaug.modalities.image.schema import image_schema

y = np.repeat([0, 1], 60)
sites = np.array(["east", "west", "north"] * 40, object)
NAMES = ("a", "b")
SHARED, ANEW = Design(BENCHMARK), Design(REPEATED, 0.25)


def held_out(k: int = 1, site: str = "west") -> HeldOut:
    return HeldOut(y, sites, (y == k) & (sites == site), sites == "north")


def by_class(*repeats: np.ndarray) -> list[list[np.ndarray]]:
    return [[right[y == k].astype(float) for right in repeats] for k in (0, 1)]


def draws(skill: float, seed: int, repeats: int = 4) -> np.ndarray:
    return np.random.default_rng(seed).random((repeats, 120)) < skill


def test_rows_of_empty_cells_and_unseen_groups_are_found(tmp_path: Path) -> None:
    schema = image_schema(8, 8, 1, ("a", "b"))
    rows = {
        "train": ([0, 1, 0, 1], ["east", "east", "west", None]),
        "test": ([1, 0, 1, 1, 0], ["west", "west", "north", None, "east"]),
    }
    for part, (labels, groups) in rows.items():
        images = np.random.default_rng(0).integers(0, 256, (len(labels), 8, 8, 1), np.uint8)
        with RowWriter(tmp_path / f"{part}.parquet", schema) as writer:
            writer.write(Rows.build(schema, images, labels, groups=groups))
    found = read_held_out(tmp_path)  # in the order of classes
    assert found.groups[:4].tolist() == ["west", "east", "west", "north"]
    assert found.empty_cells.tolist() == [False, False, True, False, False]
    assert found.unseen_groups.tolist() == [False, False, False, True, False]


def test_accuracies_are_those_of_the_rows_that_are_meant() -> None:
    real = sites != "west"  # west is all wrong
    gan = real | (y == 1)
    right = {"real": by_class(real, real), "gan": by_class(gan, gan)}
    found = by_group(right, [held_out()] * 2, SHARED, NAMES, ("gan", "real"))
    assert found is not None
    assert (found["groups"], found["rows"]) == (3, {"empty_cells": 20, "unseen_groups": 40})
    assert found["per_arm"]["real"] == {"worst": "west", "worst_group": 0, "empty_cells": 0, "unseen_groups": 1}
    assert found["per_arm"]["gan"] == {"worst": "west", "worst_group": 0.5, "empty_cells": 1, "unseen_groups": 1}
    assert found["difference"]["worst_group"] == {"difference": 0.5, "low": None, "high": None}
    assert found["difference"]["empty_cells"]["difference"] == 1


def test_the_difference_has_the_paired_interval_of_these_rows() -> None:
    real, gan = draws(0.5, 0), draws(0.7, 1)
    right = {"real": by_class(*real), "gan": by_class(*gan)}
    at = held_out().unseen_groups
    for design, shared, ratio in ((SHARED, True, 0.0), (ANEW, False, 0.25)):
        found = by_group(right, [held_out()] * 4, design, NAMES, ("gan", "real"))
        assert found is not None
        change = found["difference"]["unseen_groups"]
        gain = paired_gain(gan[:, at], real[:, at], np.zeros(at.sum(), int), shared, ratio)
        assert change["difference"] == pytest.approx(gain.mean)
        # the verdict's intervals are wider, as they have to stand several looks
        assert gain.low is not None
        assert gain.low < change["low"] < change["difference"] < change["high"] < gain.high


def test_cells_are_told_one_by_one() -> None:
    real, gan = draws(0.5, 0, 3), draws(0.7, 1, 3)
    right = {"real": by_class(*real), "gan": by_class(*gan)}
    both = HeldOut(y, sites, (sites == "west") & (y == 1) | (sites == "east"), np.zeros(120, bool))
    found = by_group(right, [both] * 3, SHARED, NAMES, ("gan", "real"))
    assert found is not None
    assert sorted((cell["class"], cell["group"], cell["rows"]) for cell in found["cells"]) == [
        ("a", "east", 20),
        ("b", "east", 20),
        ("b", "west", 20),
    ]
    for cell in found["cells"]:
        at = (sites == cell["group"]) & (y == NAMES.index(cell["class"]))
        assert cell["candidate"] == pytest.approx(gan[:, at].mean())
        assert cell["reference"] == pytest.approx(real[:, at].mean())
        assert cell["difference"] == pytest.approx(cell["candidate"] - cell["reference"])
        assert cell["low"] < cell["difference"] < cell["high"]
    # on their own rows repeats have a cell only where it is empty
    found = by_group(right, [both, held_out(1), held_out(0)], ANEW, NAMES, ("gan", "real"))
    assert found is not None
    rows = {(cell["class"], cell["group"]): cell["rows"] for cell in found["cells"]}
    assert rows == {("a", "east"): 20, ("b", "east"): 20, ("b", "west"): 40, ("a", "west"): 20}
    assert next(iter(rows)) == ("b", "west")
    alone = by_group(right, [both] * 3, SHARED, NAMES)
    assert alone is not None
    assert alone["cells"] is None


def test_repeats_that_share_test_rows_are_compared_on_what_is_empty_in_all() -> None:
    right = {"real": by_class(*draws(0.5, 0, 2))}
    parts = [held_out(1), held_out(0)]
    shared, anew = (by_group(right, parts, design, NAMES) for design in (SHARED, ANEW))
    assert shared is not None
    assert shared["rows"]["empty_cells"] == 0
    assert shared["per_arm"]["real"]["empty_cells"] is None
    assert shared["difference"] is None
    assert anew is not None
    assert anew["rows"]["empty_cells"] == 40
    assert 0 < anew["per_arm"]["real"]["empty_cells"] < 1


def test_groups_of_few_test_rows_are_not_called_the_worst() -> None:
    groups = sites.copy()
    groups[:5] = "tiny"
    rows = HeldOut(y, groups, np.zeros(120, bool), np.zeros(120, bool))
    right = {"real": by_class(np.arange(120) >= 5)}
    found = by_group(right, [rows], SHARED, NAMES)
    assert found is not None
    assert found["per_arm"]["real"]["worst_group"] == 1
    few = HeldOut(y, np.array([*(str(i) for i in range(120))], object), rows.empty_cells, rows.unseen_groups)
    found = by_group(right, [few], SHARED, NAMES)
    assert found is not None
    assert found["per_arm"]["real"]["worst"] is None


def test_without_groups_nothing_is_said_and_other_test_rows_are_refused() -> None:
    right = {"real": by_class(*draws(0.5, 0, 1))}
    assert (
        by_group(right, [HeldOut(y, np.full(120, None), np.zeros(120, bool), np.zeros(120, bool))], SHARED, NAMES)
        is None
    )
    with pytest.raises(DataError, match="the results of the arm real are of other test rows"):
        by_group(right, [HeldOut(y[:9], sites[:9], np.zeros(9, bool), np.zeros(9, bool))], SHARED, NAMES)
