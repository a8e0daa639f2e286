from __future__ import annotations

import numpy as np
import pytest
import torch
from small import image_setup

from ganaug.gan.augmentation import AUGMENTATIONS
from ganaug.gan.fabric import make_fabric
from ganaug.gan.loop import run
from ganaug.gan.losses import OBJECTIVES
from ganaug.gan.regularizers import PENALTIES
from ganaug.gan.schedule import Schedule
from ganaug.gan.trainer import Trainer
from ganaug.modalities.image.augment import INVARIANCES, ImageAugment
from ganaug.modalities.image.setup import ImageArchitecture


def weights(seed: int) -> list[torch.Tensor]:
    return [p for m in ImageArchitecture(8, 8, 1, 2, base_width=8).build(seed) for p in m.parameters()]


def test_the_seed_alone_decides_the_initial_weights():
    torch.manual_seed(1)
    state = torch.random.get_rng_state()
    first = weights(0)
    assert torch.equal(torch.random.get_rng_state(), state)
    torch.manual_seed(2)
    assert all(torch.equal(a, b) for a, b in zip(first, weights(0), strict=True))
    assert not all(torch.equal(a, b) for a, b in zip(first, weights(1), strict=True))


def trainer(device: str = "cpu", precision: str = "32-true", images: np.ndarray | None = None) -> Trainer:
    """A training on one light and one dark class of images, with everything declared."""
    fabric = make_fabric(device, precision)
    labels = np.arange(40) % 2
    if images is None:
        shades = np.random.default_rng(0).normal(np.where(labels, 200, 60)[:, None, None, None], 10, (40, 9, 8, 3))
        images = shades.astype(np.uint8)
    rules = (OBJECTIVES["relativistic"], PENALTIES["r1_r2"](), ImageAugment(INVARIANCES))
    architecture = ImageArchitecture(9, 8, 3, 2, base_width=8, latent=8, features=16)
    schedule = Schedule(200, batch_size=16, learning_rate=0.003)
    setup = image_setup(architecture, images, labels, *rules, AUGMENTATIONS["diffaugment"](200), 0, fabric.device)
    return Trainer(fabric, setup, schedule, 0)


def shades(found: Trainer) -> list[float]:
    labels = torch.tensor([0, 1], device=found.fabric.device).repeat_interleave(32)
    latents = torch.randn(64, 8, generator=torch.Generator().manual_seed(0)).to(labels.device)
    with torch.no_grad():
        return found.ema.module(latents, labels).reshape(2, -1).mean(1).tolist()


@pytest.mark.slow
def test_a_training_of_images_learns_what_tells_classes_apart():
    trained = trainer()
    run(trained, lambda generator: torch.zeros(1))
    dark, light = shades(trained)
    assert dark < -0.2
    assert light > 0.2


def test_rows_are_those_given_and_stay_so():
    images = np.random.default_rng(0).integers(0, 256, (40, 9, 8, 3), np.uint8)
    images.setflags(write=False)
    setup = trainer(images=images).setup
    rows = setup.rows(torch.tensor([3, 1]))
    assert rows.shape == (2, 3, 9, 8)
    torch.testing.assert_close(rows[0].permute(1, 2, 0), torch.tensor(images[3]) / 127.5 - 1)


@pytest.mark.gpu
@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed"])
def test_a_training_of_images_on_a_gpu(precision):
    trained = trainer("cuda", precision)
    run(trained, lambda generator: torch.zeros(1))
    dark, light = shades(trained)
    assert dark < -0.2
    assert light > 0.2


@pytest.mark.gpu
@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed"])
def test_a_round_does_not_wait_for_the_gpu(precision):
    """Then a GPU never runs dry between two of its kernels because of us."""
    played = trainer("cuda", precision)
    played.train_step()
    torch.cuda.set_sync_debug_mode("error")
    try:
        for _ in range(17):  # with a penalty
            played.train_step()
    finally:
        torch.cuda.set_sync_debug_mode("default")
