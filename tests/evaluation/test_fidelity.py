"""Fidelity tells good generators from bad ones, says where they are bad, and stays near its floor for real rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from sklearn.datasets import load_digits

from ganaug.data.rows import Rows, RowWriter, digest, read_rows
from ganaug.errors import DataError
from ganaug.evaluation import fidelity
from ganaug.evaluation.fidelity import COMPARED, METRICS, _halves, average, measure_fidelity
from ganaug.modalities.image.schema import image_schema
from ganaug.utils.files import read_json

NAMES = ("zero", "one", "two", "three")
SCHEMA = image_schema(8, 8, 1, NAMES)
TRAIN, TEST = 10, 80  # rows a class; about 90 more make synthetic rows


@pytest.fixture(scope="module")
def digits() -> Rows:
    """The digits 0 to 3, class by class, in random order within."""
    pixels, labels = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(np.flatnonzero(labels < 4))
    order = order[labels[order].argsort(kind="stable")]
    return Rows.build(SCHEMA, (pixels[order].reshape(-1, 8, 8, 1) * 15.9).astype(np.uint8), labels[order])


def part(rows: Rows, start: int, stop: int) -> Rows:
    """The rows of each class from one position to another."""
    at = [np.flatnonzero(rows.labels == code)[start:stop] for code in range(len(NAMES))]
    return rows.take(np.concatenate(at))


def write(path: Path, rows: Rows, kept: np.ndarray | None = None) -> None:
    extra = None if kept is None else {"kept": kept}
    with RowWriter(path, SCHEMA, None if kept is None else pa.schema([("kept", pa.bool_())])) as writer:
        writer.write(rows, extra)


@pytest.fixture(scope="module")
def splits(digits: Rows, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("splits")
    write(folder / "train.parquet", part(digits, 0, TRAIN))
    write(folder / "test.parquet", part(digits, TRAIN, TRAIN + TEST))
    return folder


@pytest.fixture
def measure(splits: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Compare candidates, all of them kept unless said otherwise, with the test rows."""
    monkeypatch.setattr(fidelity, "STEPS", 60)

    def measured(rows: Rows, kept: np.ndarray | None = None, **options: Any) -> dict[str, Any]:
        write(tmp_path / "0.parquet", rows, np.ones(len(rows), bool) if kept is None else kept)
        measure_fidelity(splits, tmp_path / "0.parquet", 0, out=tmp_path / "out.json", device="cpu", **options)
        return read_json(tmp_path / "out.json")

    return measured


@pytest.fixture
def unseen(digits: Rows) -> Rows:
    """Real rows in neither split: what a perfect generator would make."""
    return part(digits, TRAIN + TEST, 1000)


@pytest.mark.slow
def test_a_perfect_generator_comes_near_the_floor(measure, unseen: Rows, splits: Path) -> None:
    found = measure(unseen)
    real_vs_real, after = found["overall"]["real_vs_real"], found["overall"]["after"]
    assert after == found["overall"]["before"]
    for metric in ("precision", "recall", "coverage", "hit_rate"):
        assert after[metric] == pytest.approx(real_vs_real[metric], abs=0.12)
    assert after["density"] == pytest.approx(real_vs_real["density"], abs=0.3)
    assert after["frechet"] == pytest.approx(real_vs_real["frechet"], rel=0.5)
    assert abs(after["kid"]) < 0.02 > abs(real_vs_real["kid"])
    assert found["trained_on"] == digest(read_rows(splits / "train.parquet").ids)
    assert set(found["per_class"]) == set(NAMES)
    assert found["overall"]["rows"] == dict.fromkeys(("reference", *COMPARED), 4 * TEST // 2)


@pytest.mark.slow
def test_a_collapsed_generator_lacks_recall_and_coverage(measure, unseen: Rows) -> None:
    one_of_each = np.repeat([np.flatnonzero(unseen.labels == code)[0] for code in range(4)], 40)
    rows = unseen.take(one_of_each)
    noise = np.random.default_rng(0).integers(0, 3, rows.samples.shape, dtype=np.uint8)
    overall = measure(Rows.build(SCHEMA, rows.samples // 2 * 2 + noise // 2, rows.labels))["overall"]
    assert overall["after"]["recall"] < 0.1 < overall["real_vs_real"]["recall"]
    assert overall["after"]["coverage"] < 0.5 * overall["real_vs_real"]["coverage"]
    assert overall["after"]["kid"] > 5 * abs(overall["real_vs_real"]["kid"])
    assert overall["after"]["frechet"] > 1.5 * overall["real_vs_real"]["frechet"]


@pytest.mark.slow
def test_noise_lacks_precision_and_hits(measure, unseen: Rows) -> None:
    noise = np.random.default_rng(0).integers(0, 256, unseen.samples.shape, dtype=np.uint8)
    overall = measure(Rows.build(SCHEMA, noise, unseen.labels))["overall"]
    assert overall["after"]["precision"] < 0.2 < overall["real_vs_real"]["precision"]
    assert overall["after"]["density"] < 0.2
    assert overall["after"]["hit_rate"] < 0.5 < overall["real_vs_real"]["hit_rate"]


@pytest.mark.slow
def test_a_mislabelled_class_shows_in_its_own_hit_rate_only(measure, unseen: Rows) -> None:
    right = measure(unseen)["per_class"]
    images = unseen.samples.copy()
    ones, twos = (np.flatnonzero(unseen.labels == code) for code in (1, 2))
    images[ones] = unseen.samples[np.resize(twos, len(ones))]
    wrong = measure(Rows.build(SCHEMA, images, unseen.labels))["per_class"]
    assert wrong["one"]["after"]["hit_rate"] < 0.2
    assert wrong["one"]["after"]["coverage"] < 0.2
    for name in ("zero", "two", "three"):
        assert wrong[name] == right[name]


@pytest.mark.slow
def test_selection_is_judged_by_what_it_keeps(measure, unseen: Rows, digits: Rows) -> None:
    """Half of the candidates are noise; selection drops it."""
    noise = np.random.default_rng(0).integers(0, 256, unseen.samples.shape, dtype=np.uint8)
    order = np.random.default_rng(1).permutation(2 * len(unseen))
    rows = Rows.build(SCHEMA, np.concatenate([unseen.samples, noise]), np.tile(unseen.labels, 2)).take(order)
    overall = measure(rows, order < len(unseen))["overall"]
    assert overall["before"]["precision"] < 0.75 * overall["after"]["precision"]
    assert overall["after"]["precision"] == pytest.approx(overall["real_vs_real"]["precision"], abs=0.12)
    assert overall["rows"]["before"] == overall["rows"]["after"] == overall["rows"]["real_vs_real"]


@pytest.mark.slow
def test_a_class_left_short_is_compared_short_and_lowers_coverage(measure, unseen: Rows) -> None:
    kept = (unseen.labels != 3) | (np.cumsum(unseen.labels == 3) <= 3)
    found = measure(unseen, kept)
    assert found["overall"]["rows"] == {"reference": 160, "real_vs_real": 160, "before": 160, "after": 123}
    short = found["per_class"]["three"]
    assert short["after"]["precision"] is None
    assert short["after"]["kid"] is not None
    assert short["before"]["precision"] is not None
    assert found["overall"]["after"]["coverage"] < found["overall"]["before"]["coverage"] - 0.1


@pytest.mark.slow
@pytest.mark.parametrize("extractor", ["in_domain", "efficientnet_lite0"])
def test_nothing_kept_is_no_number_rather_than_a_crash(
    measure, unseen: Rows, extractor: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fidelity, "MOST", 40)
    overall = measure(unseen, np.zeros(len(unseen), bool), extractor=extractor)["overall"]
    assert overall["after"] == dict.fromkeys(METRICS)
    assert overall["before"]["precision"] is not None


@pytest.mark.slow
def test_many_rows_are_cut_to_a_stated_number(measure, unseen: Rows, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fidelity, "MOST", 40)
    found = measure(unseen)
    assert found["most_rows"] == 40
    assert found["overall"]["rows"] == dict.fromkeys(("reference", *COMPARED), 40)


@pytest.mark.slow
def test_the_same_seed_gives_the_same_bytes(measure, unseen: Rows) -> None:
    assert measure(unseen, seed=1) == measure(unseen, seed=1)
    assert measure(unseen, seed=1)["overall"]["real_vs_real"] != measure(unseen, seed=2)["overall"]["real_vs_real"]


def test_halves_keep_groups_whole_and_classes_even() -> None:
    labels = np.repeat([0, 1, 2], [40, 21, 1])
    alone = np.arange(len(labels)).astype(str)
    first, second = _halves(labels, alone, 0)
    assert sorted([*first, *second]) == list(range(len(labels)))
    assert abs(np.bincount(labels[first], minlength=3) - np.bincount(labels[second], minlength=3)).max() <= 1
    pairs = (np.arange(len(labels)) // 2).astype(str)
    first, second = _halves(labels, pairs, 0)
    assert not set(pairs[first]) & set(pairs[second])
    assert sorted([*first, *second]) == list(range(len(labels)))


def test_the_mean_leaves_out_what_a_repeat_lacks() -> None:
    numbers = [{which: dict.fromkeys(METRICS, value) for which in COMPARED} for value in (1.0, None, 2.0)]
    assert average(numbers)["after"] == dict.fromkeys(METRICS, 1.5)
    assert average(numbers[1:2])["real_vs_real"] == dict.fromkeys(METRICS)


def test_a_missing_file_says_so(splits: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no file .*0\.parquet"):
        measure_fidelity(splits, tmp_path / "0.parquet", 0, out=tmp_path / "out.json")
    assert not list(tmp_path.iterdir())
