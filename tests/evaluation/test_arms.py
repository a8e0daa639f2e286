from __future__ import annotations

import pytest

from ganaug.config import MOST_TRIALS, EvaluateParams
from ganaug.evaluation.arms import ARMS, candidates, references

ENTRIES = EvaluateParams().entries


def test_contenders_are_told_from_what_explains_them():
    assert references(ARMS) == ["real", "classical", "mixup"]
    assert candidates(ARMS) == ["gan", "classical_gan", "mixup_gan"]


@pytest.mark.parametrize("arm", [arm for arm in ARMS if arm != "shuffled"])
@pytest.mark.parametrize("trials", [1, 2, MOST_TRIALS])
def test_every_arm_has_as_many_settings(arm, trials):
    settings = ARMS[arm].tried(ENTRIES, trials)
    assert len(set(settings)) == len(settings) == trials


def test_settings_keep_what_makes_the_arm():
    tried = {name: arm.tried(ENTRIES, MOST_TRIALS) for name, arm in ARMS.items()}
    assert all(s.mixup > 0 and s.strength > 0 for name in ("mixup", "mixup_gan") for s in tried[name])
    assert all(s.strength > 0 == s.mixup for name in ("classical", "classical_gan", "oracle") for s in tried[name])
    assert all(s.strength == 0 for name in ("real", "gan", "synthetic") for s in tried[name])
    assert all(s.synthetic for s in tried["shuffled"])
    assert any(not s.synthetic for s in tried["classical_gan"][:2])
