"""What is built, and that it runs without the checkout."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest

LAZY = {"torch", "lightning_fabric", "sklearn", "albumentations", "ruamel.yaml", "dvc"}


@pytest.fixture(scope="module")
def built(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the sdist."""
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-d", folder], cwd=repository, check=True)
    return folder


@pytest.fixture(scope="module")
def installed(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds the wheel's content and nothing else."""
    folder = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(next(built.glob("*.whl"))) as wheel:
        wheel.extractall(folder)
    return folder


def run_outside(folder: Path, code: str, *paths: Path) -> str:
    """Run Python code with only ``paths`` and site-packages to import from; return what it printed."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    environment["PYTHONPATH"] = os.pathsep.join(map(str, paths))
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], cwd=folder, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.slow
def test_the_wheel_holds_the_package_its_data_and_the_pipeline(built: Path, repository: Path) -> None:
    with zipfile.ZipFile(next(built.glob("*.whl"))) as wheel:
        names = set(wheel.namelist())
    sources = {p for p in (repository / "ganaug").rglob("*") if p.is_file() and "__pycache__" not in p.parts}
    assert {p.relative_to(repository).as_posix() for p in sources} <= names
    stages = {f"ganaug/scaffold/pipelines/{p.name}" for p in (repository / "pipelines").glob("*.py")}
    assert stages | {f"ganaug/scaffold/{n}" for n in ("dvc.yaml", "params.yaml", ".dvcignore", ".dvc/config")} <= names
    assert any(n.endswith("licenses/LICENSE") for n in names)
    assert not {n for n in names if n.startswith(("tests/", "benchmarks/")) or n.endswith(".pyc")}


@pytest.mark.slow
def test_the_sdist_builds_the_same_wheel(built: Path, tmp_path: Path) -> None:
    with tarfile.open(next(built.glob("*.tar.gz"))) as sdist:
        names = {n.split("/", 1)[1] for n in sdist.getnames()}
        sdist.extractall(tmp_path, filter="data")
    assert {"pyproject.toml", "README.md", "LICENSE", "dvc.yaml", "tests/conftest.py", ".dvc/config"} <= names
    assert not {n for n in names if n.startswith((".dvc/cache", ".dvc/tmp", "models/", "eval/", ".ganaug/"))}
    source = next(tmp_path.iterdir())
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel"], cwd=source, check=True)
    again, first = next((source / "dist").glob("*.whl")), next(built.glob("*.whl"))
    assert again.read_bytes() == first.read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("params", ["params.yaml", "pipelines/smoke.yaml"])
def test_the_wheel_alone_reads_its_built_in_data(installed: Path, tmp_path: Path, params: str) -> None:
    scaffold = shutil.copytree(installed / "ganaug" / "scaffold", tmp_path / "project")
    (scaffold / "params.yaml").write_bytes((scaffold / params).read_bytes())
    code = "import ganaug, runpy; runpy.run_path('pipelines/prepare.py', run_name='__main__'); print(ganaug.__file__)"
    assert Path(run_outside(scaffold, code, installed).splitlines()[-1]).is_relative_to(installed)
    assert (scaffold / "data" / "splits" / "0" / "train.parquet").stat().st_size > 0


@pytest.mark.slow
def test_the_wheel_alone_writes_a_pipeline_and_starts_it(installed: Path, tmp_path: Path) -> None:
    np.savez(
        tmp_path / "rows.npz", X=np.random.default_rng(0).integers(0, 255, (30, 8, 8), np.uint8), y=np.arange(30) % 3
    )
    commands = next(installed.glob("*.dist-info/entry_points.txt")).read_text(encoding="utf-8")
    assert "ganaug = ganaug.cli:main" in commands
    run_outside(tmp_path, "import ganaug.cli; ganaug.cli.main(['init', '--data', 'rows.npz'])", installed)
    assert (tmp_path / ".dvc" / "plots" / "arms.json").is_file()
    run_outside(tmp_path, "import runpy; runpy.run_path('pipelines/prepare.py', run_name='__main__')", installed)
    assert (tmp_path / "data" / "splits" / "2" / "train.parquet").is_file()


@pytest.mark.slow
def test_the_wheel_alone_writes_a_report(installed: Path, repository: Path, tmp_path: Path) -> None:
    code = (
        "from pathlib import Path; from fabricated import SKILL, finish_run; finish_run(Path());"
        "Path('params.yaml').write_text(f'repeats: [0]\\nevaluate:\\n  arms: {list(SKILL)}');"
        "import ganaug.cli; ganaug.cli.main(['report']); print(ganaug.__file__)"
    )
    tests = repository / "tests"
    found = run_outside(tmp_path, code, installed, tests, tests / "report").splitlines()[-1]
    assert Path(found).is_relative_to(installed)
    assert "</html>" in (tmp_path / "reports" / "report.html").read_text(encoding="utf-8")


@pytest.mark.slow
def test_importing_ganaug_imports_nothing_heavy(installed: Path, tmp_path: Path) -> None:
    code = "import sys, ganaug, ganaug.config, ganaug.errors, ganaug.utils.progress; print(*sys.modules)"
    assert not LAZY & set(run_outside(tmp_path, code, installed).split())


def test_the_version_is_the_packages(built: Path, installed: Path, tmp_path: Path) -> None:
    version = run_outside(tmp_path, "import ganaug; print(ganaug.__version__)", installed)
    assert {p.name for p in built.iterdir()} == {f"ganaug-{version}.tar.gz", f"ganaug-{version}-py3-none-any.whl"}
