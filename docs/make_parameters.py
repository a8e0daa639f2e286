"""Write params.yaml, with its comments, and docs/parameters.md from the schema: `python docs/make_parameters.py`."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from ruamel.yaml.comments import CommentedMap

from ganaug.cli.edit import write_yaml
from ganaug.config import Mixing, Params, Section, takes
from ganaug.synthesis.filters import FILTERS

HEAD = """# Parameters

What [`params.yaml`](../params.yaml) may say, made from the schema in `ganaug/config` by `docs/make_parameters.py`.
A key left out takes its default; a misspelt or impossible one stops the stage with a sentence that names it, and exit
code 2.
"""
YAML_HEAD = """# What the pipeline does. A key left out takes its default; a wrong one is refused in one sentence.

"""
COLUMNS = "| parameter | default | takes | what it does |\n|---|---|---|---|"


def page() -> str:
    """Return the page."""
    values = dict(Params())
    about = {name: str(field.description) for name, field in Params.model_fields.items()}
    sections = {name: (about[name], value) for name, value in values.items() if isinstance(value, Section)}
    sections["evaluate.mixing[]"] = ("A way for synthetic rows to enter.", Mixing())
    for name in ("confidence", "realism", "density", "diversity", "quota"):
        made = FILTERS[name]()
        assert isinstance(made, Section)
        sections[f"generate.filters[].{name}"] = (str(type(made).__doc__).split("\n\n")[0], made)
    parts = [HEAD, _table(Params(), (name for name in values if name not in sections))]
    for name, (doc, section) in sections.items():
        parts += [f"## {name}\n\n{doc}\n", _table(section, type(section).model_fields)]
    return "\n".join(parts)


def _table(section: Section, names: Iterable[str]) -> str:
    rows = []
    for name in names:
        field, default = type(section).model_fields[name], _written(getattr(section, name))
        rows.append(f"| `{name}` | `{default}` | {takes(field.rebuild_annotation())} | {field.description} |")
    return "\n".join([COLUMNS, *rows, ""])


def _written(value: Any) -> str:
    """Write a default as YAML does; of a mixing, what differs from the least one."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, Section):
        value = value.model_dump(exclude_defaults=True)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_written(item)}" for key, item in value.items()) + "}"
    if isinstance(value, (tuple, list)):
        return "[" + ", ".join(map(_written, value)) + "]"
    return str(value)


def yaml() -> str:
    """Return params.yaml: every parameter, its default, and above it what it does and may be."""
    return YAML_HEAD + "\n".join([*_yaml(Params()), ""])


def _yaml(section: Section) -> Iterator[str]:
    for name, field in type(section).model_fields.items():
        value, words = getattr(section, name), takes(field.rebuild_annotation())
        if isinstance(value, Section):
            yield from ("", f"# {field.description}", f"{name}:", *(f"  {line}" for line in _yaml(value)))
            continue
        choices = f" {words[0].upper()}{words[1:]}.".replace("'", "") if "one of" in words else ""
        yield from textwrap.wrap(f"{field.description}{choices}", 110, initial_indent="# ", subsequent_indent="# ")
        yield from write_yaml(CommentedMap({name: _plain(value)}), indented_lists=False).splitlines()


def _plain(value: Any) -> Any:
    """Return a default as YAML has it; of a mixing, what differs from the least one."""
    if isinstance(value, Section):
        return value.model_dump(exclude_defaults=True) or {"share": 0.0}
    return [_plain(item) for item in value] if isinstance(value, tuple) else value


if __name__ == "__main__":
    docs = Path(__file__).parent
    (docs / "parameters.md").write_text(page(), encoding="utf-8")
    (docs.parent / "params.yaml").write_text(yaml(), encoding="utf-8")
