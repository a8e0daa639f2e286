"""Criteria that choose among generators: better ones get lower numbers."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from torch import nn

from ganaug.gan.latents import Prior
from ganaug.modalities import modality_named
from ganaug.modalities.image.codec import ImageCodec
from ganaug.modalities.image.spec import ImageSpec
from ganaug.synthesis import criteria
from ganaug.synthesis.criteria import CRITERIA, Known, kid


class Replay(nn.Module):
    """Gives back rows of the asked class, or of the next one, or one row only."""

    def __init__(self, images: np.ndarray, labels: np.ndarray, how: str) -> None:
        super().__init__()
        self.prior, self.how = Prior(2, 10), how
        self.rows = nn.Parameter(torch.tensor(images).permute(0, 3, 1, 2) / 127.5 - 1)
        self.labels = torch.tensor(labels)

    def forward(self, latents: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        wanted = (labels + (self.how == "wrong")) % 10
        picks = []
        for label, latent in zip(wanted, latents, strict=True):
            mine = torch.nonzero(self.labels == label).flatten()
            picks.append(mine[0 if self.how == "collapsed" else int(latent[0].abs() * 1e4) % len(mine)])
        return self.rows[torch.stack(picks)]


@pytest.fixture(scope="module")
def known() -> Known:
    pixels, labels = load_digits(return_X_y=True)
    images, labels = (pixels.reshape(-1, 8, 8, 1) * 15.9).astype(np.uint8), labels.astype(np.int64)
    return Known(
        modality_named("image"),
        ImageSpec(8, 8, 1),
        ImageCodec((8, 8, 1)),
        images[:200],
        labels[:200],
        images[200:500],
        labels[200:500],
        10,
        0,
        "cpu",
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(CRITERIA))
def test_good_generators_are_told_from_collapsed_and_wrong_ones(name, known, monkeypatch):
    monkeypatch.setattr(criteria, "STEPS", 80)
    criterion = CRITERIA[name](known)
    good, collapsed, wrong = (criterion(Replay(known.samples, known.codes, h)) for h in ("good", "collapsed", "wrong"))
    assert good < collapsed < wrong
    assert criterion(Replay(known.samples, known.codes, "good")) == good


def test_kid_is_about_zero_for_one_distribution_and_known_for_two_points():
    random = np.random.default_rng(0)
    found = [kid(random.normal(size=(40, 8)), random.normal(size=(50, 8))) for _ in range(200)]
    assert abs(np.mean(found)) < 3 * np.std(found) / np.sqrt(len(found))
    zeros, ones = np.zeros((3, 2)), np.ones((4, 2))
    assert kid(zeros, ones) == pytest.approx(1 + 8 - 2)
