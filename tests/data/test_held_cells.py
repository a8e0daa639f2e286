"""Cells that are held out of training: which, how many, and with what goes along."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ganaug.data.held_cells import SHARE, hold_out
from ganaug.data.splits import make_splits
from ganaug.errors import DataError

PARTS = ("test", "validation")


def grid(classes: int, groups: int, rows: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Labels, groups and units of so many rows in every cell, shuffled."""
    cell = np.random.default_rng(0).permutation(np.repeat(np.arange(classes * groups), rows))
    return cell // groups, cell % groups, np.arange(len(cell))


def cells(labels: np.ndarray, groups: np.ndarray) -> set[tuple[int, int]]:
    return set(zip(labels.tolist(), groups.tolist(), strict=True))


@settings(deadline=None, max_examples=60)
@given(
    sizes=st.lists(st.lists(st.integers(0, 6), min_size=4, max_size=4), min_size=2, max_size=5),
    loose=st.integers(0, 5),
    copies=st.integers(0, 4),
    seed=st.integers(0, 1000),
)
def test_cells_go_whole_and_classes_and_groups_keep_half(
    sizes: list[list[int]], loose: int, copies: int, seed: int
) -> None:
    counts = np.array(sizes)
    labels = np.append(np.repeat(np.repeat(np.arange(len(counts)), 4), counts.ravel()), np.zeros(loose, int))
    groups = np.append(np.repeat(np.tile(np.arange(4), len(counts)), counts.ravel()), np.full(loose, -1))
    assume(len(labels))
    random = np.random.default_rng(seed)
    units = np.arange(len(labels))
    units[random.integers(len(labels), size=copies)] = 0
    try:
        held = hold_out(labels, groups, units, PARTS, random)
    except DataError:
        assume(False)
    test, validation = (held[part] for part in PARTS)
    assert not set(units[test]) & set(units[validation])
    out = np.concatenate([test, validation])
    train = np.setdiff1d(np.arange(len(labels)), out)
    assert not set(units[out]) & set(units[train])
    chosen = cells(labels[out], groups[out])
    if not copies:  # else a copy may go along, and leave the rest of its cell
        assert not chosen & cells(labels[train], groups[train])
        assert (groups[out] >= 0).all()
        kept = np.bincount(labels[train], minlength=len(counts))
        assert (2 * kept >= np.bincount(labels, minlength=len(counts))).all()
        there = (counts > 0).sum(0)
        gone = np.bincount([group for _, group in chosen], minlength=4)
        assert (2 * gone <= there).all()
        assert len(chosen) <= 2 * max(1, round(SHARE * (counts > 0).sum()))


def test_with_two_sites_a_tenth_of_the_cells_goes_to_each_part() -> None:
    labels, groups, units = grid(10, 2, 20)
    held = hold_out(labels, groups, units, PARTS, np.random.default_rng(0))
    assert [len(rows) for rows in held.values()] == [40, 40]
    chosen = [cells(labels[rows], groups[rows]) for rows in held.values()]
    assert len(chosen[0]) == len(chosen[1]) == 2
    assert len({label for each in chosen for label, _ in each}) == 4  # no class loses both sites


@pytest.mark.parametrize("per_class", [None, 5])
def test_splits_hold_cells_out_and_split_other_rows_as_ever(per_class: int | None) -> None:
    labels, groups, units = grid(10, 2, 20)
    found = make_splits(
        labels, [str(k) for k in range(10)], repeats=(0, 1), per_class=per_class, units=units, cells_of=groups, seed=1
    )
    assert found.mode == ("benchmark" if per_class else "repeated")
    empty = []
    for split in found.repeats.values():
        trained = cells(labels[split.train], groups[split.train])
        held = {
            part: {cell for cell in cells(labels[rows], groups[rows]) if cell not in trained}
            for part, rows in (("test", split.test), ("validation", split.validation))
        }
        assert len(held["test"] - held["validation"]) == len(held["validation"] - held["test"]) == 2
        for part in held.values():
            assert all(((labels == k) & (groups == g)).sum() == 20 for k, g in part)
        known = [cell in trained for cell in zip(labels[split.test], groups[split.test], strict=True)]
        assert sum(known) == 0.2 * (400 - 80)
        empty.append(held["test"])
    parts = [getattr(split, part) for split in found.repeats.values() for part in ("train", *PARTS, "pool")]
    assert np.unique(np.concatenate(parts)).tolist() == list(range(400))
    assert (empty[0] == empty[1]) == (found.mode == "benchmark")


def test_test_rows_that_the_source_brings_are_left_as_they_are() -> None:
    labels, groups, units = grid(4, 3, 10)
    given = np.where(np.arange(120) < 30, "test", "train").astype(object)
    split = make_splits(labels, list("abcd"), units=units, given=given, cells_of=groups).repeats[0]
    assert split.test.tolist() == list(range(30))
    trained, validated = (cells(labels[rows], groups[rows]) for rows in (split.train, split.validation))
    assert len(validated - trained) == 1  # a tenth of twelve


@pytest.mark.parametrize("groups", [np.full(40, -1), np.zeros(40, int), np.repeat([0, 1], 20)])
def test_where_no_class_has_two_groups_it_is_said(groups: np.ndarray) -> None:
    with pytest.raises(DataError, match=r"'cells', which holds cells .* out of training, and there are no 2 to be had"):
        make_splits(np.repeat([0, 1], 20), ["a", "b"], cells_of=groups)
