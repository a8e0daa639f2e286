"""Stages run in this process, in an empty project or a finished one, and what they say when the input is bad."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from stages import PARAMS, Outcome, contents, run

Stage = Callable[..., Outcome]


@pytest.fixture(scope="session")
def finished(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project in which every stage has run on digits, on a very small scale. To be copied, not changed."""
    folder = tmp_path_factory.mktemp("finished")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        Path("params.yaml").write_text(json.dumps(PARAMS), encoding="utf-8")  # JSON is YAML
        for stage in ("prepare", "train_gan", "generate", "merge", "evaluate", "fidelity", "report"):
            repeat = "" if stage in {"prepare", "report"} else " --repeat 0"
            assert run(stage + repeat, repository / "pipelines") == 0
            if stage == "evaluate":
                assert run("evaluate --repeat 0 --baselines", repository / "pipelines") == 0
    return folder


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to run stages in."""
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def copy(project: Path, finished: Path) -> Path:
    """A copy of the finished project, to run stages in."""
    shutil.copytree(finished, project, dirs_exist_ok=True)
    return project


@pytest.fixture
def stage(project: Path, repository: Path, capsys: pytest.CaptureFixture[str]) -> Stage:
    """Run a stage in the project, with these parameters if any."""

    def staged(command: str, params: dict[str, Any] | None = None) -> Outcome:
        if params is not None:
            Path("params.yaml").write_text(json.dumps(params), encoding="utf-8")
        capsys.readouterr()
        code = run(command, repository / "pipelines")
        return Outcome(code, capsys.readouterr().err)

    return staged


@pytest.fixture
def refused(project: Path, stage: Stage) -> Callable[..., None]:
    """Assert that a stage ends with exit code 2, one message with all these words, and no file changed or added."""

    def check(command: str, words: tuple[str, ...], params: dict[str, Any] | None = None) -> None:
        if params is not None:
            (project / "params.yaml").write_text(json.dumps(params), encoding="utf-8")
        before = contents(project)
        found = stage(command)
        assert found.code == 2, found
        for word in words:
            assert word in found.message
        assert contents(project) == before

    return check
