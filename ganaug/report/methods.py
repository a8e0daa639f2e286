"""The methods sheet: what was run, with which parameters, seeds and versions."""

from __future__ import annotations

import platform
from collections.abc import Iterator, Sequence
from importlib import metadata
from typing import Any

import numpy as np

from ganaug.config import Params, Section
from ganaug.evaluation.downstream.arms import ARMS
from ganaug.evaluation.results import Result, Results
from ganaug.evaluation.stats.design import WORDS
from ganaug.evaluation.stats.looks import looks_text
from ganaug.evaluation.verdict import ROPE
from ganaug.report.run import Run

PACKAGES = ("ganaug", "torch", "numpy", "scikit-learn", "pandas", "pyarrow", "pillow")


def methods_section(run: Run, results: Results, summary: dict[str, Any], params: Params) -> dict[str, Any]:
    """How the numbers were made, the fingerprints of every repeat, all parameters, and versions."""
    first = next(iter(results.values()))
    return {
        "steps": first[0]["steps"],
        "batch_size": first[0]["batch_size"],
        "design": WORDS[summary["design"]],
        "look": looks_text(summary["repeats"]),
        "coverage": f"{100 * summary['look']['coverage']:.4g} %",
        "metric": summary["metric"].replace("_", " "),
        "least": f"{100 * ROPE:g} points",
        "arms": [_arm(name, found) for name, found in results.items()],
        "fingerprints": [
            (repeat.number, result["test_ids"], repeat.generated["model"])
            for repeat, result in zip(run.repeats, first, strict=True)
        ],
        "parameters": list(_parameters(params)),
        "versions": [("Python", platform.python_version()), *((name, metadata.version(name)) for name in PACKAGES)],
    }


def _arm(name: str, found: Sequence[Result]) -> list[str]:
    real, synthetic = (
        f"{np.mean([result['n_train'][kind] for result in found]):,.0f}" for kind in ("real", "synthetic")
    )
    return [name, ARMS[name].title, real, synthetic]


def _parameters(section: Section, prefix: str = "") -> Iterator[tuple[str, str, str]]:
    for name, field in type(section).model_fields.items():
        value = getattr(section, name)
        if isinstance(value, Section):
            yield from _parameters(value, f"{name}.")
        else:
            yield prefix + name, _written(value), str(field.description)


def _written(value: object) -> str:
    """Write a value as params.yaml has it."""
    if value is None:
        return "null"
    if isinstance(value, Section):
        value = value.model_dump(exclude_unset=True)
    if isinstance(value, (tuple, list)):
        return "[" + ", ".join(map(_written, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {_written(word)}" for name, word in value.items()) + "}"
    return str(value).lower() if isinstance(value, bool) else str(value)
