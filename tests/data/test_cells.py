"""Rows of a class in a group: how many there are, and in which words that is said."""

from __future__ import annotations

import numpy as np

from ganaug.data.cells import SHOWN, Cells, cells_text

CLASSES = ("a", "b", "c")
#        site one: a b; site two: a; no group: b
LABELS = np.array([0, 0, 1, 0, 1])
GROUPS = np.array(["one", "one", "one", "two", None], object)


def test_cells_are_counted_and_rows_without_a_group_are_in_none() -> None:
    cells = Cells.of(CLASSES, LABELS, GROUPS)
    assert cells.groups == ("one", "two")
    assert cells.counts.tolist() == [[2, 1], [1, 0], [0, 0]]
    assert cells.find(np.array([0, 2, 1, 1]), np.array(["two", "one", "three", None], object)).tolist() == [
        1,
        4,
        -1,
        -1,
    ]


def test_of_few_groups_every_cell_is_told() -> None:
    about = Cells.of(CLASSES, LABELS, GROUPS).about()
    assert about is not None
    assert (about["groups"], about["mixed"], about["cells"], about["empty"], about["thin"]) == (2, 1, 6, 3, 3)
    assert about["names"] == ["one", "two"]
    assert about["table"] == {"a": [2, 1], "b": [1, 0], "c": [0, 0]}
    assert [(cell["class"], cell["group"], cell["rows"]) for cell in about["worst"]] == [
        ("c", "one", 0),  # the larger group first
        ("b", "two", 0),
        ("c", "two", 0),
        ("b", "one", 1),
        ("a", "two", 1),
    ]
    assert cells_text(about) == (
        "2 groups; of 6 cells (a class in a group) 3 are empty and 3 have fewer than 10 rows: "
        "c in one (0), b in two (0), c in two (0), b in one (1), a in two (1), ..."
    )


def test_of_many_groups_the_worst_cells_are_told() -> None:
    groups = np.repeat([f"g{i:02d}" for i in range(SHOWN + 1)], 40).astype(object)
    labels = np.tile(np.repeat([0, 1], 20), SHOWN + 1)
    labels[20:39] = 0  # of the first group one row of b is left
    about = Cells.of(("a", "b"), labels, groups).about()
    assert about is not None
    assert (about["names"], about["table"]) == (None, None)
    assert about["worst"] == [{"class": "b", "group": "g00", "rows": 1}]
    assert cells_text(about).endswith("0 are empty and 1 have fewer than 10 rows: b in g00 (1)")


def test_groups_of_one_class_each_and_groups_with_rows_enough_have_no_worst_cell() -> None:
    alone = Cells.of(("a", "b"), np.array([0, 0, 1]), np.array(["x", "x", "y"], object)).about()
    assert alone is not None
    assert cells_text(alone) == "2 groups, none of which has rows of several classes"
    full = Cells.of(("a", "b"), np.repeat([0, 1], 10), np.full(20, "x", object)).about()
    assert full is not None
    assert cells_text(full) == "1 group, with 10 rows or more of every class"
    assert Cells.of(("a", "b"), np.array([0, 1]), np.full(2, None, object)).about() is None
