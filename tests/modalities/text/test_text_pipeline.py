"""Texts through every stage, from a file to the report."""

from __future__ import annotations

import csv
import json
import re
import runpy
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from ruamel.yaml import YAML

from ganaug.modalities.text.builtin import shop_messages

ROOT = Path(__file__).parents[3]


@pytest.fixture
def stage(tmp_path, monkeypatch):
    """Run a stage's script as DVC would, on quick settings."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("ganaug.augmenter.TEACHER_STEPS", 1)
    texts, labels = shop_messages(40)
    with Path("data.tsv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter="\t").writerows([("text", "label"), *zip(texts, labels, strict=True)])
    params = YAML(typ="safe", pure=True).load(ROOT / "pipelines/smoke_text.yaml")
    params["prepare"] |= {"source": "data.tsv", "per_class": 8}
    params["train_gan"] |= {"steps": 12, "width": 16}
    params["merge"] |= {"amount": 0.5, "exports": ["text_folder"]}
    params["evaluate"] |= {"arms": ["real", "classical", "ngram", "gan", "classical_gan", "synthetic"], "jobs": 1}
    YAML(typ="safe", pure=True).dump(params, Path("params.yaml"))

    def run(name: str, *words: str) -> None:
        monkeypatch.setattr(sys, "argv", [f"{name}.py", *words])
        runpy.run_path(str(ROOT / f"pipelines/{name}.py"), run_name="__main__")

    return run


@pytest.mark.slow
def test_texts_go_through_every_stage(stage, capsys):
    stage("prepare")
    assert "Modality text: a column 'text', and none beside it but labels" in capsys.readouterr().out
    for name in ("train_gan", "generate", "merge"):
        stage(name, "--repeat", "0")
    stage("evaluate", "--repeat", "0", "--baselines")
    stage("evaluate", "--repeat", "0")
    stage("fidelity", "--repeat", "0")
    stage("report")
    merged = pq.read_table("data/augmented/0/train.parquet")
    assert merged.column_names[:5] == ["text", "label", "synthetic", "id", "group"]
    assert 0 < sum(merged["synthetic"].to_pylist()) < len(merged)
    assert len(list(Path("exports/0").rglob("train/*/*.txt"))) == len(merged)
    metrics = json.loads(Path("reports/metrics.json").read_text())
    assert metrics["classifier"] == "tfidf_logistic_regression"
    assert metrics["per_arm"]["real"]["balanced_accuracy"] > 0.4
    page = Path("reports/report.html").read_text(encoding="utf-8")
    for told in ("texts of up to", "Words, variety and what was changed", "self-BLEU", "<ins>", 'class="texts"'):
        assert told in page
    body = re.sub(r"(?s)<(style|script).*?</\1>", "", page)
    words = re.sub(r"(?s)<[^>]*>", "|", body[: body.index('id="methods"')])
    assert re.findall(r"(?i)[\w -]*(?:pixel|image)[\w -]*", words) == []
