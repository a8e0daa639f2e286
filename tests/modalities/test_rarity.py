from __future__ import annotations

import numpy as np
import pytest

from ganaug.modalities.rarity import common, missing_cells, rare_classes, very_unequal


@pytest.mark.parametrize(
    ("counts", "found"), [([100, 2], True), ([100, 12], False), ([20, 3], False), ([30, 3], True), ([9, 9], False)]
)
def test_classes_are_very_unequal_where_some_are_scarce_beside_many_times_as_many(counts, found):
    assert very_unequal(np.array(counts)) is found


def test_common_classes_have_some_rows_unless_none_do():
    assert common(np.array([50, 3, 10, 9])).tolist() == [0, 2]
    assert common(np.array([50, 3, 0])).tolist() == [0, 1]  # one class teaches nothing
    assert common(np.array([50, 3]), few=0).tolist() == [0, 1]


@pytest.mark.parametrize(
    ("counts", "rare"),
    [
        ([2, 2, 100], [True, True, False]),
        ([9, 89], [False, False]),  # not ten times as many
        ([9, 90], [True, False]),
        ([10, 500], [False, False]),  # ten rows are not few
        ([3, 3], [False, False]),
        ([0, 1], [True, False]),
    ],
)
def test_a_class_is_rare_beside_one_of_many_rows(counts: list[int], rare: list[bool]) -> None:
    assert rare_classes(np.array(counts)).tolist() == rare


@pytest.mark.parametrize(("cells", "missing"), [
    ([[10, 10], [10, 0]], 1),
    ([[10, 10, 10], [10, 0, 0]], 2),
    ([[10, 10], [9, 0]], 0),  # of the class there are few rows anywhere
    ([[10, 9], [10, 0]], 0),  # of the group there are
    ([[10, 15], [10, 4], [10, 0]], 0),  # of the second group, nine and a half a class
    ([[10, 0], [0, 10]], 0),  # which differ in class or group: nobody knows
    ([[20, 0, 5], [0, 20, 15]], 2),  # the third group tells
])  # fmt: skip
def test_a_cell_is_missing_where_class_and_group_are_known_from_others(cells, missing) -> None:
    counts = np.array(cells)
    codes, groups = (each.ravel().repeat(counts.ravel()) for each in np.indices(counts.shape))
    assert missing_cells(codes, groups) == missing
