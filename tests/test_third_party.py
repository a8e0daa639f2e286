"""Another package adds an objective and a penalty, an arm and a classifier."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import clone
from small import digits, tiny

from ganaug import load_augmenter
from ganaug.config import EvaluateParams
from ganaug.data.rows import Rows, RowWriter
from ganaug.errors import ConfigError
from ganaug.evaluation.downstream.run import run_arms
from ganaug.modalities.image.schema import image_schema
from ganaug.utils.files import read_json

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


@pytest.mark.slow
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


EXTRA = """
import numpy as np
from ganaug.evaluation.downstream.arms import Arm
from ganaug.modalities.training import Setting

arm = Arm("twice", "real rows, twice", settings=(Setting(), Setting(learning_rate=1e-3)))

def nearest(rows, setting, config):
    flat = rows.samples.reshape(len(rows.samples), -1).astype(float)
    means = np.stack([flat[rows.labels == code].mean(0) for code in range(config.n_classes)])

    def predict(samples):
        away = ((samples.reshape(len(samples), 1, -1) - means) ** 2).mean(2) / 1e3
        found = np.exp(-away + away.min(1, keepdims=True))
        return found / found.sum(1, keepdims=True)

    return predict
"""


def test_an_arm_and_a_classifier_of_another_package(tmp_path, monkeypatch):
    about = tmp_path / "site" / "extra_arm-1.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: extra-arm\nVersion: 1\n")
    (about / "entry_points.txt").write_text(
        "[ganaug.arm]\ntwice = extra_arm:arm\n[ganaug.classifier]\nnearest = extra_arm:nearest\n"
    )
    (tmp_path / "site" / "extra_arm.py").write_text(EXTRA)
    images, y = digits(400)
    schema = image_schema(8, 8, 1, "0123456789")
    for part, at in (("train", slice(200)), ("validation", slice(200, 300)), ("test", slice(300, 400))):
        with RowWriter(tmp_path / "splits" / f"{part}.parquet", schema) as writer:
            writer.write(Rows.build(schema, images[at][..., None], y[at]))
    with monkeypatch.context() as installed:
        installed.syspath_prepend(tmp_path / "site")
        params = EvaluateParams(arms=["real", "twice"], classifiers=["nearest"], jobs=1)
        written = run_arms(tmp_path / "splits", params.arms, 0, params, out=tmp_path / "eval")
    found = [read_json(path) for path in written]
    assert [each["arm"] for each in found] == ["real", "twice"]
    assert all(each["classifier"] == "nearest" and each["test"]["accuracy"] > 0.7 for each in found)
    with pytest.raises(ConfigError, match=r"evaluate\.arms\[1\] is 'twice'"):
        EvaluateParams(arms=["real", "twice"])
