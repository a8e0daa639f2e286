"""The GAN of tables, through the front door."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.datasets import load_wine
from sklearn.ensemble import RandomForestClassifier

from ganaug import GANAugmenter
from ganaug.config import Params
from ganaug.data.rows import Rows, RowWriter, Schema
from ganaug.errors import DataError
from ganaug.modalities import modality_named
from ganaug.modalities.table.spec import infer
from ganaug.repeats.training import Training

QUICK = {"modality": "table", "steps": 150, "batch_size": 32, "device": "cpu", "random_state": 0}


def train(frame: pd.DataFrame, labels: np.ndarray, **changed) -> GANAugmenter:
    return GANAugmenter(**QUICK | changed).fit(frame, labels)


@pytest.fixture(scope="module")
def wine() -> tuple[pd.DataFrame, np.ndarray]:
    return load_wine(return_X_y=True, as_frame=True)


@pytest.fixture(scope="module")
def trained(wine) -> GANAugmenter:
    return train(*wine)


@pytest.mark.slow
def test_rows_are_of_the_class_asked_for(wine, trained):
    """CTGAN gives the minority class 11 times of 100; a classifier that knows real wines sees the right one here."""
    labels = np.repeat([0, 1, 2], [20, 30, 200])
    rows = trained.sample(y=labels, random_state=0)[0]
    judge = RandomForestClassifier(50, random_state=0).fit(*wine)
    hits = judge.predict(rows) == labels
    assert all(hits[labels == label].mean() > 0.9 for label in range(3))


@pytest.mark.slow
def test_rows_vary_and_none_is_a_copy(wine, trained):
    rows = trained.sample(per_class=50, random_state=0)[0]
    assert not rows.duplicated().any()
    assert not pd.concat([wine[0], rows]).duplicated().any()
    spread = rows.groupby(np.repeat([0, 1, 2], 50)).std() / wine[0].groupby(wine[1].to_numpy()).std()
    assert 0.5 < spread.stack().median() < 1.5


def test_a_row_depends_on_the_seed_and_its_number_alone(trained):
    labels = np.arange(600) % 3
    many = trained.sample(y=labels, random_state=1)[0]
    pd.testing.assert_frame_equal(trained.sample(y=labels[:5], random_state=1)[0], many[:5])
    assert not trained.sample(y=labels[:5], random_state=2)[0].equals(many[:5])


@pytest.mark.slow
def test_the_same_seed_gives_the_same_rows_and_global_random_states_are_left_alone(wine):
    frame, labels = wine[0][:40], np.arange(40) % 2
    torch.manual_seed(1)
    np.random.seed(1)  # noqa: NPY002 - it is what is tested
    before = torch.random.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    first, again, other = (
        train(frame, labels, steps=10, random_state=seed).sample(y=labels, random_state=0)[0] for seed in (3, 3, 4)
    )
    assert torch.equal(torch.random.get_rng_state(), before[0])
    assert np.array_equal(np.random.get_state()[1], before[1])  # noqa: NPY002
    pd.testing.assert_frame_equal(first, again)
    assert not first.equals(other)


@pytest.mark.slow
def test_categories_and_gaps_go_with_their_class():
    random = np.random.default_rng(0)
    labels = np.repeat([0, 1], [150, 15])
    colour = np.where(labels, "red", random.choice(["green", "blue"], 165))
    weight = np.where(labels & (random.random(165) < 0.8), np.nan, random.normal(labels * 10, 1))
    trained = train(pd.DataFrame({"colour": colour, "weight": weight}), labels, steps=300)
    rows = trained.sample(per_class=100, random_state=0)[0]
    zeros, ones = rows[:100], rows[100:]
    assert (ones["colour"] == "red").mean() > 0.95
    assert zeros["colour"].value_counts(normalize=True)[["green", "blue"]].between(0.25, 0.75).all()
    assert zeros["weight"].isna().mean() < 0.05
    assert 0.5 < ones["weight"].isna().mean() < 0.99


def test_classes_of_a_single_row_and_columns_of_a_single_value():
    frame = pd.DataFrame({"a": [1, 2, 3, 4, 5], "b": ["x"] * 5})
    rows = train(frame, np.array([0, 0, 0, 1, 2]), steps=20).sample(y=np.repeat([1, 2], 10), random_state=0)[0]
    assert rows.dtypes.equals(frame.dtypes)
    assert (rows["b"] == "x").all()
    assert rows["a"].between(1, 5).all()


def test_what_is_known_of_more_rows_is_kept():
    """Constraints, and which columns only tell rows apart, which few rows do not show."""
    random = np.random.default_rng(0)
    low = random.integers(0, 50, 40)
    frame = pd.DataFrame({"id": np.arange(40), "low": low, "high": low + random.integers(0, 50, 40)})
    spec = replace(infer(frame), constraints=("low <= high",))
    few, labels = frame[:12], np.arange(12) % 2
    trained = GANAugmenter(**QUICK | {"steps": 5}).fit(few, labels, spec=spec)
    assert trained.spec_ == spec
    rows = trained.sample(per_class=200, random_state=0)[0]
    assert (rows["low"] <= rows["high"]).all()
    assert (rows["id"] >= 40).all()
    alone = train(few, labels, steps=5).sample(per_class=200, random_state=0)[0]
    assert (alone["low"] > alone["high"]).any()
    assert alone["id"].between(0, 11).all()
    with pytest.raises(DataError, match="no column 'high'"):
        GANAugmenter(**QUICK).fit(few.drop(columns="high"), labels, spec=spec)


def test_the_pipelines_gan_knows_what_prepare_declared(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    low = np.random.default_rng(0).integers(0, 50, 60)
    frame = pd.DataFrame({"low": low, "high": low + np.arange(60)[::-1] % 7})
    spec = replace(infer(frame), constraints=("low <= high",))
    rows = Rows.build(Schema(modality_named("table"), spec, ("a", "b")), frame, np.arange(60) % 2)
    training = Training(0, Params.model_validate({"train_gan": {"steps": 5, "width": 8, "device": "cpu"}}), tmp_path)
    for path, at in zip(training.reads, (np.arange(40), np.arange(40, 60)), strict=True):
        path.parent.mkdir(parents=True, exist_ok=True)
        with RowWriter(path, rows.schema) as writer:
            writer.write(rows.take(at))
    trained = training.fit()
    assert trained.spec_ == spec
    made = trained.sample(per_class=200)[0]
    assert (made["low"] <= made["high"]).all()


@pytest.mark.gpu
def test_rows_are_of_the_class_asked_for_on_a_gpu(wine):
    rows = train(*wine, device="cuda").sample(y=np.arange(90) % 3, random_state=0)[0]
    judge = RandomForestClassifier(50, random_state=0).fit(*wine)
    assert (judge.predict(rows) == np.arange(90) % 3).mean() > 0.9
