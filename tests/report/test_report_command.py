"""``ganaug report`` on a finished run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fabricated import REPEATS, SKILL, finish_run
from ruamel.yaml import YAML

from ganaug.cli import main

FILES = ("report.html", "metrics.json", "plots/arms.csv", "plots/training.csv")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    finish_run(folder)
    params = {"repeats": list(REPEATS), "evaluate": {"arms": list(SKILL)}, "prepare": {"source": "digits.npz"}}
    YAML().dump({"ganaug_version": "0.0.1", **params}, folder / "params.yaml")  # an older release made the run
    return folder


def test_the_report_is_written_and_the_verdict_printed(finished: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["report", str(finished)])
    captured = capsys.readouterr()
    assert captured.err == ""
    assert all((finished / "reports" / name).is_file() for name in FILES)
    metrics = json.loads((finished / "reports/metrics.json").read_text())
    assert metrics["statement"]
    assert all(sentence in captured.out for sentence in metrics["statement"])
    main(["report", str(finished), "--json"])
    assert json.loads(capsys.readouterr().out) == metrics


def test_without_a_run_it_names_what_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for content, message in (
        ("", "params.yaml is missing"),
        ("repeats: [0]", "data/splits/0/train.parquet is missing"),
    ):
        if content:
            (tmp_path / "params.yaml").write_text(content)
        with pytest.raises(SystemExit) as stop:
            main(["report", str(tmp_path)])
        captured = capsys.readouterr()
        assert (stop.value.code, captured.out, captured.err.count("\n")) == (2, "", 1)
        assert message in captured.err
    assert not (tmp_path / "reports").exists()
