"""Parameters that are right alone: together they run, or are refused in one sentence, wherever they are set."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from small import digits, tiny

from ganaug.cli.options import TRAINING, parameters
from ganaug.cli.parser import build_parser
from ganaug.config import Params, TrainGanParams, load_params, names, together
from ganaug.errors import ConfigError, GanaugError
from ganaug.gan import latents, loop
from ganaug.gan.augmentation import AUGMENTATIONS
from ganaug.gan.losses import OBJECTIVES
from ganaug.synthesis import criteria

SIGNED = {"minimax", "non_saturating", "hinge"}  # objectives that fix the zero of the logits
CONTRADICTIONS = [
    *({"objective": name, "augmentation": "ada"} for name in sorted(set(names.OBJECTIVES) - SIGNED)),
    {"objective": "wasserstein_gp", "penalty": "none"},
    {"objective": "wasserstein_gp", "penalty_weight": 0.0},
    {"patience": 3},
    {"prior": "anchored", "batch_size": 3},
]


def in_yaml(folder: Path, **chosen: Any) -> None:
    lines = "".join(f"  {name}: {value}\n" for name, value in chosen.items())
    (folder / "params.yaml").write_text(f"train_gan:\n{lines}", encoding="utf-8")
    load_params(folder / "params.yaml")


def in_python(folder: Path, **chosen: Any) -> None:
    tiny(**{"steps": 1} | chosen).fit(*digits(20), validation=digits(20))


def typed(folder: Path, **chosen: Any) -> None:
    words = [word for name, value in chosen.items() for word in (f"--{name.replace('_', '-')}", str(value))]
    parameters(TrainGanParams, build_parser().parse_args(["augment", "photos", "out", *words]), TRAINING)


@pytest.mark.parametrize("chosen", CONTRADICTIONS, ids=lambda chosen: " ".join(map(str, chosen.values())))
@pytest.mark.parametrize("door", [in_yaml, in_python, typed])
def test_contradictions_are_refused_at_every_door(door, chosen, tmp_path):
    with pytest.raises(ConfigError) as refusal:
        door(tmp_path, **chosen)
    message = str(refusal.value)
    assert "\n" not in message
    assert any(word in message for word in ("choose", "give"))
    assert all(name in message for name in list(chosen)[:1])


@pytest.mark.parametrize("objective", sorted(SIGNED))
@pytest.mark.parametrize("door", [in_yaml, in_python, typed])
def test_adaptive_augmentation_where_signs_mean_something(door, objective, tmp_path):
    door(tmp_path, objective=objective, augmentation="ada")


def test_objectives_say_whether_signs_mean_something():
    assert {name for name in OBJECTIVES if OBJECTIVES[name].bounded} == SIGNED


PLUGIN = """
from ganaug.gan.augmentation import Adaptive
from ganaug.gan.augmentation import AUGMENTATIONS
from ganaug.gan.losses import OBJECTIVES

drifting = OBJECTIVES["hinge"]._replace(bounded=False)

class Watchful(Adaptive):
    pass
"""


@pytest.fixture
def plugin(tmp_path, monkeypatch):
    """An objective without a zero, and an augmentation that needs one, of another package."""
    about = tmp_path / "site" / "drifting_gan-1.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: drifting-gan\nVersion: 1\n")
    (about / "entry_points.txt").write_text(
        "[ganaug.objective]\ndrifting = drifting_gan:drifting\n"
        "[ganaug.augmentation]\nwatchful = drifting_gan:Watchful\n"
    )
    (tmp_path / "site" / "drifting_gan.py").write_text(PLUGIN)
    monkeypatch.syspath_prepend(tmp_path / "site")


@pytest.mark.usefixtures("plugin")
@pytest.mark.parametrize("door", [in_yaml, in_python, typed])
@pytest.mark.parametrize(
    ("objective", "augmentation"), [("drifting", "ada"), ("relativistic", "watchful"), ("drifting", "watchful")]
)
def test_what_other_packages_add_is_held_to_the_same(door, objective, augmentation, tmp_path):
    with pytest.raises(ConfigError, match=f"augmentation '{augmentation}' adapts .* objective '{objective}'"):
        door(tmp_path, objective=objective, augmentation=augmentation)
    door(tmp_path, objective="hinge", augmentation=augmentation)
    door(tmp_path, objective=objective, augmentation="diffaugment")


def test_numbers_that_are_repeated_are_the_same():
    assert together.ONE_IN == latents.ONE_IN
    assert names.LOOKS == loop.CHOICES
    assert set(together.ADAPT_TO_NOTHING) == {n for n in names.AUGMENTATIONS if not AUGMENTATIONS[n].reads_signs}


def test_what_the_machine_lacks_is_said(monkeypatch):
    rows = digits(20)
    with pytest.raises(ConfigError, match=r"too little memory for batch_size 1000000000000, .*: lower one of them"):
        tiny(steps=1, batch_size=10**12, prior="normal").fit(*rows)

    def cannot(self):
        raise RuntimeError("torch.compile is not supported on this Python\nmore")

    monkeypatch.setattr("torch.nn.Module.compile", cannot)
    with pytest.raises(ConfigError, match=r"cannot compile here \(torch.compile is not .* Python\): set it to false"):
        tiny(steps=1, compile=True).fit(*rows)


VALUES = {  # of every parameter some that are accepted, the ends among them
    "generator": names.GENERATORS,
    "keep_rows": [True, False],
    "steps": [1, 2, 3],
    "batch_size": [2, 3, 4, 9],
    "micro_batch": ["auto", 1, 2, 5],
    "max_hours": [1e-9, 24.0],
    "learning_rate": [1e-9, 2.5e-3, 0.999],
    "objective": names.OBJECTIVES,
    "penalty": ("auto", *names.PENALTIES),
    "penalty_weight": [0.0, 0.1, 1e300],
    "conditioning": names.CONDITIONINGS,
    "augmentation": names.AUGMENTATIONS,
    "invariances": [(), names.INVARIANCES, ("rotate",), ("saturation", "cutout")],
    "prior": names.PRIORS,
    "width": ["auto", 1, 9],
    "depth": [1, 2],
    "criterion": ("none", *names.CRITERIA),
    "patience": [None, 1, 9],
    "warm_start": [None, "nowhere"],
    "compile": [False],  # takes a minute
    "device": ["auto", "cpu", "cuda:7"],
    "precision": names.PRECISIONS,
    "seed": [0, 2**31 - 1],
}


def test_no_parameter_is_forgotten_here():
    assert set(VALUES) == set(TrainGanParams.model_fields)


@pytest.mark.slow
@settings(
    phases=[Phase.generate],  # no shrinking, which takes minutes
    max_examples=50,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    chosen=st.fixed_dictionaries({}, optional={name: st.sampled_from(list(v)) for name, v in VALUES.items()}),
    shape=st.sampled_from([(8, 8), (9, 15, 3), (8, 11, 4)]),
    classes=st.integers(1, 3),
)
def test_whatever_is_accepted_runs_or_is_refused(chosen, shape, classes, monkeypatch):
    """By the schema, or by a `GanaugError` of one line before or while it trains."""
    monkeypatch.setattr(criteria, "STEPS", 2)
    images = np.random.default_rng(0).integers(0, 256, (9, *shape), np.uint8)
    rows = images, np.arange(9) % classes
    try:
        TrainGanParams(**chosen)
        found = tiny(random_state=chosen.pop("seed", 0), **{"steps": 2} | chosen).fit(*rows, validation=rows)
    except GanaugError as error:
        refusal = str(error)
    else:
        refusal = ""
        assert np.isfinite(found.history_.drop(columns="criterion", errors="ignore").to_numpy()).all()
        assert found.sample(per_class=1)[0].shape == (classes, *shape)
    assert "\n" not in refusal


def test_cells_take_styles_and_count_for_themselves() -> None:
    cells = {"merge": {"policy": "cells", "amount": 5}}
    assert Params(**cells, train_gan={"generator": "translation"}).merge.amount == 5
    with pytest.raises(
        ConfigError, match=r"merge\.policy is 'cells', .* and train_gan\.generator is 'auto': set it to"
    ):
        Params(**cells)
    with pytest.raises(
        ConfigError, match=r"generate\.per_class is 3, but merge\.policy 'cells' counts rows of a class in"
    ):
        Params(**cells, train_gan={"generator": "translation"}, generate={"per_class": 3})
    with pytest.raises(ConfigError, match="policy 'cells' counts rows: give a whole number"):
        Params(merge={"policy": "cells", "amount": 1.5})
