"""Sections of params.yaml: what each parameter declares, and whoever repeats it."""

from __future__ import annotations

import inspect
import re
from itertools import chain

import pytest
from pydantic import ValidationError

from ganaug import GANAugmenter
from ganaug.cli.parser import build_parser
from ganaug.config import EvaluateParams, Params, PrepareParams, Section, TrainGanParams, check, names, takes
from ganaug.errors import ConfigError

SECTIONS = [Params, *(type(value) for _, value in Params() if isinstance(value, Section))]


def test_names_are_those_of_the_code_behind_them() -> None:
    from ganaug.evaluation.downstream.arms import ARMS
    from ganaug.gan.augmentation import AUGMENTATIONS
    from ganaug.gan.conditioning import CONDITIONINGS
    from ganaug.gan.fabric import PRECISIONS
    from ganaug.gan.losses import OBJECTIVES
    from ganaug.gan.regularizers import PENALTIES
    from ganaug.modalities import MODALITIES
    from ganaug.modalities.exports import EXPORTS
    from ganaug.modalities.image import augment, classical
    from ganaug.modalities.signal import augment as signal
    from ganaug.synthesis.criteria import CRITERIA

    assert set(names.OBJECTIVES) == set(OBJECTIVES)
    assert set(names.PENALTIES) == set(PENALTIES)
    assert set(names.AUGMENTATIONS) == set(AUGMENTATIONS)
    assert set(names.CRITERIA) == set(CRITERIA)
    assert set(names.CONDITIONINGS) == set(CONDITIONINGS)
    assert (names.INVARIANCES, names.CLASSICAL) == (augment.INVARIANCES, classical.INVARIANCES)
    own = (names.IMAGE_ARMS, names.TABLE_ARMS, names.SIGNAL_ARMS, names.SOUND_ARMS, names.TEXT_ARMS)
    assert set(ARMS) == {*names.ARMS, *chain(*own)}
    assert set(MODALITIES) == set(names.MODALITIES)
    assert set(EXPORTS) == set(names.EXPORTS)
    assert set(signal.INVARIANCES) == {"scale", *names.SIGNAL_INVARIANCES}
    assert PRECISIONS == names.PRECISIONS


def test_sections_are_checked_when_made_in_python() -> None:
    with pytest.raises(ConfigError, match=r"train_gan\.width is 0"):
        TrainGanParams(width=0)
    with pytest.raises(ConfigError, match=r"evaluate\.arms is \(\)"):
        EvaluateParams(arms=())
    assert PrepareParams(size=(28, 28)).size == (28, 28)


def test_sections_cannot_change_and_share_nothing() -> None:
    params = Params()
    with pytest.raises(ValidationError, match="frozen"):
        params.merge.amount = 2.0  # type: ignore[misc]
    params.prepare.columns["path"] = "file"
    assert PrepareParams().columns["path"] == "path"


def test_every_parameter_says_what_it_does_and_takes() -> None:
    for section in SECTIONS:
        for field in section.model_fields.values():
            assert str(field.description).endswith(".")
            assert takes(field.rebuild_annotation())


def test_a_dump_gives_plain_values() -> None:
    plain = Params().model_dump()
    assert plain["merge"] == {"policy": "ratio", "amount": 10.0, "exports": ()}
    assert plain["prepare"]["columns"]["label"] == "label"


@pytest.mark.parametrize("section", SECTIONS)
def test_every_default_is_accepted_and_stays_itself(section: type[Section]) -> None:
    for name, value in section():
        if not isinstance(value, Section):
            found = check(section.model_fields[name].rebuild_annotation(), value, name)
            assert (found, type(found)) == (value, type(value))


def test_the_augmenter_takes_the_same_parameters_in_the_same_order() -> None:
    ours = {name: field.default for name, field in TrainGanParams.model_fields.items()}
    theirs = {name: p.default for name, p in inspect.signature(GANAugmenter).parameters.items()}
    names = ["random_state" if name == "seed" else name for name in ours]
    assert list(theirs) == ["modality", "rate", *names, "checkpoint_dir", "verbose"]
    assert {name: theirs[name] for name in ours if name != "seed"} == {n: v for n, v in ours.items() if n != "seed"}


def test_the_augmenter_documents_them_with_the_same_defaults() -> None:
    documented = dict(
        re.findall(r"^        (\w+) : .*?(?:default=(.*)|optional)$", str(GANAugmenter.__init__.__doc__), re.MULTILINE)
    )
    theirs = {name: p.default for name, p in inspect.signature(GANAugmenter).parameters.items()}
    assert list(documented) == list(theirs)
    for name, default in theirs.items():
        assert documented[name] == (
            "" if default is None and name != "random_state" else repr(default).replace("'", '"')
        )


def test_the_command_line_says_of_an_option_what_the_schema_does() -> None:
    (commands,) = (action for action in build_parser()._actions if action.dest == "command")
    options = {action.dest: str(action.help) for action in commands.choices["augment"]._actions}  # type: ignore[index,union-attr]
    for name, field in TrainGanParams.model_fields.items():
        assert options[name].startswith(f"{field.description} Takes {takes(field.rebuild_annotation())}. Default: ")
