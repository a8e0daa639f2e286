from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from report.fabricated import finish_run
from scipy.stats import mannwhitneyu
from sklearn.metrics import roc_auc_score

from ganaug.data.rows import Rows, RowWriter, read_rows
from ganaug.evaluation.memorisation import below, copying, copying_test, membership
from ganaug.synthesis.generate import SCORES

NAMES = ("a", "b", "c")


def distances(shift: float, n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.gamma(4, 0.05, n) + shift, np.arange(n) % 3


@pytest.mark.slow
def test_of_equals_one_half_is_nearer_and_no_p_is_small_too_often():
    found = [copying_test(*distances(0, 120, 2 * s), *distances(0, 90, 2 * s + 1), NAMES) for s in range(300)]
    assert np.mean([f["nearer"] for f in found]) == pytest.approx(0.5, abs=0.01)
    assert np.mean([f["p"] < 0.05 for f in found]) == pytest.approx(0.05, abs=0.03)
    assert np.mean([f["low"] <= 0.5 <= f["high"] for f in found]) == pytest.approx(0.95, abs=0.03)


def test_copies_are_nearer_and_bad_fits_further():
    copies = copying_test(*distances(-0.1, 120, 0), *distances(0, 90, 1), NAMES)
    assert copies["nearer"] > copies["low"] > 0.5
    assert copies["p"] < 1e-6
    assert all(cell["nearer"] > 0.5 for cell in copies["per_class"].values())
    further = copying_test(*distances(0.1, 120, 0), *distances(0, 90, 1), NAMES)
    assert further["nearer"] < further["high"] < 0.5
    assert further["p"] > 0.999


def test_one_class_that_is_copied_shows():
    ours, codes = distances(0, 150, 0)
    ours[codes == 1] *= 0.2
    found = copying_test(ours, codes, *distances(0, 90, 1), NAMES)
    assert found["per_class"]["b"]["nearer"] > 0.95
    assert 0.4 < found["per_class"]["a"]["nearer"] < 0.6
    assert found["p"] < 1e-3


def test_a_class_is_what_mann_whitney_says():
    (ours, codes), (theirs, others) = distances(0, 40, 0), distances(0.01, 30, 1)
    cell = copying_test(ours, codes, theirs, others, NAMES)["per_class"]["c"]
    expected = mannwhitneyu(ours[codes == 2], theirs[others == 2], alternative="less", method="asymptotic")
    assert cell["p"] == pytest.approx(expected.pvalue)
    assert cell["nearer"] == pytest.approx(1 - expected.statistic / ((codes == 2).sum() * (others == 2).sum()))


def test_classes_without_rows_are_left_out():
    ours, codes = distances(0, 40, 0)
    found = copying_test(ours[codes != 1], codes[codes != 1], *distances(0, 30, 1), NAMES)
    assert list(found["per_class"]) == ["a", "c"]
    nothing = copying_test(ours[:0], codes[:0], ours, codes, NAMES)
    assert nothing == {"nearer": None, "low": None, "high": None, "p": None, "per_class": {}}


def test_equal_distances_tell_nothing():
    (ours, codes), (theirs, others) = distances(-0.02, 60, 0), distances(0, 45, 1)
    same = copying_test(np.full(60, 0.5), codes, np.full(45, 0.5), others, NAMES)
    assert (same["nearer"], same["p"]) == (0.5, 1.0)
    assert {cell["p"] for cell in same["per_class"].values()} == {1.0}
    ours[codes == 1] = theirs[others == 1] = 0.5
    left, right = codes != 1, others != 1
    found, others_only = (
        copying_test(ours, codes, theirs, others, NAMES),
        copying_test(ours[left], codes[left], theirs[right], others[right], NAMES),
    )
    assert found["per_class"]["b"] == {"nearer": 0.5, "low": 0.5, "high": 0.5, "p": 1.0}
    assert found["p"] == pytest.approx(others_only["p"])


@settings(max_examples=60, deadline=None)
@given(
    values=st.lists(st.tuples(st.booleans(), st.integers(0, 2), st.sampled_from([0.0, 0.1, 0.1001, 0.5])), max_size=40),
    times=st.sampled_from([1, 400]),
)
def test_p_is_a_probability_or_none_whatever_the_distances(values, times):
    kind, codes, distance = (np.repeat(np.array([v[i] for v in values]), times) for i in range(3))
    ours = kind.astype(bool)
    found = copying_test(distance[ours], codes[ours], distance[~ours], codes[~ours], NAMES)
    for cell in (found, *found["per_class"].values()):
        assert cell["p"] is None or 0 <= cell["p"] <= 1
    assert (found["p"] is None) == (not found["per_class"])


def test_classes_that_are_sure_of_opposite_things_combine():
    ours, codes = np.repeat([0.0, 1.0], 3000), np.repeat([0, 1], 3000)
    found = copying_test(ours, codes, np.full(6000, 0.5), codes, NAMES)
    assert [found["per_class"][name]["p"] for name in "ab"] == [0.0, 1.0]
    assert found["p"] == pytest.approx(0.5, abs=0.01)


def test_below_is_the_area_under_the_curve_and_ties_count_half():
    rng = np.random.default_rng(0)
    first, second = rng.integers(0, 8, 30).astype(float), rng.integers(2, 10, 40).astype(float)
    area, variance = below(first, second)
    assert area == pytest.approx(roc_auc_score(np.repeat([0, 1], (30, 40)), np.concatenate([first, second])))
    again = [below(rng.choice(first, 30), rng.choice(second, 40))[0] for _ in range(2000)]
    assert variance == pytest.approx(np.var(again), rel=0.15)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    finish_run(folder)
    return folder


def generate(run: Path, rows: Rows, nearest_distance: float) -> None:
    """Put rows in the place of the synthetic ones of repeat 0, all kept."""
    blank = {
        f.name: np.zeros(len(rows)).astype(str if f.type == "string" else f.type.to_pandas_dtype()) for f in SCORES
    }
    blank |= {"kept": np.ones(len(rows), bool), "nearest_distance": np.full(len(rows), nearest_distance)}
    with RowWriter(run / "data/synthetic/0.parquet", rows.schema, SCORES) as writer:
        writer.write(rows, blank)


@pytest.mark.slow
def test_a_generator_that_copies_is_found_out_by_both(finished: Path, tmp_path: Path):
    run = shutil.copytree(finished, tmp_path / "run")
    generate(run, read_rows(run / "data/splits/0/train.parquet"), 0.0)
    found, attack = copying(run, 0), membership(run, 0)
    assert found["nearer"] > 0.99
    assert found["p"] < 1e-6
    assert attack["low"] > 0.95


@pytest.mark.slow
def test_fresh_real_rows_tell_an_attacker_nothing(finished: Path, tmp_path: Path):
    run = shutil.copytree(finished, tmp_path / "run")
    generate(run, read_rows(run / "data/splits/0/pool.parquet"), 0.1)
    attack = membership(run, 0)
    assert attack["low"] < 0.5 < attack["high"]


def test_nothing_kept_tells_nothing(finished: Path, tmp_path: Path):
    run = shutil.copytree(finished, tmp_path / "run")
    generate(run, read_rows(run / "data/splits/0/train.parquet").take([]), 0.0)
    assert copying(run, 0)["nearer"] is None
    assert membership(run, 0) == {"auc": None, "low": None, "high": None}
