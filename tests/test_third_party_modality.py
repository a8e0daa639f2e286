"""Another package adds a modality, which goes the whole way without a change in ganaug."""

from __future__ import annotations

import json
import re
import runpy
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from ruamel.yaml import YAML

from ganaug import GANAugmenter, load_augmenter
from ganaug.cli import main
from ganaug.data.names import SPLITS
from ganaug.errors import ConfigError, DataError, ModelError
from ganaug.modalities import modality_named, modality_of
from ganaug.modalities.exports import export, forms
from ganaug.synthesis.select import Selection

ROOT = Path(__file__).parents[1]
PLUGIN = ROOT / "tests/points.py"
LENGTH, CLASSES = 6, ("flat", "steep")
QUICK = {"steps": 40, "batch_size": 16, "width": 16, "device": "cpu", "random_state": 0}

Run = Callable[..., None]


def points(n: int = 24) -> tuple[np.ndarray, np.ndarray]:
    random, labels = np.random.default_rng(0), np.arange(n) % 2
    lines = np.linspace(-1, 1, LENGTH)[None] * (1 + 2 * labels[:, None])
    return (lines + 0.3 * random.standard_normal(lines.shape)).astype(np.float32), labels


@pytest.fixture(autouse=True)
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A package ``shiny_points`` beside the others."""
    about = tmp_path / "site" / "shiny_points-1.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: shiny-points\nVersion: 1\n")
    (about / "entry_points.txt").write_text(
        "[ganaug.modality]\npoints = shiny_points:Points\n"
        "[ganaug.export]\npoints.lines = shiny_points:write_lines\nimage.mean = shiny_points:write_means\n"
    )
    (tmp_path / "site" / "shiny_points.py").write_text(PLUGIN.read_text(encoding="utf-8"))
    monkeypatch.syspath_prepend(tmp_path / "site")
    yield
    modality_named.cache_clear()
    sys.modules.pop("shiny_points", None)


@pytest.mark.slow
def test_it_is_fitted_sampled_saved_loaded_and_augmented(tmp_path: Path) -> None:
    X, y = points()  # noqa: N806
    names = np.array(CLASSES)[y]
    found = GANAugmenter(**QUICK).fit(X, names)
    assert found.modality_.name == "points"
    assert found.spec_.length == LENGTH
    new, labels = found.sample(per_class=3, random_state=1)
    assert (new.shape, new.dtype, labels.tolist()) == ((6, LENGTH), np.float32, ["flat"] * 3 + ["steep"] * 3)
    assert np.isfinite(new).all()
    assert found.score_real(X, names).shape == (len(X),)
    found.save(tmp_path / "model")
    again = load_augmenter(tmp_path / "model", "cpu")
    np.testing.assert_array_equal(again.sample(per_class=3, random_state=1)[0], new)
    both, of_both = again.augment(X, names, ratio=0.5, selection=Selection(filters=["copy"]))
    assert both.shape == (len(of_both), LENGTH)
    assert len(both) > len(X)
    np.testing.assert_array_equal(both[: len(X)], X)
    with pytest.raises(ConfigError, match="no change 'shift'"):
        GANAugmenter(**QUICK, invariances=["shift"]).fit(X, y)


def test_a_model_of_it_needs_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    GANAugmenter(**QUICK | {"steps": 1}).fit(*points()).save(tmp_path / "model")
    modality_named.cache_clear()
    monkeypatch.setattr("sys.path", [place for place in sys.path if place != str(tmp_path / "site")])
    with pytest.raises(ConfigError, match=r"(?s)'points'.*choose one of"):
        modality_named("points")
    with pytest.raises(ModelError, match="modality 'points', which nothing installed here knows: install the package"):
        load_augmenter(tmp_path / "model", "cpu")


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a stage's script as DVC would, on the smoke settings."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("ganaug.augmenter.TEACHER_STEPS", 20)
    values, labels = points(60)
    rows = (",".join([CLASSES[code], *map(str, row)]) for row, code in zip(values.tolist(), labels, strict=True))
    Path("data.points").write_text("\n".join(rows))
    params = YAML(typ="safe", pure=True).load(ROOT / "pipelines/smoke.yaml")
    params["repeats"] = [0]
    params["prepare"] |= {"source": "data.points", "per_class": None}
    params["train_gan"] |= {"invariances": "auto", "steps": 30}
    params["merge"] |= {"amount": 0.5, "exports": ["lines"]}
    params["evaluate"] |= {
        "arms": ["real", "oracle", "gan", "synthetic"],
        "classifiers": ["sklearn.linear_model.LogisticRegression"],
    }
    YAML(typ="safe", pure=True).dump(params, Path("params.yaml"))

    def run(name: str, *words: str) -> None:
        monkeypatch.setattr(sys, "argv", [f"{name}.py", *words])
        runpy.run_path(str(ROOT / f"pipelines/{name}.py"), run_name="__main__")

    return run


Counts = dict[str, Counter[str]]


@pytest.fixture
def counts(monkeypatch: pytest.MonkeyPatch) -> Counts:
    """How often the content of each sample was hashed, and decoded."""
    points, found = type(modality_named("points")), {"hashed": Counter[str](), "decoded": Counter[str]()}
    hashes, decode = points.ids, points.from_arrow

    def hashed(self, samples):
        found["hashed"].update(ids := hashes(self, samples))
        return ids

    def decoded(self, batch, spec):
        found["decoded"].update(hashes(self, samples := decode(self, batch, spec)))
        return samples

    monkeypatch.setattr(points, "ids", hashed)
    monkeypatch.setattr(points, "from_arrow", decoded)
    return found


@pytest.mark.slow
def test_it_goes_through_every_stage_and_each_looks_at_a_sample_once(
    stage: Run, counts: Counts, capsys: pytest.CaptureFixture[str]
) -> None:
    stage("prepare")
    assert "Modality points: a file of points" in capsys.readouterr().out
    assert (counts["hashed"].total(), counts["decoded"].total()) == (60, 0)
    for name in ("train_gan", "generate", "merge", "evaluate --baselines", "evaluate", "fidelity", "report"):
        for found in counts.values():
            found.clear()
        script, *words = name.split()
        stage(script, *words, *(() if name == "report" else ("--repeat", "0")))
        assert {kind: most for kind, found in counts.items() if (most := max(found.values(), default=0)) > 1} == {}
        assert any(counts.values()) == (name != "merge")
    merged = pq.read_table("data/augmented/0/train.parquet")
    assert merged.column_names[:5] == ["values", "label", "synthetic", "id", "group"]
    assert 0 < sum(merged["synthetic"].to_pylist()) < len(merged)
    lines = Path("exports/0/lines/train.points").read_text().splitlines()
    assert [line.split(",")[0] for line in lines] == [CLASSES[code] for code in merged["label"].to_pylist()]
    where = pd.read_csv("exports/0/lines/provenance.csv")
    assert where.loc[where["split"] == "train", "id"].tolist() == merged["id"].to_pylist()
    assert set(where["path"]) == {f"{part}.points" for part in SPLITS}
    metrics = json.loads(Path("reports/metrics.json").read_text())
    assert set(metrics["per_arm"]) >= {"real", "gan", "synthetic"}
    assert metrics["fidelity"]
    page = Path("reports/report.html").read_text(encoding="utf-8")
    assert f"points of {LENGTH} values" in page
    assert "<pre" in page
    assert "&lt;b&gt;" in page
    assert "<b>-" not in page
    body = re.sub(r"(?s)<(style|script).*?</\1>", "", page)
    words = re.sub(r"(?s)<[^>]*>", "|", body[: body.index('id="methods"')])  # which lists all parameters
    assert re.findall(r"(?i)[\w -]*(?:pixel|image)[\w -]*", words) == []


def test_forms_are_of_a_modality_and_may_be_added_to_any(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = tmp_path / "model"
    GANAugmenter(**QUICK | {"steps": 1}).fit(*points()).save(model)
    command = ["sample", str(model), "--per-class", "2", "--out", str(tmp_path / "out")]
    with pytest.raises(SystemExit, match="2"):
        main([*command, "--format", "image_folder"])
    assert "--format image_folder is no form of points: choose parquet, lines" in capsys.readouterr().err
    main([*command, "--format", "lines"])
    assert len((tmp_path / "out/train.points").read_text().splitlines()) == 4
    assert "mean" in forms(modality_named("image"))
    with pytest.raises(DataError, match="'mean' is no export of points; known are lines"):
        export(modality_named("points"), "mean", tmp_path, tmp_path / "means")


def test_it_is_told_by_type_and_shape() -> None:
    assert modality_of(points()[0]).name == "points"
    assert modality_of(np.zeros((2, 8, 8), np.uint8)).name == "image"
    with pytest.raises(DataError, match=r"list.*image: images as uint8.*points: float32 of shape .*; table: a"):
        modality_of([1, 2])
