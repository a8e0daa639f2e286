"""The methods sheet: what was run, with which parameters, seeds and versions."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from dataclasses import fields
from importlib import metadata

from ganaug.config import Params, Section
from ganaug.report.markup import Html, element, table

PACKAGES = ("ganaug", "torch", "numpy", "scikit-learn", "pandas", "pyarrow", "pillow")


def methods_section(params: Params, statements: list[str]) -> Html:
    """Parameters with what each one does, versions, and how the numbers were made.

    Parameters
    ----------
    params : Params
        All parameters of the run.
    statements : list of str
        How the numbers of this run were made, one sentence or a few for each item.
    """
    rows = [[element("code", name), element("code", value), doc] for name, value, doc in _parameters(params)]
    versions = [["Python", platform.python_version()], *([name, metadata.version(name)] for name in PACKAGES)]
    return element(
        "section",
        element("h2", "Methods"),
        element("ul", *(element("li", statement) for statement in statements)),
        element("div", table(["parameter", "value", "what it does"], rows, "Parameters of this run"), class_="text"),
        element("div", table(["package", "version"], versions, "Versions"), class_="text"),
        id="methods",
    )


def _parameters(section: Section, prefix: str = "") -> Iterator[tuple[str, str, str]]:
    for field in fields(section):
        value = getattr(section, field.name)
        if isinstance(value, Section):
            yield from _parameters(value, f"{field.name}.")
        else:
            yield prefix + field.name, _written(value), field.metadata["doc"]


def _written(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, (tuple, list)):
        return "[" + ", ".join(map(str, value)) + "]"
    if isinstance(value, dict):
        return ", ".join(f"{name}: {word}" for name, word in value.items())
    return str(value).lower() if isinstance(value, bool) else str(value)
