from __future__ import annotations

import pytest
import torch
from fakes import CENTRES, SPREAD, generated, point_trainer, trained

from ganaug.gan.augmentation import AUGMENTATIONS

OVERFITTED, LEARNING = torch.tensor(1.0), torch.tensor(0.0)  # mean sign of the logits of real rows


def test_none_never_augments():
    assert not any(AUGMENTATIONS["none"](100).probability(share) for share in (0, 0.5, 1))


def test_diffaugment_ramps_up_and_stays_below_one():
    shown = [AUGMENTATIONS["diffaugment"](100).probability(share / 100) for share in range(101)]
    assert shown[0] == 0
    assert shown == sorted(shown)
    assert 0 < shown[-1] < 1


def test_ada_rises_with_overfitting_falls_without_and_is_clamped():
    ada = AUGMENTATIONS["ada"](100)
    shown = []
    for sign in [OVERFITTED] * 100 + [LEARNING] * 200:
        shown.append(ada.probability(0.5))
        ada.observe(sign)
    assert shown[0] == 0
    assert 0 < max(shown) < 1
    assert shown[99] == max(shown)
    assert ada.probability(1.0) == 0


@pytest.mark.slow
def test_ada_adapts_in_a_training_and_survives_a_resume():
    def trainer():
        return point_trainer(steps=60, objective="non_saturating", augmentation="ada", learning_rate=0.03)

    whole, first = trained(trainer()), trainer()
    for _ in range(30):
        first.train_step()
    second = trainer()
    second.restore(first.state())
    state, expected = trained(second).state(), whole.state()
    assert expected["augmentation.sign"] != 0
    assert all(torch.equal(state[k], expected[k]) for k in expected)


@pytest.mark.slow
@pytest.mark.parametrize("augmentation", ["diffaugment", "ada"])
def test_augmentation_does_not_leak(augmentation):
    """Both kinds of rows are moved alike and far, yet what is generated is as narrow as the real rows."""
    found = generated(trained(point_trainer(objective="non_saturating", augmentation=augmentation)))
    assert (found.mean(1) - CENTRES).norm(dim=1).max() < 0.5
    assert found.std(1).max() < 2 * SPREAD
