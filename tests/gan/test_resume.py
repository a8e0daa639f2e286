"""Work is never lost: states, checkpoints, rollbacks, interruptions."""

from __future__ import annotations

import errno
import itertools
import math
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from fakes import point_trainer, trained
from safetensors.torch import save_file
from small import image_setup
from torch import nn

from ganaug.errors import GanaugError, ModelError
from ganaug.gan import checkpoint as files
from ganaug.gan import loop
from ganaug.gan.augmentation import AUGMENTATIONS
from ganaug.gan.checkpoint import fingerprint, load_checkpoint, save_checkpoint
from ganaug.gan.fabric import make_fabric
from ganaug.gan.losses import OBJECTIVES
from ganaug.gan.regularizers import PENALTIES
from ganaug.gan.schedule import Schedule
from ganaug.gan.trainer import Trainer
from ganaug.modalities.image.augment import ImageAugment
from ganaug.modalities.image.setup import ImageArchitecture

STATE = {"step": torch.tensor([3]), "weights": torch.arange(6.0).view(2, 3)}


def snapshot(generator: nn.Module) -> torch.Tensor:
    return next(generator.parameters()).clone()


def image_trainer(seed: int = 0) -> Trainer:
    fabric = make_fabric("cpu", "32-true")
    images = np.random.default_rng(0).integers(0, 256, (8, 10, 9, 2), dtype=np.uint8)
    rules = (OBJECTIVES["relativistic"], PENALTIES["r1_r2"](), ImageAugment(), AUGMENTATIONS["diffaugment"](12))
    architecture = ImageArchitecture(10, 9, 2, 2, base_width=8)
    setup = image_setup(architecture, images, np.arange(8) % 2, *rules, seed, fabric.device)
    return Trainer(fabric, setup, Schedule(12, batch_size=4), seed)


def assert_equal(found: dict[str, torch.Tensor], expected: dict[str, torch.Tensor]) -> None:
    assert found.keys() == expected.keys()
    assert [k for k in found if not torch.equal(found[k], expected[k])] == []


@pytest.mark.parametrize("trainer", [image_trainer, lambda seed=0: point_trainer(12, seed=seed)])
def test_a_file_holds_the_whole_training(tmp_path, trainer):
    """Memory layout included: a file forgets it, and fused optimisers walk through weights and moments side by side."""
    first, second = trainer(), trainer(seed=1)
    for _ in range(5):
        first.train_step()
    save_checkpoint(tmp_path / "c", first.state(), "run")
    second.restore(load_checkpoint(tmp_path / "c", "run"))
    assert_equal(second.state(), first.state())
    assert_equal(trained(second).state(), trained(first).state())


def test_a_checkpoint_comes_back_as_it_was(tmp_path):
    save_checkpoint(tmp_path / "deep" / "c", STATE, "run")
    assert_equal(load_checkpoint(tmp_path / "deep" / "c", "run"), STATE)
    assert [p.name for p in (tmp_path / "deep").iterdir()] == ["c"]


def damaged(path: Path, how: str) -> None:
    """Put something that is no whole checkpoint of run "run" at ``path``."""
    save_checkpoint(path, STATE, "run")
    whole = path.read_bytes()
    if how == "truncated":
        path.write_bytes(whole[:-5])
    elif how == "beheaded":
        path.write_bytes(whole[8:])
    elif how == "empty":
        path.write_bytes(b"")
    elif how == "text":
        path.write_text("not a checkpoint")
    elif how == "pickle":
        path.write_bytes(pickle.dumps(STATE))
    elif how == "foreign":
        save_file(STATE, path)
    elif how == "folder":
        path.unlink()
        path.mkdir()


@pytest.mark.parametrize("how", ["truncated", "beheaded", "empty", "text", "pickle", "foreign", "folder"])
def test_damaged_and_foreign_checkpoints_are_refused(tmp_path, how):
    path = tmp_path / "checkpoint"
    damaged(path, how)
    with pytest.raises(ModelError, match=r"checkpoint.*delete it to start afresh"):
        loop.run(point_trainer(5), snapshot, checkpoint=path, identity="run")


def test_a_checkpoint_of_another_run_is_refused(tmp_path):
    save_checkpoint(tmp_path / "c", STATE, "run")
    with pytest.raises(ModelError, match="belongs to other data or settings"):
        load_checkpoint(tmp_path / "c", "another")


def test_a_fingerprint_tells_runs_apart():
    array = np.arange(4)
    prints = [
        fingerprint(*arguments)
        for arguments in (
            ({"a": 1, "b": 2}, array), ({"a": 1, "b": 3}, array), ({"a": 1, "b": 2}, array[::-1]),
            ({"a": 1, "b": 2}, array.reshape(2, 2)), ({"a": 1, "b": 2}, array.astype(np.int32)),
        )
    ]  # fmt: skip
    assert len(set(prints)) == 5
    assert fingerprint({"b": 2, "a": 1}, array) == prints[0]


def test_a_full_disk_leaves_the_last_checkpoint(tmp_path, monkeypatch):
    def full(tensors, path, about):
        Path(path).write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    save_checkpoint(tmp_path / "c", STATE, "run")
    monkeypatch.setattr(files, "save_file", full)
    with pytest.raises(ModelError, match=r"Cannot write the checkpoint .*No space left.*free some space"):
        save_checkpoint(tmp_path / "c", {"step": torch.tensor([9])}, "run")
    assert_equal(load_checkpoint(tmp_path / "c", "run"), STATE)
    assert [p.name for p in tmp_path.iterdir()] == ["c"]


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ModelError, match="Cannot write the checkpoint"):
        loop.run(point_trainer(5), snapshot, checkpoint=tmp_path / "file" / "c", identity="run")


@pytest.mark.slow
def test_an_interrupted_training_ends_like_an_uninterrupted_one(tmp_path, monkeypatch):
    """Ctrl-C at many moments, each time going on from the file, with a log as whole as the weights."""
    whole = point_trainer(200, seed=2)
    expected = loop.run(whole, snapshot)
    file, clock, parts = tmp_path / "c", itertools.count(1), 0
    monkeypatch.setattr(Trainer, "train_step", interrupted(Trainer.train_step, clock))
    while True:
        trainer = point_trainer(200, seed=2)
        try:
            found = loop.run(trainer, snapshot, checkpoint=file, identity="run")
            break
        except KeyboardInterrupt:
            parts += 1
            assert load_checkpoint(file, "run")["step"] > 0
    assert parts > 5
    assert_equal(trainer.state(), whole.state())
    assert found.history == expected.history
    assert_equal({str(k): t for k, t in found.snapshots.items()}, {str(k): t for k, t in expected.snapshots.items()})


def interrupted(train_step, clock, every=23):
    def step(self):
        if next(clock) % every == 0:
            raise KeyboardInterrupt
        return train_step(self)

    return step


def falling_then_rising(low: int):
    """A criterion that is lowest at its look number ``low``."""
    looks = itertools.count(1)
    return lambda generator: abs(next(looks) - low)


@pytest.mark.slow
def test_the_best_state_is_kept_also_over_interruptions(tmp_path, monkeypatch):
    expected, whole = point_trainer(200), point_trainer(200)
    loop.run(whole, snapshot, choice=loop.Choice(falling_then_rising(4)))
    while expected.step < 140:  # the fourth of ten looks in the second half
        expected.train_step()
    assert_equal(whole.ema.module.state_dict(), expected.ema.module.state_dict())
    criterion = falling_then_rising(4)
    monkeypatch.setattr(Trainer, "train_step", interrupted(Trainer.train_step, itertools.count(1), 73))
    for _ in range(5):
        trainer = point_trainer(200)
        try:
            loop.run(trainer, snapshot, checkpoint=tmp_path / "c", identity="run", choice=loop.Choice(criterion))
        except KeyboardInterrupt:
            continue
        break
    assert_equal(trainer.ema.module.state_dict(), expected.ema.module.state_dict())


@pytest.mark.slow
def test_patience_ends_a_training_early():
    trainer = point_trainer(200)
    log = loop.run(trainer, snapshot, choice=loop.Choice(falling_then_rising(2), patience=3))
    assert trainer.step == 150
    assert list(log.criterion) == [110, 120, 130, 140, 150]
    assert max(log.snapshots) == 150


@pytest.mark.slow
def test_what_a_training_records():
    trainer = point_trainer(100)
    log = loop.run(trainer, snapshot)
    steps = [row[0] for row in log.history]
    assert steps == sorted(set(steps))
    assert steps[-1] == 100
    assert 60 >= len(steps) >= 8
    assert len(log.snapshots) == loop.SNAPSHOTS
    assert max(log.snapshots) == 100
    assert all(len(row) == len(log.columns) and all(map(math.isfinite, row)) for row in log.history)


@pytest.mark.parametrize("steps", [1, 2, 7, 41])
def test_trainings_of_few_steps(steps):
    log = loop.run(point_trainer(steps), snapshot)
    assert log.history[-1][0] == steps
    assert max(log.snapshots) == steps


def poisoned(trainer: Trainer, network: str, when, what) -> Trainer:
    """Let ``what(loss)`` become a network's loss in the calls (counted from 1) for which ``when`` holds."""
    objective, calls = trainer.setup.objective, itertools.count(1)

    def loss(real, fake):
        sound = getattr(objective, network)(real, fake)
        return what(sound) if when(next(calls)) else sound

    trainer.setup = trainer.setup._replace(objective=objective._replace(**{network: loss}))
    return trainer


def nan_loss(loss: torch.Tensor) -> torch.Tensor:
    return loss * math.nan


def nan_gradient(loss: torch.Tensor) -> torch.Tensor:
    """A finite value whose gradient is not: the square root of zero."""
    return loss + (loss - loss.detach()).abs().sqrt()


@pytest.mark.slow
@pytest.mark.parametrize("network", ["discriminator", "generator"])
@pytest.mark.parametrize("poison", [nan_loss, nan_gradient])
@pytest.mark.parametrize("at", [3, 60])
def test_a_divergence_is_rolled_back_and_said(capsys, network, poison, at):
    """Also where the last step before a look spoils the weights, and no loss has shown it yet."""
    trainer = poisoned(point_trainer(60), network, lambda call: call == at, poison)
    before = trainer.schedule.at(59).learning_rate
    log = loop.run(trainer, snapshot)
    assert trainer.step == 60
    assert all(t.isfinite().all() for t in trainer.state().values())
    assert log.history[-1][1] == pytest.approx(before / 2)
    said = capsys.readouterr()
    assert "no longer finite" in said.err
    assert said.out == ""


def test_repeated_divergence_gives_up_and_keeps_the_good_state(tmp_path):
    trainer = poisoned(point_trainer(60), "generator", lambda call: call > 30, nan_loss)
    with pytest.raises(GanaugError, match=r"diverged .* times in a row near step \d+: lower learning_rate"):
        loop.run(trainer, snapshot, checkpoint=tmp_path / "c", identity="run")
    kept = load_checkpoint(tmp_path / "c", "run")
    assert 0 < kept["step"] <= 30
    assert all(t.isfinite().all() for t in kept.values())


def test_progress_is_shown_under_its_name_only_when_asked(capsys, monkeypatch):
    monkeypatch.setattr("ganaug.utils.progress.QUIET_SECONDS", 0.0)
    loop.run(point_trainer(5), snapshot)
    assert capsys.readouterr().err == ""
    loop.run(point_trainer(5), snapshot, stage="points")
    assert "points: 5/5 steps" in capsys.readouterr().err
