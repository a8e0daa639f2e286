"""Latents: normal, or mixtures of the anchors of one class."""

from __future__ import annotations

import pytest
import torch
from fakes import CENTRES, generated, point_trainer, trained

from ganaug.gan import latents as module
from ganaug.gan.latents import PARTS, Prior

LABELS = torch.tensor([1, 0, 1, 1, 0, 1])  # rows 1 and 4 are of class 0


def anchored(size: int = 16, seed: int = 0) -> Prior:
    prior = Prior(size, 2, len(LABELS))
    prior.place(LABELS, seed)
    return prior


def random(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_a_normal_prior_ignores_labels_and_stores_nothing():
    prior = Prior(16, 2)
    draws = prior.draw(1000, random())
    latents = prior(draws, torch.zeros(1000, dtype=torch.int64))
    assert torch.equal(latents, prior(draws, torch.ones(1000, dtype=torch.int64)))
    assert latents.shape == (1000, 16)
    assert abs(latents.std() - 1) < 0.05
    assert not prior.state_dict()


def test_anchored_latents_lie_between_the_anchors_of_their_class(monkeypatch):
    monkeypatch.setattr(module, "NOISE", 0.0)
    prior = anchored()
    for code in (0, 1):
        latents = prior(prior.draw(200, random()), torch.full((200,), code))
        mine, others = prior.anchors[code == LABELS], prior.anchors[code != LABELS]
        weights = torch.linalg.lstsq(mine.T, latents.T).solution
        torch.testing.assert_close((weights.T @ mine), latents, rtol=1e-3, atol=1e-3)
        assert weights.min() > -1e-3
        assert torch.linalg.lstsq(others.T, latents.T).solution.T.sub(0).matmul(others).sub(latents).norm() > 1


def test_anchored_latents_are_as_long_as_normal_ones():
    prior = Prior(256, 1, 40)
    prior.place(torch.zeros(40, dtype=torch.int64), 0)
    latents = prior(prior.draw(2000, random()), torch.zeros(2000, dtype=torch.int64))
    assert abs(latents.norm(dim=1).mean() / 256**0.5 - 1) < 0.1


def test_seeds_place_anchors():
    first, again, other = anchored(), anchored(), anchored(seed=1)
    assert torch.equal(first.anchors, again.anchors)
    assert not torch.equal(first.anchors, other.anchors)


def test_a_loaded_prior_makes_the_same_latents():
    first, second = anchored(), Prior(16, 2, len(LABELS))
    second.load_state_dict(first.state_dict())
    draws = first.draw(5, random())
    assert draws.shape == (5, 16 + 2 * PARTS)
    assert torch.equal(first(draws, LABELS[:5]), second(draws, LABELS[:5]))


@pytest.mark.slow
def test_anchors_keep_a_rare_kind_of_rows():
    """One of four rows of a class lies far off. Without anchors it is found late; its anchor leads there."""
    rows = torch.tensor([[-1.0, -0.5], [-1.1, -0.4], [-0.9, -0.6], [0.0, 3.0], [1.0, 0.5], [1.1, 0.4], [0.9, 0.6]])
    labels = torch.tensor([0, 0, 0, 0, 1, 1, 1])
    trainer = trained(point_trainer(300, rows=(rows, labels), anchored=True))
    prior = trainer.ema.module.prior
    made = trainer.ema.module(prior.anchors, labels).detach()
    assert (made - rows).norm(dim=1).max() < 0.5
    assert (generated(trainer)[1].mean(0) - CENTRES[1]).norm() < 0.5


def test_rows_without_labels_own_no_anchor():
    trainer = point_trainer(5, unlabelled=torch.zeros(50, 2), anchored=True)
    assert len(trainer.setup.generator.prior.anchors) == 400
    trained(trainer)
