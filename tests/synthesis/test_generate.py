from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small import embed

from ganaug.augmenter import GANAugmenter
from ganaug.data.merge import POLICIES
from ganaug.data.rows import Rows, read_rows, read_table
from ganaug.errors import ConfigError, DataError
from ganaug.metrics.nearest import copy_distance
from ganaug.modalities.image.arrays import content_ids
from ganaug.modalities.image.schema import image_schema
from ganaug.synthesis.generate import SCORES, rows_to_keep, write_candidates
from ganaug.synthesis.select import Candidates, Selection

QUOTAS = {"cat": 2, "dog": 1}


def images(n: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (n, 8, 8, 1), np.uint8)


@pytest.fixture(scope="module")
def training() -> Rows:
    return Rows.build(image_schema(8, 8, 1, ("cat", "dog")), images(4, 0), [0, 0, 1, 1])


def candidates(training):
    made_of = iter([training.ids[[1, 0, 3]], None])
    for seed, labels, reasons in ((1, [0, 0, 1], ["", "copy", "confidence"]), (2, [0, 1], ["", "confidence"])):
        n = len(labels)
        scores = {
            "realism": np.linspace(0, 1, n, dtype=np.float32),
            "confidence": np.full(n, 0.25, np.float32),
            "density": np.full(n, 0.75, np.float32),
            "nearest_distance": np.full(n, 0.5, np.float32),
            "nearest": np.arange(n),
        }
        names, why = np.array(["cat", "dog"])[labels], np.array(reasons, object)
        yield Candidates(images(n, seed), names, scores, why, "saw", contents=next(made_of))


@pytest.fixture
def written(training, tmp_path):
    out, report = tmp_path / "synthetic" / "0.parquet", tmp_path / "reports" / "0.json"
    write_candidates(candidates(training), training, QUOTAS, model="abc", out=out, report=report, stage="generate")
    return out, report


def test_every_candidate_is_a_synthetic_row(written, training):
    rows = read_rows(written[0])
    assert rows.schema == training.schema
    assert np.array_equal(rows.samples, np.concatenate([images(3, 1), images(2, 2)]))
    assert rows.labels.tolist() == [0, 0, 1, 0, 1]
    assert rows.synthetic.all()
    assert rows.ids.tolist() == content_ids(rows.samples).tolist()


def test_with_its_scores_and_what_became_of_it(written, training):
    table = read_table(written[0], SCORES.names)
    assert table["kept"].tolist() == [True, False, False, True, False]
    assert table["reason"].tolist() == ["", "copy", "confidence", "", "confidence"]
    assert table["nearest_id"].tolist() == [training.ids[i] for i in (0, 1, 2, 0, 1)]
    assert table["version_of"][:3].tolist() == training.ids[[1, 0, 3]].tolist()
    assert table["version_of"][3:].isna().all()  # made of latents
    assert table["realism"].tolist() == [0, 0.5, 1, 0, 1]
    assert table["confidence"].tolist() == [0.25] * 5
    assert table["density"].tolist() == [0.75] * 5
    assert set(table["model"]) == {"abc"}


def test_the_report_counts(written, training):
    found = json.loads(written[1].read_text())
    assert found == {
        "model": "abc",
        "trained_on": "saw",
        "copy_distance": copy_distance(training.samples, embed),
        "wanted": 3,
        "candidates": 5,
        "kept": 2,
        "dropped": {"copy": 1, "confidence": 2},
        "per_class": {
            "cat": {"wanted": 2, "candidates": 3, "kept": 2, "dropped": {"copy": 1}},
            "dog": {"wanted": 1, "candidates": 2, "kept": 0, "dropped": {"confidence": 2}},
        },
    }


def test_the_same_candidates_give_the_same_bytes(written, training, tmp_path):
    again, report = tmp_path / "again.parquet", tmp_path / "again.json"
    write_candidates(candidates(training), training, QUOTAS, model="abc", out=again, report=report, stage="generate")
    assert [p.read_bytes() for p in written] == [again.read_bytes(), report.read_bytes()]


def test_nothing_is_left_behind_when_generation_fails(training, tmp_path):
    def failing():
        yield next(candidates(training))
        raise RuntimeError("no more")

    with pytest.raises(RuntimeError, match="no more"):
        write_candidates(
            failing(), training, QUOTAS, model="", out=tmp_path / "o.parquet", report=tmp_path / "r.json", stage="g"
        )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_classes_keep_their_names_when_the_schema_does_not_sort_them(tmp_path):
    schema = image_schema(8, 8, 1, ("white", "black"))
    noise = np.random.default_rng(0).integers(0, 60, (40, 8, 8, 1), np.uint8)
    labels = np.arange(40) // 20
    rows = Rows.build(schema, np.where(labels[:, None, None, None] == 0, 255 - noise, noise), labels)
    names = np.array(schema.classes)[rows.labels]
    augmenter = GANAugmenter(steps=120, width=16, batch_size=16, random_state=0).fit(rows.samples, names)
    quotas = {"white": 6, "black": 9}
    found = augmenter.candidates(rows.samples, names, quotas, Selection(filters=["confidence"]))
    out, report = tmp_path / "synthetic.parquet", tmp_path / "report.json"
    write_candidates(found, rows, quotas, model="", out=out, report=report, stage="generate")
    made = read_rows(out)
    brightness = [made.samples[made.labels == code].mean() for code in (0, 1)]
    assert brightness[0] > 160 > 90 > brightness[1]
    kept = {name: row["kept"] for name, row in json.loads(report.read_text())["per_class"].items()}
    assert kept == quotas


@given(
    counts=st.lists(st.integers(1, 9), min_size=1, max_size=4),
    policy=st.sampled_from(sorted(POLICIES)),
    amount=st.one_of(st.integers(0, 20).map(float), st.floats(0, 20), st.just(1e9)),
    per_class=st.one_of(st.just("auto"), st.integers(1, 200)),
)
def test_merging_lacks_no_row_that_is_asked_for(counts, policy, amount, per_class):
    """Or the number is refused, with the class that lacks the most and what would do."""
    names = tuple(f"class {k}" for k in range(len(counts)))
    labels = np.repeat(np.arange(len(counts)), counts)
    rows = Rows.build(image_schema(8, 8, 1, names), images(len(labels), 0), labels)
    taken = POLICIES[policy](np.array(counts), amount)
    if per_class == "auto" and taken.any():
        assert rows_to_keep(per_class, rows, policy, amount) == dict(zip(names, taken, strict=True))
    elif per_class != "auto" and per_class >= taken.max():
        assert rows_to_keep(per_class, rows, policy, amount) == dict.fromkeys(names, per_class)
    else:
        with pytest.raises(ConfigError, match=f"policy '{policy}'"):
            rows_to_keep(per_class, rows, policy, amount)


def test_cells_are_asked_for_by_class_and_group(tmp_path):
    rows = Rows.build(
        image_schema(8, 8, 1, ("cat", "dog")), images(5, 0), [0, 0, 1, 1, 1], groups=["a", "b", "a", "a", None]
    )
    quotas = rows_to_keep("auto", rows, "cells", 2.0)
    assert quotas == {("cat", "a"): 1, ("cat", "b"): 1, ("dog", "b"): 2}
    scores = {name: np.ones(3, np.float32) for name in ("realism", "confidence", "density", "nearest_distance")}
    found = Candidates(
        images(3, 1),
        np.array(["cat", "dog", "dog"]),
        scores | {"nearest": np.zeros(3, int)},
        np.array(["", "", "copy"], object),
        "saw",
        np.array(["a", "b", "b"], object),
    )
    out, report = tmp_path / "synthetic.parquet", tmp_path / "report.json"
    write_candidates([found], rows, quotas, model="", out=out, report=report, stage="generate")
    assert read_rows(out).groups.tolist() == ["a", "b", "b"]
    said = json.loads(report.read_text())
    assert (said["wanted"], said["kept"]) == (4, 2)
    assert said["per_class"]["dog"] == {"wanted": 2, "candidates": 2, "kept": 1, "dropped": {"copy": 1}}
    with pytest.raises(DataError, match="no training row has a group"):
        rows_to_keep("auto", Rows.build(rows.schema, rows.samples, rows.labels), "cells", 2.0)
