from __future__ import annotations

from dataclasses import replace

import pytest
from made_up import results

from ganaug.evaluation.equivalence import Worth
from ganaug.evaluation.sentence import sentence, worth_text
from ganaug.evaluation.verdict import judge

GAINS = [0.020, 0.021, 0.022]
UP, DOWN = {0.5: 0.018, 1.0: 0.024, 2.0: 0.04}, {-0.5: -0.02, -0.75: -0.04}
BEGINNING = "On 20 labels a class, adding 2,000 synthetic samples "


def said(gains: list[float], design: str = "benchmark", **others: object) -> str:
    found = results(gains, noise=1e-5, **others)
    return sentence(judge(found, ratio=0.0), found, design)


@pytest.mark.parametrize(
    ("gains", "others", "words"),
    [
        (
            GAINS,
            {},
            f"{BEGINNING}raised balanced accuracy by 2.1 points over the best arm without a GAN [1.9, 2.3].",
        ),
        (
            GAINS,
            {"curve": UP},
            f"{BEGINNING}raised balanced accuracy by 2.1 points over the best arm without a GAN [1.9, 2.3]; "
            "worth about 15 more real samples a class [11, 19].",
        ),
        (
            GAINS,
            {"curve": DOWN},
            f"{BEGINNING}raised balanced accuracy by 2.1 points over the best arm without a GAN [1.9, 2.3]; "
            "worth about as much as the last 10 labels of each class [9, 11].",
        ),
        (
            [-gain for gain in GAINS],
            {},
            f"{BEGINNING}lowered balanced accuracy by 2.1 points against the best arm without a GAN [1.9, 2.3].",
        ),
        (
            [0.001, 0.0, 0.001],
            {},
            f"{BEGINNING}brings no gain that matters: balanced accuracy changed by +0.1 points [-0.1, +0.2] against "
            "the best arm without a GAN, which rules out a gain of more than 0.5 points.",
        ),
        (
            [0.02, 0.0, 0.01],
            {},
            "On 20 labels a class, it is open whether adding 2,000 synthetic samples raises balanced accuracy by more "
            "than 0.5 points: it changed by +1.0 points [-1.5, +3.5] against the best arm without a GAN; 3 draws were "
            "run, about 34 would settle it.",
        ),
        (
            [0.02],
            {},
            "On 20 labels a class, it is open whether adding 2,000 synthetic samples raises balanced accuracy by more "
            "than 0.5 points: it changed by +2.0 points against the best arm without a GAN; a single draw allows no "
            "interval.",
        ),
        (
            [0.001, 0.0, 0.001],
            {"curve": {0.5: 0.0, 2.0: 0.002}},
            "This comparison could not have shown a gain: even 40 more real samples a class did not surely raise "
            "balanced accuracy by more than 0.5 points (+0.2 points [+0.2, +0.2]), so +0.1 points [-0.1, +0.2] from "
            "adding 2,000 synthetic samples settle nothing; 3 draws were run, and more of them would hardly settle it.",
        ),
        (
            [0.001, 0.0, 0.001],
            {"curve": {-0.5: 0.0, -0.75: -0.002}},
            "This comparison could not have shown a gain: even leaving out 15 real samples a class did not surely "
            "lower balanced accuracy by more than 0.5 points (-0.2 points [-0.2, -0.2]), so +0.1 points [-0.1, +0.2] "
            "from adding 2,000 synthetic samples settle nothing; 3 draws were run, and more of them would hardly "
            "settle it.",
        ),
        (
            GAINS,
            {"shuffled": 0.02},
            "No verdict, as the negative control won: synthetic samples with shuffled labels raised balanced accuracy "
            "by 2.0 points over the best arm without a GAN [2.0, 2.0], so a gain here does not come from what the "
            "samples show.",
        ),
    ],
)  # fmt: skip
def test_every_outcome_in_plain_words(gains, others, words) -> None:
    assert said(gains, **others) == words


def test_a_leak_is_named() -> None:
    found = results(GAINS)
    leaks = ["A test row is among the training rows.", "Another."]
    assert sentence(judge(found, 0.0, leaks), found, "benchmark") == (
        "No verdict, as rows leaked: A test row is among the training rows (and 1 more)."
    )


def test_it_says_so_where_only_these_rows_are_spoken_of() -> None:
    assert said(GAINS, "same_rows").startswith("On these 20 labels a class, ")


def test_samples_that_validation_rows_left_out_are_not_counted() -> None:
    found = results(GAINS)
    found["classical_gan"][0]["n_train"]["synthetic"] = 0
    words = sentence(judge(found, 0.0), found, "benchmark")
    assert "adding 2,000 synthetic samples (in 2 of 3 draws, as validation rows chose) raised" in words
    for each in found["classical_gan"]:
        each["n_train"]["synthetic"] = 0
    assert "adding no synthetic samples (validation rows chose none) raised" in sentence(
        judge(found, 0.0), found, "benchmark"
    )


def test_labels_that_do_not_divide_among_the_classes_are_counted_in_all() -> None:
    found = results(GAINS)
    for each in found["classical"]:
        each["n_train"]["real"] = 41
    assert sentence(judge(found, 0.0), found, "benchmark").startswith("On 41 labels in 2 classes, ")


@pytest.mark.parametrize(
    ("worth", "words"),
    [
        (Worth(14.2, 5.1, 40.0, 40.0, "up"), "worth about 14 more real samples a class [5, more than 40]"),
        (Worth(40.0, 12.0, 40.0, 40.0, "up"), "worth more than 40 more real samples a class [12, more than 40]"),
        (Worth(40.0, 40.0, 40.0, 40.0, "up"), "worth more than 40 more real samples a class"),
        (Worth(14.2, None, None, 40.0, "up"), "worth about 14 more real samples a class"),
        (Worth(15.0, 9.0, 15.0, 15.0, "down"), "worth more than the last 15 labels of each class [9, more than 15]"),
    ],
)
def test_what_a_gain_is_worth(worth: Worth, words: str) -> None:
    assert worth_text(worth) == words
    if worth.low is not None:
        assert worth_text(replace(worth, low=None, high=None)) == words.split(" [")[0]
