"""What a training takes is known before it starts: memory is bounded, and a CPU does not begin what takes days."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from fakes import point_trainer, trained
from small import digits, image_setup, noise, tiny
from torch import nn

from ganaug.errors import ConfigError
from ganaug.gan import budget
from ganaug.gan.augmentation import AUGMENTATIONS
from ganaug.gan.budget import look_ahead, parts_of_batch
from ganaug.gan.checkpoint import load_checkpoint, save_checkpoint
from ganaug.gan.fabric import make_fabric
from ganaug.gan.losses import OBJECTIVES
from ganaug.gan.regularizers import PENALTIES
from ganaug.gan.schedule import Schedule
from ganaug.gan.trainer import Trainer
from ganaug.modalities.image.augment import ImageAugment
from ganaug.modalities.image.setup import ImageArchitecture

SIDE = 256
STATUS, CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def large_trainer(parts: int, batch_size: int = 8, seed: int = 0) -> Trainer:
    """A training on 256 x 256 pixels in colour."""
    fabric = make_fabric("cpu", "32-true")
    architecture = ImageArchitecture(SIDE, SIDE, 3, 2, base_width=8, anchors=4)
    rules = (OBJECTIVES["relativistic"], PENALTIES["r1_r2"](), ImageAugment(), AUGMENTATIONS["diffaugment"](3))
    setup = image_setup(architecture, noise(4, SIDE, SIDE, 3), np.arange(4) % 2, *rules, seed, fabric.device)
    return Trainer(fabric, setup, Schedule(3, batch_size=batch_size, parts=parts), seed)


@pytest.mark.parametrize("penalty", ["lecam", "gradient_penalty"])
def test_a_batch_in_parts_is_the_same_step(penalty):
    """Of the penalties the one that remembers and the one that draws by chance; the parts are uneven."""
    rules = {"objective": "non_saturating", "penalty": penalty, "augmentation": "diffaugment", "anchored": True}
    whole, parts = (point_trainer(parts=n, batch_size=17, learning_rate=1e-3, **rules) for n in (1, 3))
    for _ in range(9):
        for one, other in zip(whole.train_step(), parts.train_step(), strict=True):
            torch.testing.assert_close(one, other, atol=1e-4, rtol=1e-3)
    for name, tensor in whole.state().items():
        if name.startswith(("generator", "discriminator", "penalty")):
            torch.testing.assert_close(parts.state()[name], tensor, atol=1e-4, rtol=1e-3)


@pytest.mark.parametrize(
    ("row_size", "asked", "processes", "parts"),
    [
        (28 * 28, "auto", 1, 1), (128 * 128 * 4, "auto", 1, 1), (256 * 256 * 3, "auto", 1, 4),
        (512 * 512 * 3, "auto", 1, 13), (512 * 512 * 3, "auto", 2, 7), (28 * 28, 16, 1, 4), (28 * 28, 64, 1, 1),
        (28 * 28, 63, 1, 2), (512 * 512 * 4, 900, 1, 1),
    ],
)  # fmt: skip
def test_large_rows_go_through_in_parts_and_it_is_said(row_size, asked, processes, parts, capsys):
    network = nn.Identity()
    network.row_size = row_size
    params = {"batch_size": 64, "micro_batch": asked}
    assert parts_of_batch(params, network, "cpu", processes, "fit") == parts
    said = capsys.readouterr().err
    assert (f"in {parts} parts; micro_batch chooses" in said) == (parts > 1 and asked == "auto")
    assert parts_of_batch(params, network, "cuda", processes, None) <= parts
    assert not capsys.readouterr().err


def test_a_batch_of_many_small_rows_stays_whole():
    assert parts_of_batch({"batch_size": 4096, "micro_batch": "auto"}, nn.Identity(), "cpu", 1, None) == 1


def test_a_fit_takes_the_rows_at_a_time_that_it_is_told(monkeypatch):
    seen = []
    step = Trainer.train_networks
    monkeypatch.setattr(Trainer, "train_networks", lambda self, p: seen.append(self.schedule.parts) or step(self, p))
    whole, parts = (tiny(steps=2, micro_batch=n, precision="32-true").fit(*digits(20)) for n in ("auto", 3))
    assert seen == [1, 1, 3, 3]
    np.testing.assert_allclose(whole.history_["loss_generator"], parts.history_["loss_generator"], rtol=1e-3)


def peak(work) -> float:
    """Return by how many MiB this process grows meanwhile, at most."""

    def of_status(name: str) -> float:
        return next(int(line.split()[1]) / 1024 for line in STATUS.read_text().splitlines() if line.startswith(name))

    CLEAR.write_text("5")  # what the peak has been is forgotten
    before = of_status("VmRSS")
    work()
    return of_status("VmHWM") - before


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the system does not tell")
def test_memory_goes_with_the_part_and_not_with_the_batch():
    parts, whole = (peak(large_trainer(n).train_step) for n in (8, 1))
    assert parts < 150
    assert parts < whole / 2


@pytest.mark.slow
def test_training_at_256_pixels_goes_on_where_it_was(tmp_path):
    first, second = large_trainer(2, 4), large_trainer(2, 4, seed=1)
    first.train_step()
    save_checkpoint(tmp_path / "c", first.state(), "run")
    second.restore(load_checkpoint(tmp_path / "c", "run"))
    ends = [trained(trainer).state() for trainer in (first, second)]
    assert all(torch.equal(ends[0][name], ends[1][name]) for name in ends[0])
    images = first.setup.generator(torch.zeros(1, 64), torch.tensor([1]))
    assert images.shape == (1, 3, SIDE, SIDE)


# time


def test_a_look_ahead_leaves_no_trace(monkeypatch, capsys):
    monkeypatch.setattr(budget, "TOLD", 0.0)
    trainer = point_trainer(steps=205, penalty="lecam", objective="hinge")
    trainer.train_step()
    before = trainer.state()
    look_ahead(trainer, 1.0, "fit")
    after = trainer.state()
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert capsys.readouterr().err.startswith("ganaug: fit: 204 steps will take about ")
    for _ in range(5):  # from here on too few are left to look at
        trainer.train_step()
    look_ahead(trainer, 1e-9, "fit")
    assert not capsys.readouterr().err


def test_a_cpu_does_not_begin_what_takes_days_unless_told(tmp_path):
    rows = digits(20)
    with pytest.raises(ConfigError, match=r"would take about \d+\.\d days on this CPU, 1,000,000,000 steps of .* s: "):
        tiny(steps=10**9, checkpoint_dir=tmp_path).fit(*rows)
    assert not list(tmp_path.iterdir())
    with pytest.raises(ConfigError, match="or set max_hours to 1 to let it"):
        tiny(steps=200, max_hours=1e-9).fit(*rows)
