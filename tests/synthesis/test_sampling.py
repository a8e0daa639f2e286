"""Samples of a translating generator: of classes, of given rows, in the style of others."""

from __future__ import annotations

import numpy as np
import pytest
from small import digits, tiny

from ganaug import GANAugmenter
from ganaug.errors import ConfigError, DataError
from ganaug.synthesis.select import Selection

GROUPS = np.array(["serif", "sans", None] * 20, object)


@pytest.fixture(scope="module")
def translating() -> GANAugmenter:
    rows, y = digits()
    return tiny(generator="translation", steps=30, batch_size=16, width=8).fit(rows, y, groups=GROUPS)


@pytest.mark.slow
def test_versions_keep_their_class_also_of_classes_never_trained_on(translating):
    rows, _ = digits(3)
    new, labels = translating.vary(rows, ["bird", "cat", "bird"], versions=2)
    assert labels.tolist() == ["bird", "bird", "cat", "cat", "bird", "bird"]
    assert new.shape == (6, 8, 8)
    assert new.dtype == np.uint8
    assert not np.array_equal(new[0], new[1])


@pytest.mark.slow
def test_the_same_seed_gives_the_same_versions_and_none_goes_on(translating):
    rows, y = digits(3)
    first, again, other = (translating.vary(rows, y, random_state=seed)[0] for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert not np.array_equal(translating.vary(rows, y)[0], translating.vary(rows, y)[0])


def test_styles_come_from_where_they_are_told(translating):
    rows, y = digits()
    plain, styled, grouped = (
        translating.sample(y=[0, 1], random_state=1, **where)[0]
        for where in ({}, {"style": rows[:1]}, {"group": "serif"})
    )
    assert not np.array_equal(plain, styled)
    assert not np.array_equal(styled, grouped)
    of_group = translating.vary(rows[:4], y[:4], style=rows[GROUPS == "serif"], random_state=1)[0]
    assert np.array_equal(translating.vary(rows[:4], y[:4], group="serif", random_state=1)[0], of_group)


def test_without_truncation_there_is_no_style(translating):
    rows, y = digits(2)
    one, two = (translating.vary(rows, y, style=rows[i : i + 1], truncation=0.0, random_state=i)[0] for i in (0, 1))
    assert np.array_equal(one, two)


@pytest.mark.parametrize(
    ("asked", "error", "words"),
    [
        ({"group": "italic"}, DataError, "No training row is of the group 'italic': use one of sans, serif"),
        ({"group": "sans", "style": np.zeros((1, 8, 8), np.uint8)}, ConfigError, "give one of them"),
        ({"style": np.zeros((1, 9, 8), np.uint8)}, DataError, "shape"),
        ({"versions": 0}, ConfigError, "versions is 0"),
        ({"truncation": -1.0}, ConfigError, "truncation is -1"),
    ],
)
def test_what_cannot_be_asked_is_refused(translating, asked, error, words):
    rows, y = digits(2)
    with pytest.raises(error, match=words):
        translating.vary(rows, y, **asked)


@pytest.mark.slow
def test_candidates_fill_cells_of_a_class_in_the_style_of_a_group(translating, quick_teacher):
    rows, y = digits()
    quotas = {(7, "serif"): 3, (2, "sans"): 2, (7, "sans"): 1}
    (found,) = translating.candidates(rows, y, quotas, Selection(filters=()))
    assert list(zip(found.labels.tolist(), found.groups.tolist(), strict=True)) == [
        (2, "sans"), (2, "sans"), (7, "serif"), (7, "serif"), (7, "serif"), (7, "sans"),
    ]  # fmt: skip
    (plain,) = translating.candidates(rows, y, {7: 1}, Selection(filters=()))
    assert plain.groups is None
    with pytest.raises(DataError, match="No training row is of the group 'bold': use one of sans, serif"):
        list(translating.candidates(rows, y, {(7, "sans"): 1, (7, "bold"): 1}, Selection(filters=())))


@pytest.mark.slow
def test_candidates_say_of_which_training_rows_they_are_versions(translating, fitted, quick_teacher):
    rows, y = digits()
    ids = dict(zip(translating.modality_.ids(rows[..., None]), y, strict=True))
    for quotas in ({7: 40, 2: 30}, {(7, "serif"): 20}):
        (found,) = translating.candidates(rows, y, quotas, Selection(filters=()))
        assert [ids[each] for each in found.contents] == found.labels.tolist()
        assert len(set(found.contents)) > 3
    latent, rows, y = fitted
    assert all(found.contents is None for found in latent.candidates(rows, y, {y[0]: 2}, Selection(filters=())))


@pytest.mark.slow
def test_no_network_judges_rows_of_a_cell_that_it_never_saw(quick_teacher):
    rows, y = digits()
    there = (y != 7) | (GROUPS != "serif")
    found = tiny(generator="translation", steps=2).fit(rows[there], y[there], groups=GROUPS[there])
    strict = Selection(filters=({"confidence": {"threshold": 1.0}}, {"realism": {"threshold": 1.0}}), max_candidates=1)
    (made,) = found.candidates(rows[there], y[there], {(2, "serif"): 4, (7, "sans"): 4, (7, "serif"): 4}, strict)
    assert made.kept.tolist() == [False] * 8 + [True] * 4


def test_a_generator_of_latents_fills_no_cell(fitted):
    found, rows, y = fitted
    with pytest.raises(ConfigError, match="generator='translation'"):
        list(found.candidates(rows, y, {("one", "serif"): 1}, Selection(filters=())))


def test_groups_are_one_a_row():
    rows, y = digits(20)
    with pytest.raises(DataError, match=r"groups has shape \(3,\) for 20 rows"):
        tiny(generator="translation").fit(rows, y, groups=["a", "b", "c"])


@pytest.mark.slow
def test_a_generator_of_latents_varies_nothing(fitted):
    found, rows, y = fitted
    for asked in (lambda: found.vary(rows[:1], y[:1]), lambda: found.sample(per_class=1, style=rows[:1])):
        with pytest.raises(ConfigError, match="generator='translation'"):
            asked()


def test_augmenting_adds_versions_of_stored_rows(translating, quick_teacher):
    rows, y = digits()
    both, labels = translating.augment(rows, y, ratio=0.5, selection=Selection(filters=["copy"]))
    assert np.array_equal(both[:60], rows)
    assert len(both) == len(labels) > 60
