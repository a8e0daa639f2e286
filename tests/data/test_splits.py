from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ganaug.data.splits import Split, make_splits
from ganaug.errors import DataError

PARTS = ("train", "validation", "test", "pool")


def labels_of(*counts: int) -> np.ndarray:
    """Labels in a shuffled order, ``counts`` of each class."""
    labels = np.repeat(np.arange(len(counts)), counts)
    return np.random.default_rng(0).permutation(labels)


def names(n: int) -> list[str]:
    return [f"class {k}" for k in range(n)]


def count(labels: np.ndarray, rows: np.ndarray) -> list[int]:
    return np.bincount(labels[rows], minlength=labels.max() + 1).tolist()


def assert_sound(split: Split, labels: np.ndarray, units: np.ndarray) -> None:
    """Parts share no row and no unit, are in order, and hold what every class needs."""
    for a, b in combinations(PARTS, 2):
        assert not set(getattr(split, a)) & set(getattr(split, b))
        assert not set(units[getattr(split, a)]) & set(units[getattr(split, b)])
    for part in PARTS:
        assert (np.diff(getattr(split, part)) > 0).all()
    for part in PARTS[:3]:
        assert min(count(labels, getattr(split, part))) >= 1


@settings(deadline=None, max_examples=60)
@given(
    counts=st.lists(st.integers(4, 60), min_size=2, max_size=5),
    per_class=st.none() | st.integers(2, 20),
    share=st.floats(0.05, 0.3),
    seed=st.integers(0, 1000),
    n_repeats=st.integers(1, 3),
)
def test_rows_are_dealt_out_exactly(
    counts: list[int], per_class: int | None, share: float, seed: int, n_repeats: int
) -> None:
    labels = labels_of(*counts)
    options: dict[str, Any] = {"validation": share, "test": share, "per_class": per_class, "seed": seed}
    held_out = [max(1, round(share * n)) for n in counts]
    assume(all(n - 2 * h >= 1 for n, h in zip(counts, held_out, strict=True)))  # else there is too little to train on
    splits = make_splits(labels, names(len(counts)), repeats=range(n_repeats), **options)
    for split in splits.repeats.values():
        assert_sound(split, labels, np.arange(len(labels)))
        assert count(labels, split.test) == count(labels, split.validation) == held_out
        spare = [n - 2 * h for n, h in zip(counts, held_out, strict=True)]
        assert count(labels, split.train) == [min(n, per_class or n) for n in spare]
    used = [set(split.train) for split in splits.repeats.values()]
    if splits.mode == "benchmark":
        assert not any(a & b for a, b in combinations(used, 2))
        assert len({tuple(split.test) for split in splits.repeats.values()}) == 1
        assert len({tuple(split.validation) for split in splits.repeats.values()}) == 1
        assert not any(set(split.pool) & rows for split in splits.repeats.values() for rows in used)
    else:
        assert (
            per_class is None or min(n - 2 * h for n, h in zip(counts, held_out, strict=True)) < n_repeats * per_class
        )
    if per_class is None:
        assert not any(len(split.pool) for split in splits.repeats.values())


@pytest.mark.slow
@settings(deadline=None, max_examples=60)
@given(
    n_classes=st.integers(2, 4),
    n_units=st.integers(16, 40),
    largest=st.integers(1, 6),
    mixed=st.booleans(),
    per_class=st.none() | st.integers(2, 8),
    seed=st.integers(0, 1000),
)
def test_groups_stay_whole(
    n_classes: int, n_units: int, largest: int, mixed: bool, per_class: int | None, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    units = np.repeat(np.arange(n_units), rng.integers(1, largest + 1, n_units))
    labels = rng.integers(0, n_classes, len(units)) if mixed else units % n_classes
    try:
        splits = make_splits(labels, names(n_classes), repeats=[0, 1], units=units, per_class=per_class, seed=seed)
    except DataError:
        holders = [len(set(units[labels == k])) for k in range(n_classes)]
        assert mixed or min(holders) < 4
        return
    for split in splits.repeats.values():
        assert_sound(split, labels, units)
        if per_class:
            assert max(count(labels, split.train)) <= per_class


@settings(deadline=None, max_examples=60)
@given(n_units=st.integers(20, 60), largest=st.integers(1, 4), parts=st.integers(1, 3), seed=st.integers(0, 1000))
def test_splits_of_the_source_share_no_group(n_units: int, largest: int, parts: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    units = np.repeat(np.arange(n_units), rng.integers(1, largest + 1, n_units))
    labels = rng.integers(0, 2, len(units))
    rank = rng.choice(
        ["test", "validation", "train"][-parts:], len(units), p=[[1.0], [0.2, 0.8], [0.2, 0.2, 0.6]][parts - 1]
    )
    given = rank.astype(object)
    try:
        splits = make_splits(labels, names(2), given=given, units=units, seed=seed)
    except DataError:
        assume(False)
    split = splits.repeats[0]
    assert_sound(split, labels, units)
    everything = np.concatenate([*(getattr(split, part) for part in PARTS), splits.left_out])
    assert sorted(everything.tolist()) == list(range(len(units)))
    order = ["train", "validation", "test"]
    for part in order[1:]:
        brought = np.flatnonzero(given == part)
        if len(brought):
            above = np.isin(units, units[np.isin(given, order[order.index(part) + 1 :])])
            np.testing.assert_array_equal(getattr(split, part), brought[~above[brought]])


def test_groups_of_equal_size_meet_the_shares() -> None:
    units = np.repeat(np.arange(100), 5)
    labels = units % 2
    split = make_splits(labels, names(2), units=units).repeats[0]
    assert count(labels, split.test) == count(labels, split.validation) == [50, 50]
    assert count(labels, split.train) == [150, 150]


def test_few_groups_are_enough_where_each_part_gets_one() -> None:
    units = np.repeat([0, 1, 2, 3, 4, 5], [30, 30, 30, 2, 30, 1])
    labels = np.repeat([0, 1], [90, 33])
    split = make_splits(labels, names(2), units=units).repeats[0]
    assert_sound(split, labels, units)


def test_the_same_seed_gives_the_same_splits_and_repeats_differ() -> None:
    labels = labels_of(40, 40)
    one, two = (make_splits(labels, names(2), repeats=[0, 1], seed=3).repeats for _ in range(2))
    for part in PARTS:
        np.testing.assert_array_equal(getattr(one[1], part), getattr(two[1], part))
    assert set(one[0].train) != set(one[1].train)
    assert set(one[0].test) != set(one[1].test)
    assert set(make_splits(labels, names(2), repeats=[0], seed=4).repeats[0].test) != set(one[0].test)


@pytest.mark.parametrize("per_class", [None, 5])
def test_more_repeats_leave_the_earlier_ones_as_they_are(per_class: int | None) -> None:
    labels = labels_of(60, 50)
    few = make_splits(labels, names(2), repeats=[0, 1], per_class=per_class).repeats
    only = make_splits(labels, names(2), repeats=[1], per_class=per_class).repeats
    np.testing.assert_array_equal(few[1].train, only[1].train)
    np.testing.assert_array_equal(few[1].test, only[1].test)


def test_benchmark_mode_says_so_and_keeps_a_pool() -> None:
    splits = make_splits(labels_of(50, 60), names(2), repeats=[0, 1, 2], per_class=5, validation=4, test=6)
    assert splits.mode == "benchmark"
    assert "3 disjoint training sets of 5" in splits.reason
    assert [len(getattr(splits.repeats[2], part)) for part in PARTS] == [10, 8, 12, 110 - 30 - 8 - 12]


def test_too_few_rows_for_disjoint_repeats_repeat_the_split() -> None:
    labels = labels_of(30, 60)
    splits = make_splits(labels, names(2), repeats=[0, 1, 2], per_class=8)
    assert splits.mode == "repeated"
    assert "class 'class 0' has 18 rows" in splits.reason
    assert all(count(labels, split.train) == [8, 8] for split in splits.repeats.values())
    assert len({tuple(split.test) for split in splits.repeats.values()}) == 3


def test_a_mapping_cuts_classes_to_a_long_tail() -> None:
    labels = labels_of(60, 80, 60)
    splits = make_splits(labels, names(3), repeats=[0, 1], per_class={"class 2": 3})
    assert splits.mode == "repeated"
    assert "leaves out class 'class 0'" in splits.reason
    for split in splits.repeats.values():
        assert_sound(split, labels, np.arange(200))
        assert count(labels, split.train) == [36, 48, 3]
        assert count(labels, split.test) == [12, 16, 12]


def test_a_mapping_of_all_classes_gives_disjoint_training_sets() -> None:
    labels = labels_of(60, 80)
    splits = make_splits(labels, names(2), repeats=[0, 1], per_class={"class 1": 20, "class 0": 2})
    assert splits.mode == "benchmark"
    assert "2 disjoint training sets of 2 to 20 rows a class" in splits.reason
    assert [count(labels, split.train) for split in splits.repeats.values()] == [[2, 20]] * 2
    assert not set(splits.repeats[0].train) & set(splits.repeats[1].train)


@pytest.mark.slow
@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 1000), size=st.integers(1, 3), share=st.sampled_from([0.2, 0.25, 0.34]))
def test_repeated_repeats_are_folds(seed: int, size: int, share: float) -> None:
    """The test sets of a turn share no row; the next turn deals other folds."""
    labels = np.repeat(np.arange(2), 60)
    folds = int(60 // round(share * 60))
    options = {"validation": 0.2, "test": share, "units": np.arange(120) // size, "seed": seed}
    repeats = make_splits(labels, ("a", "b"), repeats=range(folds + 1), **options).repeats
    tests = [set(repeats[d].test.tolist()) for d in range(folds + 1)]
    assert len(set.union(*tests[:folds])) == sum(map(len, tests[:folds]))
    assert tests[folds] not in tests[:folds]


def test_splits_of_the_source_are_kept() -> None:
    labels = labels_of(30, 30)
    given = np.full(60, "train", object)
    given[::5] = "test"
    splits = make_splits(labels, names(2), repeats=[0, 1], given=given, test=0.5)
    for split in splits.repeats.values():
        np.testing.assert_array_equal(split.test, np.arange(0, 60, 5))
        assert not set(split.train) & set(split.test)
    given[1::5] = "validation"
    split = make_splits(labels, names(2), given=given).repeats[0]
    np.testing.assert_array_equal(split.validation, np.arange(1, 60, 5))
    np.testing.assert_array_equal(split.train, np.flatnonzero(given == "train"))


def test_a_group_across_given_splits_is_left_out_of_training() -> None:
    labels = np.arange(40) % 2
    given = np.full(40, "train", object)
    given[:10], given[10:20] = "test", "validation"
    units = np.arange(40)
    units[[0, 12, 25]] = 0  # test, validation, train
    units[[13, 26]] = 13  # validation, train
    splits = make_splits(labels, names(2), units=units, given=given)
    assert splits.left_out.tolist() == [12, 25, 26]
    assert 0 in splits.repeats[0].test
    assert 13 in splits.repeats[0].validation


@pytest.mark.parametrize(
    ("counts", "options", "reason"),
    [
        ((10, 2), {}, "class 'class 1' has 2 usable rows, too few for training and test and validation, .* at least 3"),
        ((10, 1), {}, "class 'class 1' has 1 usable rows"),
        ((10, 0), {}, "class 'class 1' has 0 usable rows"),
        ((10, 10), {"test": 9}, "at least 12"),
        ((10, 10), {"test": 0.6, "validation": 0.4}, "at least 11"),
        ((10, 10), {"test": 0.0}, "share between 0 and 1"),
        ((10, 10), {"validation": 1.5}, "share between 0 and 1"),
        ((10, 10), {"per_class": 0}, "at least 1 rows a class"),
        ((10, 10), {"per_class": {"class 1": 0}}, "is 0 for class 'class 1'; training takes at least 1 rows"),
        ((10, 10), {"per_class": {"clas 1": 2}}, r"names 'clas 1', which is no class \(did you mean 'class 1'\?\)"),
        ((10, 10), {"per_class": {"x": 2}}, "names 'x', which is no class; the classes are class 0, class 1"),
        ((10,), {}, "only one class"),
    ],
)
def test_what_cannot_be_split_is_explained(counts: tuple[int, ...], options: dict[str, Any], reason: str) -> None:
    with pytest.raises(DataError, match=reason):
        make_splits(np.repeat(np.arange(len(counts)), counts), names(len(counts)), **options)


def test_a_class_of_three_rows_has_one_in_each_split() -> None:
    split = make_splits(np.repeat([0, 1], [30, 3]), names(2)).repeats[0]
    assert [int((part >= 30).sum()) for part in (split.train, split.validation, split.test)] == [1, 1, 1]


def test_too_few_groups_are_explained() -> None:
    with pytest.raises(DataError, match=r"class 'class 1' has 0 rows for train.*in 2 groups"):
        make_splits(np.repeat([0, 1], 20), names(2), units=np.array([*range(20), *[20] * 10, *[21] * 10]))


def test_a_class_without_test_rows_in_the_source_is_explained() -> None:
    labels = np.repeat([0, 1], 20)
    given = np.array(["test"] * 5 + ["train"] * 35, object)
    with pytest.raises(DataError, match="class 'class 1' has 0 rows for test"):
        make_splits(labels, names(2), given=given)


@pytest.mark.slow
def test_sixty_thousand_rows_take_no_time() -> None:
    labels = np.arange(60_000) % 10
    units = np.arange(60_000)
    units[1::7] = units[::7][: len(units[1::7])]
    splits = make_splits(labels, names(10), repeats=[0, 1, 2], per_class=20, units=units)
    assert splits.mode == "benchmark"
    for split in splits.repeats.values():
        assert_sound(split, labels, units)
        assert count(labels, split.train) == [20] * 10
