"""Another package adds an objective and a penalty."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import clone
from small import digits, tiny

from ganaug import load_augmenter
from ganaug.errors import ConfigError

PLUGIN = """
import torch
from ganaug.gan.losses import OBJECTIVES, Objective
from ganaug.gan.regularizers import squared_gradient

calls = []

def discriminator(real, fake):
    calls.append("objective")
    return torch.exp(-real).mean() + torch.exp(fake).mean()

exponential = Objective(discriminator, lambda real, fake: torch.exp(-fake).mean(), penalty="soft")

class Soft:
    def __init__(self):
        self.state = {"mean": torch.zeros(())}

    def __call__(self, critic, real, fake, generator):
        calls.append("penalty")
        found = squared_gradient(critic, real).sqrt().mean()
        self.state["mean"] = found.detach()
        return found
"""


def test_an_objective_and_a_penalty_of_another_package(tmp_path, monkeypatch):
    about = tmp_path / "site" / "shiny_gan-1.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: shiny-gan\nVersion: 1\n")
    (about / "entry_points.txt").write_text(
        "[ganaug.objective]\nexponential = shiny_gan:exponential\n[ganaug.penalty]\nsoft = shiny_gan:Soft\n"
    )
    (tmp_path / "site" / "shiny_gan.py").write_text(PLUGIN)
    with monkeypatch.context() as installed:
        installed.syspath_prepend(tmp_path / "site")
        found = tiny(objective="exponential").fit(*digits())
        import shiny_gan

        assert {"objective", "penalty"} == set(shiny_gan.calls)
        tiny(objective="hinge", penalty="soft", steps=2).fit(*digits(20))
    assert np.isfinite(found.history_.to_numpy()).all()
    found.save(tmp_path / "model")
    again = load_augmenter(tmp_path / "model", "cpu")  # sampling needs no objective
    assert np.array_equal(again.sample(1, random_state=0)[0], found.sample(1, random_state=0)[0])
    with pytest.raises(ConfigError, match="objective is 'exponential'"):
        clone(found).fit(*digits(20))
