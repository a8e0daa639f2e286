"""Values change in YAML files, and nothing else does."""

from __future__ import annotations

from pathlib import Path

import pytest

from ganaug.cli.edit import read_yaml, set_parameters, write_yaml
from ganaug.config import load_params
from ganaug.errors import ConfigError

TEXT = """\
# head
repeats: # of them
- 0
- 1
- 2

prepare:
  source: a very long name # where from
  size: null # of images
  seed: 0

# tail
report:
  title: null # of it
"""


@pytest.mark.parametrize(("name", "indented"), [("params.yaml", False), ("dvc.yaml", True)])
def test_the_repositorys_files_survive_reading_and_writing(repository: Path, name: str, indented: bool) -> None:
    text = (repository / name).read_text(encoding="utf-8")
    assert write_yaml(read_yaml(text), indented_lists=indented) == text


def test_values_change_and_comments_stay() -> None:
    changes = {"repeats": [0, 1, 2, 3], "prepare.source": "b", "prepare.size": [8, 9], "report.title": "x: y"}
    expected = TEXT.replace("- 2\n", "- 2\n- 3\n").replace("a very long name", "b")
    expected = expected.replace("size: null", "size: [8, 9]").replace("title: null", "title: 'x: y'")
    assert set_parameters(TEXT, changes) == expected


def test_a_list_can_shrink_and_come_back() -> None:
    shorter = set_parameters(TEXT, {"repeats": [0]})
    assert shorter == TEXT.replace("- 1\n- 2\n", "")
    assert set_parameters(shorter, {"repeats": [0, 1, 2]}) == TEXT


def test_a_parameter_that_is_not_there_is_added_to_its_section() -> None:
    text = set_parameters(TEXT, {"prepare.per_class": None, "merge.amount": 2.0})
    parsed = read_yaml(text)
    assert (parsed["prepare"]["per_class"], parsed["merge"]["amount"]) == (None, 2.0)
    assert [line for line in TEXT.splitlines() if line not in text.splitlines()] == []


@pytest.mark.parametrize("text", ["a: b: c", "- 1", "", "prepare: 3"])
def test_what_is_no_parameter_file_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=r"params\.yaml"):
        set_parameters(text, {"prepare.source": "x"})


def test_the_repositorys_parameters_can_all_be_set_and_read(repository: Path, tmp_path: Path) -> None:
    text = (repository / "params.yaml").read_text(encoding="utf-8")
    path = tmp_path / "params.yaml"
    path.write_text(set_parameters(text, {"repeats": [7], "prepare.size": [8, 9]}), encoding="utf-8")
    params = load_params(path)
    assert (params.repeats, params.prepare.size) == ((7,), (8, 9))
