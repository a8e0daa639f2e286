from __future__ import annotations

import numpy as np
import pytest
import torch
from fakes import PointDiscriminator
from small import Inputs, Views

from ganaug.synthesis import score
from ganaug.synthesis.realism import Realism
from ganaug.synthesis.score import ClassDensity


def images(n: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (n, 8, 9, 2), np.uint8)


def itself(features: np.ndarray) -> np.ndarray:
    return features


def test_density_is_what_it_is_by_definition():
    rng = np.random.default_rng(0)
    real, codes = rng.normal(size=(40, 3)).astype(np.float32), np.arange(40) % 2
    fake, claimed = rng.normal(size=(30, 3)).astype(np.float32), np.arange(30) % 2
    density = ClassDensity(real, codes, itself)
    for x, code, found in zip(fake, claimed, density(fake, claimed), strict=True):
        mine = real[codes == code]
        radii = np.sort(np.linalg.norm(mine[:, None] - mine, axis=2), axis=1)[:, 5]
        assert found == pytest.approx((np.linalg.norm(mine - x, axis=1) <= radii).sum() / 5)
    assert density(np.full((2, 3), 99, np.float32), np.array([0, 1])).tolist() == [0, 0]
    assert density(fake[:0], claimed[:0]).shape == (0,)


def test_density_is_one_on_average_among_rows_of_one_distribution():
    rows = np.random.default_rng(0).normal(size=(3000, 2)).astype(np.float32)
    codes = np.zeros(1500, np.int64)
    assert ClassDensity(rows[:1500], codes, itself)(rows[1500:], codes).mean() == pytest.approx(1, abs=0.05)


def test_density_of_scarce_and_plentiful_classes(monkeypatch):
    three = np.array([[0.0], [1.0], [3.0]], np.float32)
    assert ClassDensity(three, np.zeros(3, int), itself)(np.array([[1.5]], np.float32), np.array([0])).tolist() == [1.5]
    monkeypatch.setattr(score, "BLOCK", 8)
    many = np.random.default_rng(0).normal(size=(100, 1)).astype(np.float32)
    found = ClassDensity(many, np.zeros(100, int), itself)(many, np.zeros(100, int))
    assert (found > 0).any()
    assert found.max() <= 8 / 5  # of at most eight balls


def test_scores_say_whose_they_are():
    training, rows, labels = images(5, 0), images(3, 1), np.array([1, 0, 1])
    rows[1] = training[4]
    probabilities = np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7]], np.float32)
    teacher = Views(lambda rows: probabilities, lambda rows: rows.reshape(len(rows), -1).astype(np.float32))
    scorer = teacher.scorer(lambda rows, labels: labels.astype(np.float32), training, np.array([0, 0, 0, 1, 0]))
    found = scorer(rows, labels)
    assert found["confidence"].tolist() == pytest.approx([0.1, 0.8, 0.7])
    assert found["realism"].tolist() == [1, 0, 1]
    assert found["density"].tolist() == pytest.approx(
        [1, 4 / 3, 1]
    )  # of class 1 there is one row; the copy is in all 4 balls
    assert (found["nearest"][1], found["nearest_distance"][1]) == (4, 0)


def test_realism_is_one_half_between_real_and_generated_rows():
    discriminator = PointDiscriminator(2)
    with torch.no_grad():
        discriminator.head.classes.weight.fill_(0.1)
    points = np.random.default_rng(0).integers(0, 256, (3000, 2), np.uint8)
    realism = Realism(discriminator, Inputs(lambda rows: rows.float() / 64))
    labels = np.arange(3000) % 2
    real, fake = points[:1500], points[1500:] // 4
    realism.calibrate(real, fake, labels[:1500])
    means = [realism.logits(rows, labels[:1500]).mean() for rows in (real, fake)]
    assert realism.midpoint == pytest.approx(np.mean(means), rel=1e-5)
    found = realism(points, labels)
    assert found.dtype == np.float32
    assert ((found > 0) & (found < 1)).all()
    assert np.array_equal(found > 0.5, realism.logits(points, labels) > realism.midpoint)


def test_realism_with_and_without_labels():
    discriminator = PointDiscriminator(2)
    with torch.no_grad():
        discriminator.head.classes.weight.normal_(generator=torch.Generator().manual_seed(0))
    realism = Realism(discriminator, Inputs(lambda rows: rows.float()))
    points = np.array([[1, 2], [3, 4]], np.uint8)
    first, second, unconditional = (realism(points, labels) for labels in (np.array([0, 0]), np.array([1, 1]), None))
    assert not np.allclose(first, second)
    assert not np.allclose(first, unconditional)
    assert realism(points[:0], None).shape == (0,)
