"""A table trains as anything else does: exact resume, a criterion, a warm start, a saved model."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_wine

from ganaug import GANAugmenter
from ganaug.errors import ConfigError, ModelError
from ganaug.gan.trainer import Trainer


@pytest.fixture(scope="module")
def wine():
    table, labels = load_wine(return_X_y=True, as_frame=True)
    table["shade"] = np.where(table["hue"] > 1, "deep", "light")
    table.loc[::7, "ash"] = np.nan
    return table, labels.to_numpy()


def small(**parameters) -> GANAugmenter:
    return GANAugmenter(**{"steps": 12, "width": 16, "batch_size": 16, "random_state": 0, "device": "cpu"} | parameters)


@pytest.mark.slow
def test_an_interrupted_training_ends_as_the_same_rows(wine, tmp_path, monkeypatch):
    table, labels = wine
    whole = small().fit(table, labels).sample(5)[0]
    step = Trainer.train_step

    def stops(self):
        if self.step == 7:
            raise KeyboardInterrupt
        return step(self)

    with monkeypatch.context() as interrupted:
        interrupted.setattr(Trainer, "train_step", stops)
        with pytest.raises(KeyboardInterrupt):
            small(checkpoint_dir=tmp_path).fit(table, labels)
    assert list(tmp_path.glob("checkpoint-*.safetensors"))
    assert small(checkpoint_dir=tmp_path).fit(table, labels).sample(5)[0].equals(whole)


@pytest.mark.slow
def test_a_criterion_chooses_on_validation_rows(wine):
    table, labels = wine
    odd = np.arange(len(labels)) % 2 == 1
    for criterion in ("accuracy", "kid"):
        found = small(criterion=criterion, steps=20).fit(
            table[~odd], labels[~odd], validation=(table[odd], labels[odd])
        )
        assert found.history_["criterion"].notna().sum() >= 5


@pytest.mark.slow
def test_a_model_of_other_columns_is_no_start(wine, tmp_path):
    table, labels = wine
    small(steps=2).fit(table, labels).save(tmp_path)
    for other in (table.rename(columns={"ash": "dust"}), table.replace({"shade": {"deep": "dark"}})):
        with pytest.raises(ModelError, match="was trained on rows made of other things"):
            small(steps=2, warm_start=str(tmp_path)).fit(other, labels)


@pytest.mark.slow
def test_a_saved_model_is_a_start_for_other_classes_of_the_same_columns(wine, tmp_path):
    table, labels = wine
    first = small().fit(table[labels < 2], labels[labels < 2])
    first.save(tmp_path / "model")
    spec = first.spec_
    again = small(warm_start=str(tmp_path / "model")).fit(table, labels, spec=spec)
    assert again.trained_on_["warm_start"] == first.trained_on_
    assert (
        GANAugmenter.load(tmp_path / "model", "cpu")
        .sample(3, random_state=1)[0]
        .equals(first.sample(3, random_state=1)[0])
    )
    images = np.random.default_rng(0).integers(0, 255, (20, 8, 8), np.uint8)
    with pytest.raises(ModelError, match="makes samples of the modality 'table', these are of 'image'"):
        small(warm_start=str(tmp_path / "model")).fit(images, np.arange(20) % 2)


def test_what_tables_do_not_have_is_refused(wine):
    with pytest.raises(ConfigError, match="tables have no invariance 'translate'"):
        small(invariances=["translate"]).fit(*wine)
