"""Write docs/parameters.md from the schema of params.yaml: `python docs/make_parameters.py`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ganaug.config import Entry, Params, Section, takes
from ganaug.synthesis.filters import FILTERS

HEAD = """# Parameters

What [`params.yaml`](../params.yaml) may say, made from the schema in `ganaug/config` by `docs/make_parameters.py`.
A key left out takes its default; a misspelt or impossible one stops the stage with a sentence that names it, and exit
code 2.
"""
COLUMNS = "| parameter | default | takes | what it does |\n|---|---|---|---|"


def page() -> str:
    """Return the page."""
    values = dict(Params())
    about = {name: str(field.description) for name, field in Params.model_fields.items()}
    sections = {name: (about[name], value) for name, value in values.items() if isinstance(value, Section)}
    sections["evaluate.entries[]"] = ("A way for synthetic rows to enter.", Entry())
    for name in ("confidence", "realism", "density", "diversity", "quota"):
        made = FILTERS[name]()
        assert isinstance(made, Section)
        sections[f"generate.filters[].{name}"] = (str(type(made).__doc__).split("\n\n")[0], made)
    parts = [HEAD, _table(Params(), (name for name in values if name not in sections))]
    for name, (doc, section) in sections.items():
        parts += [f"## {name}\n\n{doc}\n", _table(section, type(section).model_fields)]
    return "\n".join(parts)


def _table(section: Section, names: Iterable[str]) -> str:
    fields = {name: type(section).model_fields[name] for name in names}
    rows = [
        f"| `{name}` | `{_written(getattr(section, name))}` | {takes(field.rebuild_annotation())} | {field.description} |"
        for name, field in fields.items()
    ]
    return "\n".join([COLUMNS, *rows, ""])


def _written(value: Any) -> str:
    """Write a default as YAML does; of an entry, what differs from the least one."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, Section):
        value = value.model_dump(exclude_defaults=True)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_written(item)}" for key, item in value.items()) + "}"
    if isinstance(value, (tuple, list)):
        return "[" + ", ".join(map(_written, value)) + "]"
    return str(value)


if __name__ == "__main__":
    Path(__file__).with_name("parameters.md").write_text(page(), encoding="utf-8")
