"""Signals of several lengths and channels through every stage, from a file to the report."""

from __future__ import annotations

import json
import re
import runpy
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from ruamel.yaml import YAML
from waves import cut, waves

ROOT = Path(__file__).parents[3]


@pytest.fixture
def stage(tmp_path, monkeypatch):
    """Run a stage's script as DVC would, on quick settings."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("ganaug.augmenter.TEACHER_STEPS", 1)
    monkeypatch.setattr("ganaug.modalities.signal.classifiers.FEATURES", 336)
    signals, labels = waves(60, 2)
    rows = [
        ":".join([*(",".join(map(str, channel)) for channel in signal.tolist()), label])
        for signal, label in zip(cut(signals), labels, strict=True)
    ]
    head = ["@timestamps false", "@equalLength false", "@classLabel true slow quick", "@data"]
    Path("data.ts").write_text("\n".join([*head, *rows]))
    params = YAML(typ="safe", pure=True).load(ROOT / "pipelines/smoke_signal.yaml")
    params["prepare"] |= {"source": "data.ts", "per_class": None}
    params["train_gan"] |= {"steps": 25, "width": 16}
    params["merge"] |= {"amount": 0.5, "exports": ["npz", "ts"]}
    params["evaluate"] |= {"arms": ["real", "classical", "dtw_smote", "gan", "classical_gan", "synthetic"], "jobs": 1}
    YAML(typ="safe", pure=True).dump(params, Path("params.yaml"))

    def run(name: str, *words: str) -> None:
        monkeypatch.setattr(sys, "argv", [f"{name}.py", *words])
        runpy.run_path(str(ROOT / f"pipelines/{name}.py"), run_name="__main__")

    return run


@pytest.mark.slow
def test_signals_go_through_every_stage(stage, capsys):
    stage("prepare")
    assert "Modality signal: it ends in .ts" in capsys.readouterr().out
    for name in ("train_gan", "generate", "merge"):
        stage(name, "--repeat", "0")
    stage("evaluate", "--repeat", "0", "--baselines")
    stage("evaluate", "--repeat", "0")
    stage("fidelity", "--repeat", "0")
    stage("report")
    merged = pq.read_table("data/augmented/0/train.parquet")
    assert merged.column_names[:5] == ["signal", "label", "synthetic", "id", "group"]
    assert 0 < sum(merged["synthetic"].to_pylist()) < len(merged)
    lengths = {len(channels[0]) for channels in merged["signal"].to_pylist()}
    assert len(lengths) > 5
    assert {path.name for path in Path("exports/0").rglob("train.*")} == {"train.npz", "train.ts"}
    metrics = json.loads(Path("reports/metrics.json").read_text())
    assert metrics["classifier"] == "minirocket"
    assert metrics["per_arm"]["real"]["balanced_accuracy"] > 0.8
    page = Path("reports/report.html").read_text(encoding="utf-8")
    assert "signals of 20 to 40 values, 2 channels" in page
    assert "Curves, spectra and autocorrelation" in page
    assert page.count('class="lines"') > 4
    assert "quick, channel 1" in page
    body = re.sub(r"(?s)<(style|script).*?</\1>", "", page)
    words = re.sub(r"(?s)<[^>]*>", "|", body[: body.index('id="methods"')])
    assert re.findall(r"(?i)[\w -]*(?:pixel|image)[\w -]*", words) == []
