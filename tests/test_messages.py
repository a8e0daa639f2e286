"""Messages name parameters by `option`, so that everyone reads what he would write."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import ganaug
from ganaug.config import Params, Section
from ganaug.errors import guard, in_params_yaml, in_python, on_command_line, option

ROOT = Path(ganaug.__file__).parent
SECTIONS = {name: type(value) for name, value in Params() if isinstance(value, Section)}
PLACES = {f"{name}.{key}" for name, section in SECTIONS.items() for key in section.model_fields}
KEY = re.compile("|".join(sorted(map(re.escape, PLACES), key=len, reverse=True)))
# Who has params.yaml alone reads these: what only the pipeline runs, and what writes that file.
OF_THE_PIPELINE = ("evaluation/", "report/", "config/", "cli/suggest.py", "cli/preset.py", "cli/scaffold.py")
IN_REPORTS = {("modalities/image/load.py", "prepare.size")}
OF_STAGES = {  # what of a modality only the stages after prepare call, and what writes params.yaml
    ("modalities/parts.py", "fidelity.extractor"),
    ("modalities/estimators.py", "evaluate.trials"),
    ("modalities/image/classical.py", "evaluate.arms"),
    ("modalities/image/classifiers.py", "evaluate.classifiers"),
    ("modalities/image/extractors.py", "fidelity.extractor"),
    ("modalities/image/suggest.py", "prepare.channels"),
    ("modalities/image/suggest.py", "prepare.size"),
    ("modalities/image/suggest.py", "train_gan.steps"),
    ("modalities/image/suggest.py", "train_gan.width"),
    ("modalities/text/embeddings.py", "evaluate.classifiers"),
}


def modules() -> list[str]:
    found = [path.relative_to(ROOT).as_posix() for path in sorted(ROOT.rglob("*.py"))]
    return [name for name in found if not name.startswith(OF_THE_PIPELINE) and "scaffold/" not in name]


def texts(node: ast.AST, within_option: bool = False) -> Iterator[tuple[str, bool]]:
    """Yield all text but docstrings, and whether `option` gets it."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value, within_option
    is_option = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "option"
    for child in ast.iter_child_nodes(node):
        yield from texts(child, within_option or is_option)


@pytest.mark.parametrize("module", modules())
def test_no_text_names_a_key_of_params_yaml_outright(module: str) -> None:
    for text, named in texts(ast.parse((ROOT / module).read_text(encoding="utf-8"))):
        if named:
            assert text in PLACES | {"device", "prepare."}, f"{text} is no parameter"
        else:
            assert {(module, key) for key in KEY.findall(text)} <= IN_REPORTS | OF_STAGES, text


@pytest.mark.parametrize(
    ("naming", "names"),
    [
        (in_python, ("max_unreadable", "device")),
        (in_params_yaml, ("prepare.max_unreadable", "device")),
        (on_command_line, ("--max-unreadable", "--device")),
    ],
)
def test_each_door_has_its_names(naming: object, names: tuple[str, str]) -> None:
    found: list[str] = []
    guard(lambda: found.extend(map(option, ("prepare.max_unreadable", "device"))), naming)  # type: ignore[arg-type]
    assert tuple(found) == names
    assert option("prepare.max_unreadable") == "max_unreadable"  # outside of a guard: Python


def test_a_door_is_closed_whatever_happens() -> None:
    with pytest.raises(ZeroDivisionError):
        guard(lambda: print(1 // 0), on_command_line)
    assert option("train_gan.width") == "width"
