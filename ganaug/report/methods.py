"""The methods sheet: what was run, with which parameters, seeds and versions."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from importlib import metadata
from typing import Any

import numpy as np

from ganaug.config import Params, Section
from ganaug.evaluation.downstream.arms import ARMS
from ganaug.evaluation.results import Results
from ganaug.evaluation.stats.design import WORDS
from ganaug.evaluation.stats.looks import looks_text
from ganaug.evaluation.verdict import ROPE
from ganaug.report.run import Run
from ganaug.utils.markup import Html, element, fragment, table

PACKAGES = ("ganaug", "torch", "numpy", "scikit-learn", "pandas", "pyarrow", "pillow")


def methods_section(run: Run, results: Results, summary: dict[str, Any], params: Params) -> Html:
    """How the numbers were made, the fingerprints of every repeat, all parameters, and versions."""
    parameters = [[element("code", name), element("code", value), doc] for name, value, doc in _parameters(params)]
    versions = [["Python", platform.python_version()], *([name, metadata.version(name)] for name in PACKAGES)]
    return fragment(
        element("h2", "Methods"),
        element("ul", *(element("li", statement) for statement in _statements(results, summary))),
        _arms(results),
        _fingerprints(run, results),
        element("div", table(["parameter", "value", "what it does"], parameters, "Parameters"), class_="text"),
        element("div", table(["package", "version"], versions, "Versions"), class_="text"),
    )


def _statements(results: Results, summary: dict[str, Any]) -> list[str]:
    first, least = next(iter(results.values()))[0], f"{100 * ROPE:g} points"
    return [
        "A repeat (repeats in params.yaml) is one split, one GAN and one seed of the classifiers.",
        f"Every arm gets {first['steps']:,} optimiser steps on batches of {first['batch_size']}, the same schedule and "
        "the same seed. More rows never mean longer training.",
        "The GAN, the teacher, the selection and the classifier of fidelity see training rows only. Before training a "
        "classifier, content hashes are compared: no validation or test row is among its training rows.",
        "Reference: the best arm without synthetic rows. Candidate: the best arm that adds synthetic rows to the real "
        "ones. Validation rows pick both; test rows pick nothing.",
        f"{WORDS[summary['design']]} Student's t gives a margin for each source; their squares add up (Howe, 1974). "
        "Nothing is concluded where nothing varied.",
        f"This was {looks_text(summary['repeats'])}. The interval of the difference that decides covers "
        f"{100 * summary['look']['coverage']:.4g} %, so that those of all looks together, planned or not, cover 95 %: "
        "add repeats after a look as you like. All other intervals decide nothing, and cover 95 % at this look alone.",
        f"A gain below {least} of {summary['metric'].replace('_', ' ')} does not matter. HELPS: the interval of the "
        f"difference lies above {least}. NO BENEFIT: below it, also in the repeats alone that used synthetic rows. "
        f"HARMS: below -{least}. INCONCLUSIVE: none of these. NO SENSITIVITY: no gain was found, but by the same rule "
        "the most real rows that were tried brought none either. INVALID: a leak, or synthetic rows with shuffled "
        "labels won by the same rule.",
        "What would settle it: at 80 % power, if the true difference and spreads are those observed.",
    ]


def _arms(results: Results) -> Html:
    rows = []
    for name, found in results.items():
        real, synthetic = (
            f"{np.mean([result['n_train'][kind] for result in found]):,.0f}" for kind in ("real", "synthetic")
        )
        rows.append([element("code", name), ARMS[name].title, real, synthetic])
    head = ["arm", "trains on", "real rows", "synthetic rows"]
    return element("div", table(head, rows, "Arms, with their mean training rows"), class_="text")


def _fingerprints(run: Run, results: Results) -> Html:
    first = next(iter(results.values()))
    rows = [
        [
            f"Repeat {repeat.number}",
            *(element("code", mark) for mark in (result["test_ids"], repeat.generated["model"])),
        ]
        for repeat, result in zip(run.repeats, first, strict=True)
    ]
    return element("div", table(["", "test rows", "model"], rows, "Content hashes of each repeat"), class_="text")


def _parameters(section: Section, prefix: str = "") -> Iterator[tuple[str, str, str]]:
    for name, field in type(section).model_fields.items():
        value = getattr(section, name)
        if isinstance(value, Section):
            yield from _parameters(value, f"{name}.")
        else:
            yield prefix + name, _written(value), str(field.description)


def _written(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, (tuple, list)):
        return "[" + ", ".join(map(str, value)) + "]"
    if isinstance(value, dict):
        return ", ".join(f"{name}: {word}" for name, word in value.items())
    return str(value).lower() if isinstance(value, bool) else str(value)
