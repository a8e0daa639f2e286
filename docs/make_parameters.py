"""Write docs/parameters.md from the schema of params.yaml: `python docs/make_parameters.py`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path
from typing import Any

from ganaug.config import Mixing, Params
from ganaug.section import Section
from ganaug.synthesis.filters import named_filters

HEAD = """# Parameters

What [`params.yaml`](../params.yaml) may say, made from the schema in `ganaug/config.py` by `docs/make_parameters.py`.
A key left out takes its default; a misspelt or impossible one stops the stage with a sentence that names it, and exit
code 2.
"""
COLUMNS = "| parameter | default | takes | what it does |\n|---|---|---|---|"


def page() -> str:
    """Return the page."""
    params = Params()
    of_section = {f.name: (f.metadata["doc"], getattr(params, f.name)) for f in fields(params)}
    sections = {name: found for name, found in of_section.items() if isinstance(found[1], Section)}
    sections["evaluate.mixing[]"] = ("A way for synthetic rows to enter.", Mixing())
    for name, made in named_filters(("confidence", "realism", "density", "diversity", "quota")):
        assert isinstance(made, Section)
        sections[f"generate.filters[].{name}"] = (str(type(made).__doc__).split("\n\n")[0], made)
    parts = [HEAD, _table(params, (name for name in of_section if name not in sections))]
    for name, (doc, section) in sections.items():
        parts += [f"## {name}\n\n{doc}\n", _table(section, (f.name for f in fields(section)))]
    return "\n".join(parts)


def _table(section: Section, names: Iterable[str]) -> str:
    about = {f.name: f.metadata for f in fields(section)}
    rows = [
        f"| `{name}` | `{_written(getattr(section, name))}` | {about[name]['kind'].wants} | {about[name]['doc']} |"
        for name in names
    ]
    return "\n".join([COLUMNS, *rows, ""])


def _written(value: Any) -> str:
    """Write a default as YAML does; of a mixing, what differs from the least one."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, Section):
        value = {f.name: getattr(value, f.name) for f in fields(value) if getattr(value, f.name) != f.default}
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_written(item)}" for key, item in value.items()) + "}"
    if isinstance(value, (tuple, list)):
        return "[" + ", ".join(map(_written, value)) + "]"
    return str(value)


if __name__ == "__main__":
    Path(__file__).with_name("parameters.md").write_text(page(), encoding="utf-8")
