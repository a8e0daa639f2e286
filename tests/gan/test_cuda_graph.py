"""Steps recorded as CUDA graphs: the same trainings, only faster. What a CPU can tell about them is told by one."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from unittest.mock import MagicMock

import numpy as np
import pandas as pd
import pytest
import torch
from fakes import point_trainer
from small import image_setup, table_setup

from ganaug.gan import cuda_graph, loop
from ganaug.gan.augmentation import AUGMENTATIONS
from ganaug.gan.cuda_graph import StepGraph, obstacle, step_graphs
from ganaug.gan.fabric import make_fabric
from ganaug.gan.losses import OBJECTIVES, Objective
from ganaug.gan.regularizers import PENALTIES
from ganaug.gan.schedule import Schedule
from ganaug.gan.trainer import Trainer
from ganaug.modalities.image.augment import INVARIANCES, ImageAugment
from ganaug.modalities.image.setup import ImageArchitecture

VARIANTS = {
    "default": {},
    "bf16": {"precision": "bf16-mixed"},
    "moving": {"objective": "non_saturating", "penalty": "lecam", "augmentation": "ada", "conditioning": "acgan"},
    "unlabelled": {"unlabelled": 8, "anchors": 0, "penalty": "gradient_penalty", "conditioning": "concat"},
}


def image_trainer(
    device: str = "cpu",
    precision: str = "32-true",
    objective: str | Objective = "relativistic",
    penalty: str = "r1_r2",
    augmentation: str = "diffaugment",
    conditioning: str = "projection",
    unlabelled: int = 0,
    anchors: int = 8,
    seed: int = 0,
) -> Trainer:
    fabric = make_fabric(device, precision)
    images = np.random.default_rng(0).integers(0, 256, (8 + unlabelled, 10, 9, 3), dtype=np.uint8)
    rules = OBJECTIVES[objective] if isinstance(objective, str) else objective, PENALTIES[penalty]()
    augment = ImageAugment(INVARIANCES), AUGMENTATIONS[augmentation](100)
    architecture = ImageArchitecture(10, 9, 3, 2, base_width=8, anchors=anchors, conditioning=conditioning)
    setup = image_setup(architecture, images, np.arange(8) % 2, *rules, *augment, seed, fabric.device)
    return Trainer(fabric, setup, Schedule(100, batch_size=8, penalty_interval=4), seed)


def steps(trainer: Trainer, count: int) -> dict[str, torch.Tensor]:
    """Take so many steps as a fit does; return the state."""
    with torch.backends.cudnn.flags(enabled=True, deterministic=True):
        for _ in range(count):
            trainer.train_step()
    return trainer.state()


def recorded(**parameters) -> Trainer:
    trainer = image_trainer("cuda", **parameters)
    with torch.backends.cudnn.flags(enabled=True, deterministic=True):
        assert trainer.record() is None
    assert set(trainer.graphs) == {True, False}
    return trainer


def different(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> list[str]:
    assert a.keys() == b.keys()
    return [name for name in a if not torch.equal(a[name], b[name])]


@pytest.fixture
def no_gpu(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let recording go through without a GPU: nothing is recorded, the step is taken."""
    monkeypatch.setattr(cuda_graph, "torch", SimpleNamespace(cuda=MagicMock(), Generator=torch.Generator))


def test_a_step_replays_the_graph_that_has_its_penalty():
    trainer, asked = image_trainer(), []
    trainer.graphs = {p: lambda p=p: asked.append(p) or torch.zeros(8) for p in (True, False)}
    steps(trainer, 9)
    assert asked == [True, False, False, False] * 2 + [True]
    assert trainer.step == 9


def test_what_changes_from_step_to_step_is_in_tensors_that_a_replay_reads():
    trainer = image_trainer()
    places = [t.data_ptr() for t in (trainer.learning_rate, trainer.condition, trainer.probability)]
    trainer.step, trainer.rate_scale = 10, 0.5
    trainer.train_step()
    assert trainer.learning_rate == trainer.schedule.at(10).learning_rate / 2
    assert trainer.condition == trainer.schedule.at(10).condition
    assert trainer.probability == trainer.setup.augmentation.probability(0.1)
    assert [t.data_ptr() for t in (trainer.learning_rate, trainer.condition, trainer.probability)] == places
    assert all(o.param_groups[0]["lr"] is trainer.learning_rate for o in (trainer.optimizer_g, trainer.optimizer_d))


def test_a_state_is_restored_into_the_same_tensors():
    trainer = image_trainer()
    places = [t.data_ptr() for t in tensors(trainer)]
    before = steps(trainer, 3)
    steps(trainer, 2)
    trainer.restore(before)
    assert not different(trainer.state(), before)
    assert [t.data_ptr() for t in tensors(trainer)] == places


def tensors(trainer: Trainer) -> list[torch.Tensor]:
    """Weights and moments."""
    adams = (trainer.optimizer_g, trainer.optimizer_d)
    found = [(p, *adam.state[p].values()) for adam in adams for p in adam.param_groups[0]["params"]]
    return [t for each in found for t in each] + list(trainer.ema.module.parameters())


@pytest.mark.parametrize("variant", VARIANTS)
def test_nothing_of_ganaug_is_in_the_way(variant):
    assert obstacle(image_trainer(**VARIANTS[variant])) is None


def test_a_table_can_be_recorded():
    frame = pd.DataFrame({"x": np.arange(6.0), "y": np.arange(6.0) ** 2, "c": list("abcabc")})
    fabric = make_fabric("cpu", "32-true")
    setup, _ = table_setup(frame, np.arange(6) % 2, fabric.device)
    trainer = Trainer(fabric, setup, Schedule(10), 0)
    trainer.train_step()
    assert obstacle(trainer) is None


def test_what_is_in_the_way_is_named():
    """Of others nobody knows what they do on the host, where a replay would not do it again."""
    assert "fakes" in obstacle(point_trainer())
    own = OBJECTIVES["relativistic"]._replace(generator=lambda real, fake: -fake.mean())
    assert __name__ in obstacle(image_trainer(objective=own))
    compiled = image_trainer()
    compiled.setup.generator.compile(backend="eager")
    assert "compiled" in obstacle(compiled)
    several = image_trainer()
    several.fabric = SimpleNamespace(world_size=2)
    assert "processes" in obstacle(several)


def test_a_cpu_records_nothing():
    trainer = image_trainer()
    before = trainer.state()
    assert trainer.record() is None
    assert trainer.graphs == {}
    assert not different(trainer.state(), before)


@pytest.mark.slow
@pytest.mark.parametrize("variant", VARIANTS)
def test_taking_steps_before_recording_changes_no_number(monkeypatch, no_gpu, variant):
    trainer = image_trainer(**VARIANTS[variant])
    before, made = steps(trainer, 5), []
    monkeypatch.setattr(cuda_graph, "StepGraph", lambda trainer, penalised, pool: made.append(penalised))
    assert step_graphs(trainer).keys() == {True, False}
    assert made == [True, False]
    assert not different(trainer.state(), before)
    assert not different(steps(trainer, 5), steps(image_trainer(**VARIANTS[variant]), 10))


def test_a_failed_recording_changes_no_number(monkeypatch, no_gpu):
    trainer = image_trainer(**VARIANTS["moving"])
    before = steps(trainer, 5)

    def fail(trainer, penalised, pool):
        trainer.train_networks(penalised)
        raise RuntimeError("operation not permitted when stream is capturing")

    monkeypatch.setattr(cuda_graph, "StepGraph", fail)
    with pytest.raises(RuntimeError, match="not permitted"):
        step_graphs(trainer)
    assert not different(trainer.state(), before)


def test_the_averages_of_a_penalty_stay_where_a_replay_reads_them(no_gpu):
    trainer = image_trainer(**VARIANTS["moving"])
    before = dict(trainer.setup.penalty.state)
    assert before["real"] == 0
    graph = StepGraph(trainer, True, None)
    after = trainer.setup.penalty.state
    assert all(after[name] is before[name] for name in ("real", "fake"))
    assert after["real"] != 0
    assert graph().shape == (8,)
    assert graph() is not graph.output


@pytest.mark.gpu
@pytest.mark.parametrize("variant", VARIANTS)
def test_a_replayed_training_is_the_eager_one(variant):
    start = image_trainer("cuda", **VARIANTS[variant]).state()
    eager = steps(image_trainer("cuda", **VARIANTS[variant]), 10)
    replayed = steps(recorded(**VARIANTS[variant]), 10)
    assert torch.equal(replayed["random"], eager["random"])
    for name in eager:
        torch.testing.assert_close(replayed[name], eager[name], rtol=0.05, atol=0.01)
    moved = [
        (eager[name] - start[name]).abs().max()
        for name in eager
        if name.startswith("generator.") and "prior" not in name
    ]
    assert max(moved) > 0.005


@pytest.mark.gpu
@pytest.mark.parametrize("variant", VARIANTS)
def test_a_resumed_training_ends_as_the_same_bytes_on_a_gpu(variant):
    whole = steps(recorded(**VARIANTS[variant]), 23)
    assert not different(steps(recorded(**VARIANTS[variant]), 23), whole)
    half = steps(recorded(**VARIANTS[variant]), 10)
    resumed = image_trainer("cuda", **VARIANTS[variant], seed=1)
    resumed.restore(half)
    with torch.backends.cudnn.flags(enabled=True, deterministic=True):
        assert resumed.record() is None
    assert not different(steps(resumed, 13), whole)


@pytest.mark.gpu
def test_a_replayed_training_is_rolled_back(monkeypatch, capsys):
    train_step, spoilt = Trainer.train_step, []

    def spoil(self):
        found = train_step(self)
        if self.step == 31 and not spoilt:
            spoilt.append(self.step)
            with torch.no_grad():
                next(self.setup.generator.parameters()).fill_(torch.nan)
        return found

    monkeypatch.setattr(Trainer, "train_step", spoil)
    trainer = image_trainer("cuda", **VARIANTS["moving"])
    loop.run(trainer, lambda generator: torch.zeros(0), stage="fit")
    assert spoilt
    assert trainer.step == 100
    assert trainer.rate_scale == 0.5
    assert set(trainer.graphs) == {True, False}
    assert all(t.isfinite().all() for t in trainer.state().values())
    said = capsys.readouterr().err
    assert "no longer finite" in said
    assert "CUDA graphs" not in said


@pytest.mark.gpu
def test_what_cannot_be_recorded_trains_all_the_same(monkeypatch, capsys):
    """First it is not tried, as the loss is none of ours; then it is, and fails, as the loss waits for the GPU."""
    own = OBJECTIVES["relativistic"]

    def waiting(real, fake):
        return own.generator(real, fake) + 0 * real.sum().item()

    eager = image_trainer("cuda", objective=own._replace(generator=waiting))
    loop.run(eager, lambda generator: torch.zeros(0), stage="fit")
    assert f"not used: what {__name__} does" in capsys.readouterr().err
    monkeypatch.setattr(cuda_graph, "KNOWN", ("ganaug", "torch", __name__.split(".")[0]))
    failed = image_trainer("cuda", objective=own._replace(generator=waiting))
    loop.run(failed, lambda generator: torch.zeros(0))
    assert capsys.readouterr().err == ""
    assert failed.graphs == {}
    assert "synchronizing" in failed.record()
    assert not different(failed.state(), eager.state())
