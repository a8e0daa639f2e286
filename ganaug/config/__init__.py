"""The schema of params.yaml: every parameter declared once, by its type, its default and what it does.

Whatever lists parameters reads these declarations: the messages about bad values, docs/parameters.md, the options of
the command line, the report. To add a parameter, add a field to a section of `ganaug.config.sections`.
"""

from __future__ import annotations

from ganaug.config.names import PRESETS
from ganaug.config.read import load_params
from ganaug.config.section import Section, check
from ganaug.config.sections import (
    EvaluateParams,
    FidelityParams,
    GenerateParams,
    MergeParams,
    Mixing,
    Params,
    PrepareParams,
    ReportParams,
    TrainGanParams,
)
from ganaug.config.words import suggestion, takes

__all__ = [
    "PRESETS",
    "EvaluateParams",
    "FidelityParams",
    "GenerateParams",
    "MergeParams",
    "Mixing",
    "Params",
    "PrepareParams",
    "ReportParams",
    "Section",
    "TrainGanParams",
    "check",
    "load_params",
    "suggestion",
    "takes",
]
