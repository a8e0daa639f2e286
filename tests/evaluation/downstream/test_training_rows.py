from __future__ import annotations

import itertools
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from ganaug.data.rows import Rows, RowWriter
from ganaug.errors import DataError
from ganaug.evaluation.downstream.training_rows import FEWER, MORE, RowSource
from ganaug.modalities.image.modality import ImageModality
from ganaug.modalities.image.schema import image_schema

SCHEMA = image_schema(8, 8, 1, ("a", "b", "c"))
N = 20  # real rows a class


def rows(per_class: int, seed: int, synthetic: bool = False) -> Rows:
    labels = np.repeat(np.arange(3), per_class)
    images = np.random.default_rng(seed).integers(0, 256, (len(labels), 8, 8, 1), dtype=np.uint8)
    return Rows.build(SCHEMA, images, labels, synthetic=synthetic)


def joined(first: Rows, second: Rows) -> Rows:
    names = ("samples", "labels", "synthetic", "ids", "groups")
    return Rows(SCHEMA, *(np.concatenate([getattr(first, name), getattr(second, name)]) for name in names))


@pytest.fixture
def candidates(tmp_path: Path) -> Path:
    path = tmp_path / "candidates.parquet"
    with RowWriter(path, SCHEMA, pa.schema([("confidence", pa.float32())])) as writer:
        writer.write(rows(50, 1, synthetic=True), {"confidence": np.tile(np.float32([0.1, 0.9]), 75)})
    return path


@pytest.fixture
def merged() -> Rows:
    """Real rows, and of the candidates every second one, the sure ones."""
    return joined(rows(N, 0), rows(50, 1, synthetic=True).take(np.arange(1, 150, 2)))


def test_rows_by_name(merged, candidates):
    source = RowSource(merged, candidates)
    assert not source["real"].synthetic.any()
    assert source["synthetic"].synthetic.all()
    selected, drawn, shuffled = (source[name] for name in ("selected", "drawn", "shuffled"))
    for found in (selected, drawn, shuffled):
        assert Counter(found.labels[~found.synthetic].tolist()) == dict.fromkeys(range(3), N)
        assert Counter(found.labels[found.synthetic].tolist()) == dict.fromkeys(range(3), 25)
    assert selected.confidence[selected.synthetic].tolist() == pytest.approx([0.9] * 75)
    assert drawn.confidence[drawn.synthetic].mean() == pytest.approx(0.5, abs=0.02)
    np.testing.assert_array_equal(shuffled.ids, selected.ids)
    assert (shuffled.labels != selected.labels).any()
    assert (shuffled.labels == selected.labels)[~selected.synthetic].all()


def test_without_selection_every_cell_has_as_many_candidates(candidates):
    """Candidates for cells come group after group."""
    made = rows(50, 1, synthetic=True)
    made.groups[:] = np.where(np.arange(150) % 50 < 25, "bright", "dark")
    with RowWriter(candidates, SCHEMA, pa.schema([("confidence", pa.float32())])) as writer:
        writer.write(made, {"confidence": np.ones(150, np.float32)})
    chosen = made.take(np.arange(150) % 10 == 9)
    drawn = RowSource(joined(rows(N, 0), chosen), candidates)["drawn"]
    group = dict(zip(made.ids, made.groups, strict=True))
    found = Counter((int(k), group[i]) for k, i in zip(drawn.labels, drawn.ids, strict=True) if i in group)
    assert found == {(k, name): count for k in range(3) for name, count in (("bright", 2), ("dark", 3))}


def test_spare_rows_get_the_labels_that_a_teacher_says(tmp_path, monkeypatch):
    asked: dict[str, Any] = {}

    class Teacher:
        def predict_proba(self, samples):
            dark = samples.mean((1, 2, 3)) / 255  # says nothing of their own labels
            return np.stack([dark, 1 - dark, np.zeros(len(dark))], axis=1)

    def teach(self, samples, labels, n_classes, **options):
        asked.update(labels=labels, n_classes=n_classes, **options)
        return Teacher()

    monkeypatch.setattr(ImageModality, "teacher", teach)
    real, pool = rows(N, 0), tmp_path / "pool.parquet"
    with RowWriter(pool, SCHEMA) as writer:
        writer.write(rows(300, 5))
    found = RowSource(real, pool=pool, seed=1)["pseudo_labels"]
    assert asked["labels"].tolist() == real.labels.tolist()
    assert (asked["n_classes"], asked["seed"]) == (3, 1)
    made = found.take(found.synthetic)
    assert len(found.labels) - len(made.labels) == len(real.labels)
    assert len(made.labels) == 10 * len(real.labels)
    expected = Teacher().predict_proba(made.samples)
    np.testing.assert_array_equal(made.labels, expected.argmax(1))
    np.testing.assert_allclose(made.confidence, expected.max(1), rtol=1e-6)
    assert set(made.ids) <= set(rows(300, 5).ids)
    with RowWriter(pool, SCHEMA) as writer:
        writer.write(rows(0, 5))
    for none in (pool, None):
        with pytest.raises(DataError, match=r"pseudo_labels needs spare rows, .* set per_class"):
            RowSource(real, pool=none)["pseudo_labels"]


def test_candidates_that_are_held_out_rows_by_chance_are_in_no_arm(merged, candidates):
    """`merge` leaves them out of the split; the arm without selection takes candidates from their own file."""
    first = rows(50, 1, synthetic=True).ids[[0, 60]]
    drawn = RowSource(merged, candidates, held_out=set(first))["drawn"]
    assert not set(first) & set(drawn.ids)
    assert Counter(drawn.labels[drawn.synthetic].tolist()) == dict.fromkeys(range(3), 25)


def test_candidates_that_are_held_out_rows_under_other_ids_are_refused(merged, candidates):
    """Those of them that were not merged: the split has been looked at by then."""
    made = rows(50, 1, synthetic=True)
    with RowWriter(candidates, SCHEMA, pa.schema([("confidence", pa.float32())])) as writer:
        made.ids[0] = "innocent"
        writer.write(made, {"confidence": np.ones(150, np.float32)})
    with pytest.raises(DataError, match="holds held-out rows under other ids"):
        RowSource(merged, candidates, held_out={made.hashes[0]})["drawn"]


@pytest.mark.parametrize(("spare", "shares"), [(50, MORE), (N, MORE[:2]), (N // 2, MORE[:1]), (N // 2 - 1, FEWER)])
def test_the_oracle_goes_up_as_far_as_the_pool_reaches_and_down_without_one(tmp_path, merged, spare, shares):
    pool = tmp_path / "pool.parquet"
    with RowWriter(pool, SCHEMA) as writer:
        writer.write(rows(spare, 2))
    points = RowSource(merged, pool=pool).oracle
    assert tuple(points) == shares
    for share, found in points.items():
        assert not found.synthetic.any()
        assert Counter(found.labels.tolist()) == dict.fromkeys(range(3), round((1 + share) * N))
    by_size = sorted((set(found.ids) for found in points.values()), key=len)
    assert all(fewer < more for fewer, more in itertools.pairwise(by_size))


def test_no_pool_no_more_rows(merged):
    assert tuple(RowSource(merged).oracle) == FEWER


def test_synthetic_rows_that_are_not_there(merged):
    with pytest.raises(DataError, match=r"merge\.amount"):
        RowSource(merged.take(~merged.synthetic))["selected"]
