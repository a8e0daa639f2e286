from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_up import measured, prepared, results

from ganaug.errors import DataError
from ganaug.evaluation.fidelity import average
from ganaug.evaluation.stats.design import BENCHMARK, Design
from ganaug.evaluation.stats.estimate import holm
from ganaug.evaluation.summary import summarise
from ganaug.evaluation.verdict import compare_arms
from ganaug.metrics.classification import SCALARS

GAINS = [0.02, 0.03, 0.025, 0.02, 0.03]
FIXED = prepared()
DIAGNOSTICS = {"mixup": -0.01, "gan": 0.01, "unfiltered": 0.0, "shuffled": -0.02, "synthetic": -0.1}
CURVE = {0.5: 0.02, 2.0: 0.04}
WHERE = {"difference": "", "low": "_low", "high": "_high"}


def full(gains: list[float] = GAINS) -> dict[str, Any]:
    """Results of every arm."""
    return results(gains, noise=0.002, curve=CURVE, **DIAGNOSTICS)


def test_the_verdict_and_its_numbers() -> None:
    found, gain = summarise({"small_cnn": full()}, FIXED), compare_arms(full(), Design(BENCHMARK)).gain
    assert (found["verdict"], found["candidate"], found["reference"]) == ("HELPS", "classical_gan", "classical")
    assert found["difference"] == pytest.approx(gain.mean)
    assert (found["difference_low"], found["difference_high"]) == pytest.approx((gain.low, gain.high))
    assert found["p_gain"] == pytest.approx(gain.above(0.005))
    assert found["p_harm"] == pytest.approx(1 - gain.above(-0.005))
    assert (found["repeats"], found["used_repeats"], found["test_rows"]) == (5, 5, 2000)
    assert found["look"] == {"number": 2, "planned": [3, 5, 10, 20, 40], "coverage": 0.994}
    assert found["where_used"] == {key: found[f"difference{end}"] for key, end in WHERE.items()}
    assert 10 < found["equivalent_rows"] < 25
    assert found["real_rows"]["limit"] == 40.0


def test_arms_and_their_intervals_within_what_a_share_can_be() -> None:
    arms = summarise({"small_cnn": results([0.28, -0.3])}, FIXED)["per_arm"]
    assert list(arms) == ["real", "classical", "classical_gan"]
    assert arms["classical"]["balanced_accuracy"] == arms["classical"]["nll"] == pytest.approx(0.71)
    assert arms["classical"]["low"] < 0.71 < arms["classical"]["high"]
    assert (arms["classical_gan"]["low"], arms["classical_gan"]["high"]) == (0.0, 1.0)
    assert arms["classical"]["validation"] == pytest.approx(0.71)
    assert (arms["classical"]["synthetic_rows"], arms["classical_gan"]["synthetic_rows"]) == (0, 2000)


def test_secondary_contrasts_are_adjusted_for_their_number() -> None:
    found = summarise({"small_cnn": full()}, FIXED)["per_contrast"]
    assert set(found) == {"real", *DIAGNOSTICS, "selection"}
    assert (found["selection"]["arm"], found["selection"]["minus"]) == ("classical_gan", "unfiltered")
    assert {each["minus"] for name, each in found.items() if name != "selection"} == {"classical"}
    assert found["synthetic"]["difference"] == pytest.approx(-0.1, abs=0.005)
    adjusted = holm([each["p"] for each in found.values()])
    assert [each["p_holm"] for each in found.values()] == pytest.approx(adjusted)


def test_the_class_that_fares_worst_is_named() -> None:
    found = results(GAINS)
    for repeat, each in enumerate(found["classical_gan"]):
        each["test"] = measured(0.75, recalls=[0.9, 0.59 + repeat / 100])
    for each in found["classical"]:
        each["test"] = measured(0.7, recalls=[0.7, 0.7])
    summary = summarise({"small_cnn": found}, FIXED)
    assert summary["worst_class"] == "b"
    assert summary["worst_class_difference"] == pytest.approx(-0.09)
    assert summary["worst_class_low"] < -0.09 < summary["worst_class_high"]
    assert [each["class"] for each in summary["per_class"]] == ["a", "b"]
    assert summary["per_class"][0]["difference"] == pytest.approx(0.2)


def test_a_class_without_test_rows_is_left_out() -> None:
    found = results(GAINS)
    for each in (each for arm in found.values() for each in arm):
        each["test"]["per_class"]["b"] |= {"n": 0, "correct": ""}
    assert [each["class"] for each in summarise({"small_cnn": found}, FIXED)["per_class"]] == ["a"]


def test_splits_of_the_same_rows_get_wider_intervals() -> None:
    anew = results(GAINS, curve=CURVE, test_ids=list("vwxyz"))
    wide, wider = (
        summarise({"small_cnn": anew}, prepared("repeated", test=40, train=40, pool=pool)) for pool in (120, 0)
    )
    widths = [found["difference_high"] - found["difference_low"] for found in (wide, wider)]
    assert (wide["variance_ratio"], wider["variance_ratio"]) == (0.25, 1.0)
    assert widths[1] / widths[0] == pytest.approx(((1 / 5 + 1) / (1 / 5 + 0.25)) ** 0.5)
    assert wider["equivalent_rows_low"] < wide["equivalent_rows_low"]
    assert (wide["design"], summarise({"small_cnn": results(GAINS)}, prepared("repeated"))["design"]) == (
        "repeated",
        "same_rows",
    )


def test_metrics_that_are_no_means_over_test_rows_have_no_interval_where_these_are_shared() -> None:
    shared = summarise({"small_cnn": full()}, FIXED)["per_metric"]
    own = summarise({"small_cnn": results(GAINS, test_ids=list("vwxyz"))}, prepared("repeated"))["per_metric"]
    assert [shared[name]["low"] is None for name in SCALARS] == [False, False, True, True, True, True]
    assert all(own[name]["low"] is not None for name in SCALARS)
    assert shared["accuracy"]["difference"] == pytest.approx(shared["balanced_accuracy"]["difference"])


def test_what_to_do_is_among_the_numbers() -> None:
    advice = summarise({"small_cnn": full()}, FIXED)["next"]
    assert (advice["arm"], advice["synthetic"]) == ("classical_gan", True)
    assert advice["more_labels"]["rows"] == 10.0
    assert advice["more_labels"]["difference"] == pytest.approx(0.02, abs=0.005)
    assert [each["class"] for each in advice["more_labels"]["classes"]] == ["a", "b"]
    assert summarise({"small_cnn": full()}, FIXED, ["A leak."])["next"]["arm"] is None


@pytest.mark.slow
def test_a_classifier_that_disagrees_is_heard() -> None:
    both = {"small_cnn": full(), "svm": results([0.0, 0.001, 0.0, 0.001, 0.0]), "tree": full()}
    found = summarise(both, FIXED)
    assert found["verdict"] == "HELPS"
    assert found["statement"][3:] == ["With the classifier svm the verdict is NO BENEFIT."]
    assert list(found["per_classifier"]) == ["svm", "tree"]
    assert found["per_classifier"]["tree"]["difference"] == found["difference"]


def test_a_classifier_that_brings_more_than_any_arm_is_said_first() -> None:
    better = results(GAINS, synthetic=-0.5)
    for found in better.values():
        for repeat in found:
            repeat["validation"] = measured(0.9, 20)
            repeat["test"] = measured(repeat["test"]["accuracy"] + 0.1)
    texts = {**FIXED, "modality": "text"}
    found = summarise({"tfidf_linear_svm": results(GAINS, synthetic=-0.5), "other": better}, texts)["statement"]
    assert found[1].startswith("First take the classifier other: with it the arm real is ")
    assert found[2].startswith("Use the arm ")
    alone = summarise({"tfidf_linear_svm": results(GAINS)}, texts)["statement"]
    assert alone[1].startswith("First try sentence embeddings")
    assert len(summarise({"tfidf_linear_svm": results(GAINS)}, {**FIXED, "modality": "image"})["statement"]) == 3
    assert len(summarise({"my:own": results(GAINS)}, texts)["statement"]) == 3


@pytest.mark.slow
def test_a_leak_makes_every_verdict_invalid() -> None:
    found = summarise({"small_cnn": full(), "svm": full()}, FIXED, ["A test row is among the training rows."])
    assert found["verdict"] == found["per_classifier"]["svm"]["verdict"] == "INVALID"
    assert found["leaks"] == ["A test row is among the training rows."]
    assert "A test row is among the training rows" in found["statement"][0]


def test_a_single_repeat_has_numbers_but_no_intervals() -> None:
    found = summarise({"small_cnn": full(GAINS[:1])}, FIXED)
    assert found["verdict"] == "INCONCLUSIVE"
    assert found["difference"] == pytest.approx(0.02)
    for key in ("difference_low", "p_gain", "p_harm", "repeats_needed", "equivalent_rows_low", "worst_class_high"):
        assert found[key] is None
    assert found["per_contrast"]["gan"]["p_holm"] is None


def test_nothing_to_contrast() -> None:
    arms = results(GAINS)
    found = summarise({"small_cnn": {"real": arms["real"]}}, FIXED)
    assert found["verdict"] == "INCONCLUSIVE"
    assert found["statement"][0].startswith("No verdict: ")
    assert "candidate" not in found
    with pytest.raises(DataError, match="no arm but the oracle"):
        summarise({"small_cnn": {"oracle": full()["oracle"]}}, FIXED)


GROUPS = {"per_arm", "per_contrast", "per_metric", "per_classifier"}  # objects whose keys are names of the user's run


def fields(content: object, above: str = "") -> Iterator[str]:
    """The names of all fields, without those that are names of arms, metrics or classifiers."""
    if isinstance(content, dict):
        for name, value in content.items():
            if above not in GROUPS:
                yield name
            yield from fields(value, name if above not in GROUPS else "")
    elif isinstance(content, list):
        for value in content:
            yield from fields(value)


def test_every_field_is_documented_and_every_documented_field_exists(repository: Path) -> None:
    text = (repository / "docs/metrics.md").read_text(encoding="utf-8")
    first_cells = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]
    headings = [line for line in text.splitlines() if line.startswith("## `")]
    documented = set(re.findall(r"`(\w+)`", " ".join([*first_cells, *headings])))
    documented |= set(re.findall(r"`(\w+)`", next(line for line in text.splitlines() if line.startswith("| `points`"))))
    found = summarise({"small_cnn": full(), "svm": full()}, FIXED) | {"fidelity": average([])}
    assert set(fields(found)) == documented


def test_it_is_json_whose_first_numbers_are_the_verdicts() -> None:
    found = summarise({"small_cnn": full(), "svm": full()}, FIXED)
    written = json.loads(json.dumps(found, allow_nan=False))
    numbers = [name for name, value in sorted(written.items()) if isinstance(value, (int, float, dict))]
    assert numbers[:3] == ["difference", "difference_high", "difference_low"]
    assert numbers.index("p_gain") < numbers.index("per_arm")
    assert not np.isnan(written["difference"])
