"""Every code block in README and docs runs, and what the pages point at is there.

Shell commands of the README are those of CI (test_readme.py), those of docs/pipeline.md are in test_pipeline.py.
"""

from __future__ import annotations

import os
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from ganaug.config import Params, load_params

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


def blocks(page: Path) -> list[tuple[str, str]]:
    """Language and text of a page's code blocks."""
    return re.findall(r"^```(\w*)\n(.*?)^```$", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


PYTHON = [
    pytest.param(code, f"{page.stem}-{at}", id=f"{page.stem}-{at}")
    for page in PAGES
    for at, code in enumerate(text for language, text in blocks(page) if language == "python")
]


@pytest.mark.slow
@pytest.mark.parametrize(("code", "name"), PYTHON)
def test_python_blocks_run(code: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In this process, since loading PyTorch takes longer than most of them; with small networks."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("ganaug.modalities.image.setup.auto_width", lambda device: 8)
    monkeypatch.setattr("ganaug.augmenter.TEACHER_STEPS", 20)
    exec(compile(code, name, "exec"), {"__name__": "__main__"})


@pytest.mark.slow
def test_the_page_on_your_own_data_runs_from_top_to_bottom(tmp_path: Path) -> None:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    fewer = "sed -i '/^- [12]$/d' params.yaml"  # one repeat of the three: each stage is a process
    for language, text in blocks(ROOT / "docs" / "your-own-data.md"):
        code = text.replace("\ndvc repro\n", f"\n{fewer}\ndvc repro\n")
        command = [sys.executable, "-c", code] if language == "python" else ["bash", "-euc", code]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
    for made in ("reports/report.html", "augmented.parquet", "augmented", "samples.png", "more.parquet", "photos.png"):
        assert (tmp_path / made).exists()


def test_yaml_blocks_are_parameters(tmp_path: Path) -> None:
    found = [text for page in PAGES for language, text in blocks(page) if language == "yaml"]
    for text in found:
        (tmp_path / "params.yaml").write_text(text, encoding="utf-8")
        assert load_params(tmp_path / "params.yaml") != Params()
    assert found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_what_a_page_points_at_is_there(page: Path) -> None:
    for target in re.findall(r'\]\(([^)#:]+)\)|src="([^":]+)"', page.read_text(encoding="utf-8")):
        assert (page.parent / "".join(target)).exists(), "".join(target)


def test_blocks_are_of_a_language_that_is_tested() -> None:
    assert {language for page in PAGES for language, _ in blocks(page)} <= {"python", "sh", "text", "yaml"}


def test_the_reference_of_parameters_and_params_yaml_are_what_the_schema_says() -> None:
    made = runpy.run_path(str(ROOT / "docs" / "make_parameters.py"))
    for path, write in ((ROOT / "docs" / "parameters.md", "page"), (ROOT / "params.yaml", "yaml")):
        assert path.read_text(encoding="utf-8") == made[write](), "run python docs/make_parameters.py"
