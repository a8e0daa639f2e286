"""The GANs of several repeats train side by side, and end in the bytes of those that train alone."""

from __future__ import annotations

import os
import shutil
from contextvars import copy_context
from pathlib import Path

import pytest

from ganaug import repeats
from ganaug.config import Params
from ganaug.data.prepare import prepare
from ganaug.errors import DataError, option
from ganaug.repeats import Training, train_repeat

GAN = {"steps": 4, "width": 8, "batch_size": 8, "device": "cpu"}


@pytest.fixture
def params(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Params:
    """Parameters of a run of two repeats, of which prepare has been run in the working directory."""
    monkeypatch.chdir(tmp_path)
    prepare("digits", repeats=(0, 1), per_class=5)
    return Params(repeats=(0, 1), prepare={"source": "digits"}, train_gan=GAN)


def weights(repeat: int) -> bytes:
    return Path(f"models/gan/{repeat}/model.safetensors").read_bytes()


@pytest.mark.slow
def test_a_stage_also_trains_the_other_repeats_to_the_same_bytes(params, monkeypatch):
    monkeypatch.setattr(repeats, "cpu_count", lambda: 1)
    for repeat in params.repeats:
        train_repeat(repeat, params, Path(".alone"))
    alone = [weights(repeat) for repeat in params.repeats]
    assert not list(Path(".alone/models").glob("*/config.json"))  # nothing beside
    shutil.rmtree("models")
    monkeypatch.setattr(repeats, "cpu_count", lambda: 2)
    train_repeat(0, params, Path(".beside"))
    assert weights(0) == alone[0]
    waiting = Training(1, params, Path(".beside")).finished
    assert (waiting / "config.json").exists()
    monkeypatch.setattr(Training, "run", lambda *_: pytest.fail("it is finished"))
    with monkeypatch.context() as several:
        several.setenv("TORCHELASTIC_RUN_ID", "test")
        several.setenv("GROUP_WORLD_SIZE", "2")
        with pytest.raises(pytest.fail.Exception):  # another host does not have it
            train_repeat(1, params, Path(".beside"))
    train_repeat(1, params, Path(".beside"))
    assert weights(1) == alone[1]
    assert not waiting.exists()


def test_no_core_waits_for_a_last_gan(params, monkeypatch):
    prepare("digits", repeats=(0, 1, 2), per_class=5)
    monkeypatch.setattr(repeats, "cpu_count", lambda: 2)
    three = params.model_copy(update={"repeats": (0, 1, 2)})
    helpers = repeats._start_others(Training(0, three, Path(".store")))
    assert len(helpers) == 2  # three GANs on two cores
    for helper in helpers:
        helper.terminate()
        helper.join()


def test_messages_name_parameters_as_in_the_stage(params, monkeypatch):
    named = []
    monkeypatch.setattr(repeats.signal, "signal", lambda *_: None)
    monkeypatch.setattr(repeats.sys, "platform", "other")
    monkeypatch.setattr(Training, "run", lambda *_: named.append(option("train_gan.generator")))
    copy_context().run(repeats._train_all, [Training(0, params, Path(".store"))], os.getppid())
    assert named == ["train_gan.generator"]


def test_other_parameters_are_another_training(params):
    other = params.model_copy(update={"train_gan": params.train_gan.model_copy(update={"learning_rate": 0.001})})
    assert Training(0, params, Path()).finished != Training(0, other, Path()).finished
    assert Training(0, params, Path()).finished != Training(1, params, Path()).finished


def test_what_is_missing_is_said(params):
    Path("data/splits/0/train.parquet").unlink()
    with pytest.raises(DataError, match=r"there is no file data/splits/0/train\.parquet"):
        train_repeat(0, params.model_copy(update={"repeats": (0,)}), Path(".store"))
