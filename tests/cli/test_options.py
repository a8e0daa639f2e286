"""Parameters of the schema as options."""

from __future__ import annotations

from typing import Any

import pytest

from ganaug.cli.options import READING, SELECTION, TRAINING, parameters, read_value
from ganaug.cli.parser import build_parser
from ganaug.config import GenerateParams, PrepareParams, Section, TrainGanParams
from ganaug.errors import ConfigError


@pytest.mark.parametrize(
    ("section", "name", "text", "value"),
    [
        (PrepareParams, "size", "28,32", (28, 32)),
        (PrepareParams, "size", "[28, 32]", (28, 32)),
        (PrepareParams, "size", "null", None),
        (PrepareParams, "channels", "3", 3),
        (
            PrepareParams,
            "columns",
            "path=file,label=a=b",
            {"path": "file", "text": "text", "label": "a=b", "group": "group", "split": "split"},
        ),
        (TrainGanParams, "steps", "auto", "auto"),
        (TrainGanParams, "steps", "500", 500),
        (TrainGanParams, "learning_rate", "2e-3", 0.002),
        (TrainGanParams, "invariances", "translate,scale", ("translate", "scale")),
        (TrainGanParams, "invariances", "translate", ("translate",)),
        (TrainGanParams, "invariances", "[]", ()),
        (TrainGanParams, "compile", "true", True),
        (TrainGanParams, "warm_start", "1", "1"),
        (GenerateParams, "max_candidates", "2", 2.0),
        (GenerateParams, "filters", "copy,density", ("copy", "density")),
        (GenerateParams, "filters", '[{"confidence": {"threshold": 0.8}}]', ({"confidence": {"threshold": 0.8}},)),
    ],
)
def test_what_is_typed_becomes_what_params_yaml_would_give(
    section: type[Section], name: str, text: str, value: Any
) -> None:
    assert read_value(section.model_fields[name].rebuild_annotation(), "--x", text) == value


@pytest.mark.parametrize(
    ("section", "name", "text"),
    [
        (PrepareParams, "size", "28"),
        (PrepareParams, "size", "28,900"),
        (PrepareParams, "columns", "file=path"),
        (TrainGanParams, "invariances", "translate,scal"),
        (TrainGanParams, "compile", "yes"),
        (GenerateParams, "max_candidates", "NaN"),
    ],
)
def test_other_words_are_refused_by_the_options_name(section: type[Section], name: str, text: str) -> None:
    with pytest.raises(ConfigError, match=r"^--x"):
        read_value(section.model_fields[name].rebuild_annotation(), "--x", text)


def test_what_is_not_typed_takes_its_default() -> None:
    typed = build_parser().parse_args(["augment", "a", "b", "--width", "16", "--max-candidates", "9"])
    assert parameters(TrainGanParams, typed, TRAINING) == TrainGanParams(width=16)
    assert parameters(GenerateParams, typed, SELECTION) == GenerateParams(max_candidates=9.0)
    assert parameters(PrepareParams, typed, READING) == PrepareParams()
