from __future__ import annotations

from dataclasses import replace

import pytest
from made_up import measured, results

from ganaug.evaluation.advice import advise
from ganaug.evaluation.equivalence import EquivalentSampleSize
from ganaug.evaluation.statement import statement, worth_text
from ganaug.evaluation.stats.design import BENCHMARK, SAME_ROWS, Design
from ganaug.evaluation.verdict import compare_arms

GAINS = [0.020, 0.021, 0.022, 0.021, 0.020]
NONE = [0.001, 0.0, 0.001, 0.0, 0.001]
UP, DOWN = {0.5: 0.018, 1.0: 0.024, 2.0: 0.04}, {-0.5: -0.02, -0.75: -0.04}
FIXED = Design(BENCHMARK)
ON = "On 20 labels a class, "
USE = "Use the arm classical (real rows, classical augmentation)"


def said(gains: list[float], design: str = BENCHMARK, leaks: tuple[str, ...] = (), **others: object) -> list[str]:
    found = results(gains, noise=1e-5, **others)
    finding = compare_arms(found, FIXED, leaks)
    return statement(finding, advise(finding, found), found, design, (20, 20))


@pytest.mark.parametrize(
    ("gains", "others", "verdict", "advice"),
    [
        (
            GAINS,
            {"curve": UP},
            f"{ON}synthetic samples help: +2.1 points of balanced accuracy [+1.6, +2.5].",
            "Use the arm classical_gan (real and synthetic rows, classical augmentation): synthetic rows belong in it. "
            "Labelling 20 more rows a class would bring about +2.5 points [+2.1, +2.8], most in a (+2.5) and b (+2.5).",
        ),
        (
            [-gain for gain in GAINS],
            {},
            f"{ON}synthetic samples do harm: -2.1 points of balanced accuracy [-2.5, -1.6].",
            f"{USE}: synthetic rows do not belong in it. What labelling "
            "more rows would bring was not measured: list oracle under evaluate.arms.",
        ),
        (
            NONE,
            {"curve": DOWN},
            f"{ON}synthetic samples bring no gain that matters: +0.1 points of balanced accuracy [-0.1, +0.2].",
            f"{USE}: synthetic rows do not belong in it. Labelling more "
            "rows would bring less than the last 10 of a class did: +2.0 points [+1.7, +2.2], most in a (+2.0) and b "
            "(+2.0).",
        ),
        (
            [0.02, 0.0, 0.01],
            {},
            f"{ON}it is open whether synthetic samples help: +1.0 points of balanced accuracy [-8.1, +10.1].",
            f"{USE} for now, without synthetic rows; even 40 repeats may not settle it.",
        ),
        (
            [0.02],
            {},
            f"{ON}it is open whether synthetic samples help: +2.0 points of balanced accuracy.",
            f"{USE} for now, without synthetic rows; a single repeat allows no interval: run 3 or more.",
        ),
        (
            NONE,
            {"curve": {0.5: 0.0, 2.0: 0.002}},
            f"{ON}no gain could have been shown: 40 more real samples a class did not surely help either (+0.3 points",
            f"{USE} for now, without synthetic rows; even 40 repeats "
            "may not settle it. Labelling 10 more rows a class would not surely help: +0.0 points [-0.0, +0.1].",
        ),
        (
            GAINS,
            {"shuffled": 0.02},
            "No verdict: synthetic samples with shuffled labels raised balanced accuracy, +2.1 points",
            "Use none of these numbers: find out why wrong labels help, and run dvc repro again.",
        ),
        (
            GAINS,
            {"leaks": ("A test row is among the training rows.",)},
            "No verdict: rows leaked, A test row is among the training rows.",
            "Use none of these numbers: mend what leaked, and run dvc repro again.",
        ),
    ],
)
def test_the_first_sentence_says_what_was_found_and_the_second_what_to_do(gains, others, verdict, advice) -> None:
    first, second, third = said(gains, **others)
    assert first.startswith(verdict)
    assert second.startswith(advice)
    assert len(first) <= 170
    assert "was compared with classical, the best arm without a GAN, on 2,000 test rows" in third
    assert third.endswith("the deciding intervals of all looks together cover 95 %.")


def test_the_look_is_counted() -> None:
    assert "This was look 2 of 5 planned (3, 5, 10, 20 and 40 repeats)" in said(GAINS)[2]
    assert "This was no planned look" in said(GAINS[:4])[2]


def test_a_gain_is_told_in_real_rows() -> None:
    assert "The gain is worth about 14 more real samples a class [" in said(GAINS, curve=UP)[2]
    assert "The gain is worth about as much as the last 10 labels of each class [" in said(GAINS, curve=DOWN)[2]


def test_shared_rows_are_named() -> None:
    assert said(GAINS, SAME_ROWS)[0].startswith("On these 20 labels a class, ")


def test_repeats_without_synthetic_samples_are_told_apart() -> None:
    found = results(GAINS)
    found["classical_gan"][0]["n_train"]["synthetic"] = 0
    finding = compare_arms(found, FIXED)
    basis = statement(finding, advise(finding, found), found, BENCHMARK, (20, 20))[2]
    assert (
        "with 2,000 synthetic samples in 4 of 5 repeats (validation rows chose none in the others; where used: +"
        in basis
    )
    for each in found["classical_gan"]:
        each["n_train"]["synthetic"] = 0
        each["test"] = measured(0.7)
    for each in found["classical"]:
        each["test"] = measured(0.7)
    finding = compare_arms(found, FIXED)
    first, second, basis = statement(finding, advise(finding, found), found, BENCHMARK, (20, 20))
    assert first == f"{ON}it is open whether synthetic samples help: validation rows chose none in any repeat."
    assert "it takes repeats that use synthetic rows to settle it" in second
    assert "with no synthetic samples" in basis


def test_classes_that_gain_from_more_labels_are_named_with_the_most_first() -> None:
    found = results(GAINS, curve=UP)
    for each, base in zip(found["oracle"], found["classical"], strict=True):
        recall = base["test"]["per_class"]["a"]["recall"]
        each["points"][1]["test"] = measured(0.0, recalls=[recall, recall + 0.1])
    finding = compare_arms(found, FIXED)
    advice = advise(finding, found)
    assert [name for name, _ in advice.labels.classes] == ["b"]
    assert "most in b (+10.0)" in statement(finding, advice, found, BENCHMARK, (20, 20))[1]


def test_classes_of_unequal_rows_are_told_by_their_range() -> None:
    found = results(GAINS)
    finding = compare_arms(found, FIXED)
    said = statement(finding, advise(finding, found), found, BENCHMARK, (5, 1500))[0]
    assert said.startswith("On 5 to 1,500 labels a class, ")


@pytest.mark.parametrize(
    ("equivalent", "words"),
    [
        (
            EquivalentSampleSize(14.2, 5.1, 40.0, 40.0, "up"),
            "worth about 14 more real samples a class [5, more than 40]",
        ),
        (
            EquivalentSampleSize(40.0, 12.0, 40.0, 40.0, "up"),
            "worth more than 40 more real samples a class [12, more than 40]",
        ),
        (EquivalentSampleSize(40.0, 40.0, 40.0, 40.0, "up"), "worth more than 40 more real samples a class"),
        (EquivalentSampleSize(14.2, None, None, 40.0, "up"), "worth about 14 more real samples a class"),
        (
            EquivalentSampleSize(15.0, 9.0, 15.0, 15.0, "down"),
            "worth more than the last 15 labels of each class [9, more than 15]",
        ),
    ],
)
def test_what_a_gain_is_worth(equivalent: EquivalentSampleSize, words: str) -> None:
    assert worth_text(equivalent) == words
    if equivalent.low is not None:
        assert worth_text(replace(equivalent, low=None, high=None)) == words.split(" [")[0]
