"""YAML files changed in place: comments, order and everything else stay as they are."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import YAMLError
from ruamel.yaml.representer import RoundTripRepresenter

from ganaug.errors import ConfigError


class _Representer(RoundTripRepresenter):
    """Writes null as ``null``, not as nothing."""


_Representer.add_representer(
    type(None), lambda representer, _: representer.represent_scalar("tag:yaml.org,2002:null", "null")
)


def read_yaml(text: str, name: str = "the file") -> CommentedMap:
    """Parse a mapping for `write_yaml`; `ConfigError` if the text is none. ``name`` names it in the message."""
    try:
        document = YAML().load(text)
    except YAMLError as error:
        raise ConfigError(f"{name} is not YAML: {' '.join(str(error).split())}") from error
    if not isinstance(document, CommentedMap):
        raise ConfigError(f"{name} must be a mapping of parameters")
    return document


def write_yaml(document: CommentedMap, *, indented_lists: bool) -> str:
    """Return the text of a document; ``indented_lists`` sets lists off from the key above, as in dvc.yaml."""
    yaml = YAML()
    yaml.Representer = _Representer
    yaml.width = 4096
    if indented_lists:
        yaml.indent(mapping=2, sequence=4, offset=2)
    text = io.StringIO()
    yaml.dump(document, text)
    return text.getvalue()


def set_parameters(text: str, changes: Mapping[str, Any], name: str = "params.yaml") -> str:
    """Set parameters, as ``{"prepare.source": "photos"}``, in the text of a parameter file.

    Raises
    ------
    ConfigError
        The text is no YAML mapping, or its section is none.

    Examples
    --------
    >>> print(set_parameters("merge:\\n  amount: 10.0 # of what the policy asks for\\n", {"merge.amount": 2.0}), end="")
    merge:
      amount: 2.0 # of what the policy asks for
    """
    document = read_yaml(text, name)
    for place, value in changes.items():
        *sections, key = place.split(".")
        holder = document
        for section in sections:
            holder = holder.setdefault(section, CommentedMap())
            if not isinstance(holder, CommentedMap):
                raise ConfigError(f"{name}: {section} must be a mapping of parameters")
        _set(holder, key, value)
    return write_yaml(document, indented_lists=False)


def _set(holder: CommentedMap, key: str, value: Any) -> None:
    """Set one value; the comment behind it stays, one space away."""
    old = holder.get(key)
    if isinstance(old, CommentedSeq) and old and isinstance(value, list):
        end = old.ca.items.pop(len(old) - 1, None)  # what follows the last item: blank lines, the next comment
        old[:] = value
        if end is not None:
            old.ca.items[len(value) - 1] = end
        return
    if isinstance(value, list):
        value = CommentedSeq(value)
        value.fa.set_flow_style()
    if key not in holder:
        holder.insert(0, key, value)  # what follows the last one belongs to the next section
    holder[key] = value
    if comment := holder.ca.items.get(key, [None] * 3)[2]:
        comment.column = 0
