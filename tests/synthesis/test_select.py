from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from small import Views

from ganaug.data.rows import digest
from ganaug.errors import ConfigError
from ganaug.modalities.image.arrays import content_ids
from ganaug.synthesis.select import CHUNK, Candidates, Selection, fill_quotas

TRAINING = np.random.default_rng(9).integers(0, 256, (6, 8, 8, 1), np.uint8)


class Source:
    """Images drawn in turn, some of them copies of training rows, with scores read off their own pixels."""

    def __init__(self, copies: float = 0.0) -> None:
        self.random = np.random.default_rng(0)
        self.copies = copies
        self.drawn = Counter()

    def __call__(self, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        self.drawn.update(labels.tolist())
        images = self.random.integers(0, 256, (len(labels), 8, 8, 1), np.uint8)
        copied = self.random.random(len(labels)) < self.copies
        images[copied] = TRAINING[self.random.integers(len(TRAINING), size=copied.sum())]
        return images, images[:, 0, 0, 0].astype(str).astype(object)


def realism(images: np.ndarray, labels: np.ndarray) -> np.ndarray:
    return images[:, 0, 0, 0] / np.float32(255)


def teacher(images: np.ndarray) -> np.ndarray:
    """Sure of class 0 for a bright first pixel, unsure of class 1 for ever, indifferent to class 2."""
    first = images[:, 0, 1, 0] / np.float32(255)
    return np.stack([first, 0 * first, 0 * first + 1], axis=1)


def features(images: np.ndarray) -> np.ndarray:
    return images.reshape(len(images), -1)[:, :5].astype(np.float32)


def fill(quotas, source=None, **selection) -> list[Candidates]:
    scorer = Views(teacher, features).scorer(realism, TRAINING, np.arange(6) // 2)
    return list(fill_quotas(source or Source(), scorer, Selection(**selection), np.array(quotas)))


def kept_per_class(found: list[Candidates]) -> list[int]:
    return np.bincount(np.concatenate([c.labels[c.kept] for c in found]), minlength=3).tolist()


def test_quotas_are_filled_exactly():
    source = Source()
    found = fill([40, 0, 25], source)
    assert kept_per_class(found) == [40, 0, 25]
    assert source.drawn[1] == 0
    assert source.drawn[2] == 25  # everything was good enough, so not one more was drawn
    assert 40 < source.drawn[0] <= 160
    assert source.drawn == Counter(np.concatenate([c.labels for c in found]).tolist())


def test_a_limit_beyond_all_counting_is_no_limit():
    assert kept_per_class(fill([40, 0, 25], max_candidates=1e308)) == [40, 0, 25]


def test_a_hopeless_class_ends_at_its_candidates():
    source = Source()
    found = fill([10, 10, 10], source, max_candidates=2.5)
    assert kept_per_class(found)[1:] == [0, 10]
    assert source.drawn[1] == 25
    assert source.drawn[0] <= 25


def test_reasons():
    found = fill([300, 30, 0], Source(copies=0.3), filters=["copy", "confidence", {"realism": {"threshold": 0.4}}])
    images, labels, reasons = (np.concatenate([getattr(c, n) for c in found]) for n in ("samples", "labels", "reasons"))
    copies = (images[:, None] == TRAINING).all((2, 3, 4)).any(1)
    sure = teacher(images)[np.arange(len(images)), labels] >= 0.5
    real = realism(images, labels) >= 0.4
    assert set(reasons) == {"", "copy", "confidence", "realism"}
    assert np.array_equal(reasons == "copy", copies)
    assert np.array_equal(reasons == "confidence", ~copies & ~sure)
    assert np.array_equal(reasons == "realism", ~copies & sure & ~real)
    assert np.array_equal(np.concatenate([c.kept for c in found]), reasons == "")


@pytest.mark.parametrize("repeats", [1, 2])
def test_exact_copies_are_dropped_even_where_training_rows_repeat(repeats):
    """Then training rows lie at distance zero from each other."""
    training = np.concatenate([TRAINING] * repeats)
    sure = Views(lambda rows: np.ones((len(rows), 1)), features)
    scorer = sure.scorer(realism, training, np.zeros(len(training), int))
    everything = iter([training, training])

    def kept(*names: str) -> int:
        (found,) = fill_quotas(
            lambda labels: (next(everything), None), scorer, Selection(names, 1.0), np.array([len(training)])
        )
        return found.kept.sum()

    assert kept("copy") == 0
    assert kept() == len(training)


def test_later_filters_see_what_earlier_ones_left():
    """The better half by realism of those that the teacher takes for their class, not of all."""
    found = fill([60, 0, 0], filters=["confidence", {"quota": {"by": "realism"}}])
    images, reasons = (np.concatenate([getattr(c, n) for c in found]) for n in ("samples", "reasons"))
    sure = teacher(images)[:, 0] >= 0.5
    assert set(reasons) == {"", "confidence", "quota"}
    assert np.array_equal(reasons == "confidence", ~sure)
    first = found[0]
    left = realism(first.samples, first.labels)[first.reasons != "confidence"]
    assert np.array_equal(first.kept[first.reasons != "confidence"], left >= np.quantile(left, 0.5))


def test_candidates_say_of_which_rows_they_are_versions():
    for portion in fill([30, 0, 20]):
        assert portion.contents.tolist() == [str(image[0, 0, 0]) for image in portion.samples]


def test_candidates_say_which_rows_the_teacher_saw():
    assert {c.trained_on for c in fill([1, 0, 1])} == {digest(content_ids(TRAINING))}


def test_portions_are_bounded():
    found = fill([0, 0, CHUNK + 10])
    assert [len(c.labels) for c in found] == [CHUNK, 10]


def test_nothing_wanted_draws_nothing():
    assert fill([0, 0, 0]) == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"filters": [{"confidence": {"threshold": 1.5}}]},
            "confidence.threshold is 1.5; it must be a number from 0 to 1",
        ),
        ({"filters": ["copies"]}, "did you mean 'copy'"),
        ({"max_candidates": 0.5}, "max_candidates is 0.5: give 1 or more"),
        ({"max_candidates": float("nan")}, "max_candidates is nan"),
        ({"max_candidates": float("inf")}, "max_candidates is inf"),
    ],
)
def test_values_out_of_range(options, message):
    with pytest.raises(ConfigError, match=message):
        Selection(**options)
