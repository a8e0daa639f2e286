"""dvc.yaml: a stage runs again if, and only if, a change touches what it uses."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[1]
STAGES = YAML(typ="safe", pure=True).load(ROOT / "dvc.yaml")["stages"]
OURS = {name: [dep for dep in stage["deps"] if dep.startswith("ganaug/")] for name, stage in STAGES.items()}
# These load more to check values of parameters, which changes no out.
REPEATS = "ganaug/repeats/"  # a module a stage
CHECKS = ("ganaug/config/sections.py", "ganaug/config/together.py")
# Methods of a modality that only a GAN calls, by which some modules of networks are loaded.
NETWORKS = (
    "codec",
    "codec_of",
    "architecture",
    "architecture_of",
    "augment",
    "distance",
    "auto_steps",
    "auto_width",
    "suggest",
)
WITH_NETWORKS = ("train_gan", "generate")


def script(stage: str) -> str:
    return STAGES[stage]["cmd"].split()[1]


def imported(path: Path, networks: bool) -> Iterator[tuple[str, str]]:
    """The modules that a file imports, at any depth of it, each with a name that it takes from there."""
    todo: list[ast.AST] = [ast.parse(path.read_text(encoding="utf-8"))]
    while todo:
        match todo.pop():
            case ast.If(test=ast.Name(id="TYPE_CHECKING")) | ast.FunctionDef(name="__getattr__"):
                pass
            case ast.FunctionDef() if path.relative_to(ROOT).as_posix() in CHECKS:
                pass
            case ast.FunctionDef(name=name) if not networks and path.name == "modality.py" and name in NETWORKS:
                pass
            case ast.Import(names=names):
                yield from ((alias.name, "") for alias in names)
            case ast.ImportFrom(module=str(module), names=names, level=0):
                yield from ((module, alias.name) for alias in names)
            case ast.ImportFrom():
                pytest.fail(f"{path} has a relative import, which this test does not follow")
            case node:
                todo += ast.iter_child_nodes(node)


def files(module: str, name: str) -> Iterator[Path]:
    """The files of this repository that importing a name from a module loads: packages, the module, a submodule."""
    parts = module.split(".")
    if parts[0] == "ganaug":
        lazy = ["ganaug.augmenter"] if (module, name) in LAZY else []
        for each in (*(".".join(parts[: i + 1]) for i in range(len(parts))), f"{module}.{name}", *lazy):
            path = ROOT.joinpath(*each.split("."))
            yield from (p for p in (path.with_suffix(".py"), path / "__init__.py") if p.is_file())


LAZY = {("ganaug", "GANAugmenter"), ("ganaug", "load_augmenter")}  # see ganaug/__init__.py


def used(stage: str) -> set[str]:
    """What of ganaug a stage's script imports, and what that imports; packages that hold nothing but words left out."""
    found, todo = set[Path](), [ROOT / script(stage)]
    while todo:
        names = imported(todo.pop(), stage in WITH_NETWORKS)
        new = {file for module, name in names for file in files(module, name)} - found
        found |= new
        todo += new
    return {path.relative_to(ROOT).as_posix() for path in found if path.name != "__init__.py" or has_code(path)}


def has_code(path: Path) -> bool:
    kinds = {type(node) for node in ast.parse(path.read_text(encoding="utf-8")).body}
    return bool(kinds - {ast.Expr, ast.ImportFrom})


def covers(dep: str, file: str) -> bool:
    return file == dep or file.startswith(f"{dep}/")


@pytest.mark.slow
@pytest.mark.parametrize("stage", STAGES)
def test_deps_are_what_the_script_imports(stage: str) -> None:
    needed = used(stage)
    assert sorted(file for file in needed if not any(covers(dep, file) for dep in OURS[stage])) == []
    assert sorted(dep for dep in OURS[stage] if not any(covers(dep, file) for file in needed)) == []
    assert script(stage) in STAGES[stage]["deps"]
    assert all((ROOT / dep).exists() for dep in OURS[stage])


@pytest.mark.slow
def test_what_is_followed_is_what_python_loads() -> None:
    """Also where a package loads a module at the first use of a name."""
    code = (
        "import runpy, sys; runpy.run_path('pipelines/generate.py');"
        "from ganaug import load_augmenter; from ganaug.synthesis.generate import write_candidates;"  # when it works
        "print(*(m.__file__ for n, m in sys.modules.items() if n.split('.')[0] == 'ganaug'))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = {Path(file) for file in done.stdout.split()}
    assert len(loaded) > 40
    plain = {path.relative_to(ROOT).as_posix() for path in loaded if path.name != "__init__.py" or has_code(path)}
    assert plain <= used("generate")


def test_deps_are_packages_and_few_files() -> None:
    """Of a package the whole, so that moving code about in it takes no change here."""
    for deps in OURS.values():
        assert len(deps) < 15
        assert all(
            (ROOT / dep).is_dir() or dep.count("/") == 1 or dep == "ganaug/evaluation/__init__.py" or REPEATS in dep
            for dep in deps
        )


def test_a_change_to_the_evaluation_trains_no_gan() -> None:
    for stage in ("prepare", "train_gan", "generate", "merge"):
        late = ("ganaug/evaluation", "ganaug/report")
        assert not [dep for dep in OURS[stage] if any(covers(room, dep) for room in late)]
        assert "ganaug" not in OURS[stage]
    assert not [dep for dep in OURS["baselines"] if covers("ganaug/gan", dep) or covers("ganaug/synthesis", dep)]


def test_new_words_of_the_verdict_train_no_classifier() -> None:
    words = ["advice", "equivalence", "results", "statement", "summary", "verdict", "stats/estimate", "stats/looks"]
    for stage in ("baselines", "evaluate"):
        for word in words:
            file = f"ganaug/evaluation/{word}.py"
            assert (ROOT / file).is_file()
            assert not any(covers(dep, file) for dep in OURS[stage])


def test_files_that_are_no_code_belong_to_a_stage() -> None:
    others = [p for p in (ROOT / "ganaug").rglob("*") if p.is_file() and p.suffix not in {".py", ".pyc", ".typed"}]
    names = [path.relative_to(ROOT).as_posix() for path in others]
    assert [name for name in names if not any(covers(dep, name) for deps in OURS.values() for dep in deps)] == []


def test_stages_depend_on_the_parameters_that_they_read() -> None:
    """Each on its own section, and where it reads others, on these."""
    for stage, about in STAGES.items():
        works = [dep for dep in OURS.get(stage, ()) if REPEATS in dep]
        text = "".join((ROOT / file).read_text(encoding="utf-8") for file in (script(stage), *works))
        params = about["params"]
        own = {"baselines": "evaluate"}.get(stage, stage)
        assert own in params
        others = set(STAGES) - {"baselines", own} if stage != "report" else set()
        read = {name for name in others if f"load_params().{name}" in text or f"params.{name}" in text}
        assert read == {name.split(".")[0] for name in params} & others
