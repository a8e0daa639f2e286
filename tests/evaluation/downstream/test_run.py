from __future__ import annotations

from functools import partialmethod
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch
from sklearn.datasets import load_digits

from ganaug.config import EvaluateParams, Mixing
from ganaug.config.names import ARMS as CONFIGURED
from ganaug.config.names import IMAGE_ARMS, SIGNAL_ARMS, SOUND_ARMS, TABLE_ARMS, TEXT_ARMS
from ganaug.data.rows import Rows, RowWriter
from ganaug.errors import ConfigError, DataError
from ganaug.evaluation.downstream import trials
from ganaug.evaluation.downstream.arms import ARMS, result_path
from ganaug.evaluation.downstream.run import run_arms
from ganaug.modalities.image.arms import IMAGE_ARMS as RARE_ARMS
from ganaug.modalities.image.classifiers import fit_classifier
from ganaug.modalities.image.modality import ImageModality
from ganaug.modalities.image.schema import image_schema
from ganaug.utils.files import read_json

SCHEMA = image_schema(8, 8, 1, tuple("0123456789"))
FAST = {"steps": 3, "batch_size": 20, "device": "cpu", "jobs": 1}


def digits(start: int, stop: int, synthetic: bool = False) -> Rows:
    """Rows of scikit-learn's digits; the synthetic ones are real ones turned negative."""
    pixels, labels = load_digits(return_X_y=True)
    images = (pixels[start:stop].reshape(-1, 8, 8, 1) * 15.9).astype(np.uint8)
    return Rows.build(SCHEMA, 255 - images if synthetic else images, labels[start:stop], synthetic=synthetic)


def write(path: Path, *parts: Rows) -> None:
    with RowWriter(path, SCHEMA) as writer:
        for part in parts:
            writer.write(part)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Splits with synthetic rows merged in, all candidates, and a pool of spare real rows."""
    write(tmp_path / "train.parquet", digits(0, 100), digits(0, 200, synthetic=True))
    write(tmp_path / "validation.parquet", digits(100, 150))
    write(tmp_path / "test.parquet", digits(150, 250))
    write(tmp_path / "pool.parquet", digits(500, 1000))
    with RowWriter(tmp_path / "candidates.parquet", SCHEMA, pa.schema([("confidence", pa.float32())])) as writer:
        writer.write(digits(0, 400, synthetic=True), {"confidence": np.linspace(0, 1, 400, dtype=np.float32)})
    return tmp_path


def evaluate(
    folder: Path,
    arms: Any = CONFIGURED,
    repeat: int = 0,
    out: str = "eval",
    cache_dir: Path | None = None,
    **options: Any,
) -> list[Path]:
    params = EvaluateParams(**{**FAST, **options})
    files = {"synthetic": folder / "candidates.parquet", "pool": folder / "pool.parquet", "cache_dir": cache_dir}
    return run_arms(folder, arms, repeat, params, **files, out=folder / out)


@pytest.mark.slow
def test_writes_what_each_arm_is_worth(folder, capsys, monkeypatch):
    monkeypatch.setattr("ganaug.utils.progress.QUIET_SECONDS", 0.0)
    written = evaluate(folder, repeat=4)
    assert written == [result_path(folder / "eval", arm, 4, "small_cnn") for arm in CONFIGURED]
    results = {path.stem: read_json(path) for path in written}
    oracle = results.pop("oracle")
    for arm, found in results.items():
        shared = {name: found[name] for name in ("arm", "repeat", "steps", "batch_size", "seed", "classifier")}
        assert shared == {"arm": arm, "repeat": 4, "steps": 3, "batch_size": 20, "seed": 4, "classifier": "small_cnn"}
        assert (found["validation"]["n"], found["test"]["n"]) == (50, 100)
        assert 0 <= found["test"]["balanced_accuracy"] <= 1
        assert found["setting"] in [trial["setting"] for trial in found["trials"]]
        chosen = {trial["validation"] for trial in found["trials"] if trial["setting"] == found["setting"]}
        assert chosen == {max(trial["validation"] for trial in found["trials"])}
        assert found["validation"]["balanced_accuracy"] in chosen
    assert len({found["test_ids"] for found in results.values()}) == 1
    assert (results["synthetic"]["n_train"], results["real"]["n_train"]["real"]) == ({"real": 0, "synthetic": 200}, 100)
    assert (oracle["direction"], [p["share"] for p in oracle["points"]]) == ("up", [0.5, 1.0, 2.0])
    assert [p["n_real"] for p in oracle["points"]] == pytest.approx([150, 200, 300], abs=5)
    assert "evaluate repeat 4: " in capsys.readouterr().err


@pytest.mark.slow
def test_every_arm_is_tuned_alike(folder):
    classifiers = ["small_cnn", "sklearn.naive_bayes.GaussianNB(var_smoothing=0.1)"]
    for n in (1, 3):
        found = [read_json(path) for path in evaluate(folder, trials=n, classifiers=classifiers)]
        tried = [len(f["trials"]) for f in found if "trials" in f]
        tried += [len(point["trials"]) for f in found for point in f.get("points", ())]
        assert set(tried) == {n}


def test_zero_synthetic_rows_are_an_allowed_answer(folder):
    """Where validation rows find them useless, an arm with synthetic rows is the arm without."""
    paths = evaluate(folder, ["classical", "classical_gan", "shuffled"], trials=1, mixing=[Mixing(), Mixing(share=0.5)])
    classical, with_none, shuffled = map(read_json, paths)
    assert classical["test"] == with_none["test"] != shuffled["test"]
    assert with_none["n_train"] == {"real": 100, "synthetic": 0}
    assert shuffled["setting"]["share"] == 0.5


def test_where_classes_are_unequal_validation_rows_choose_how_probable_a_class_has_to_be(folder, monkeypatch):
    rows = digits(0, 400)
    rare = np.isin(rows.labels, range(5))
    for name, start in (("train", 0), ("validation", 200)):
        part = np.arange(len(rows.labels)) // 200 == start // 200
        write(folder / f"{name}.parquet", rows.take(part & (~rare | (np.arange(400) % 5 == 0))))
    write(folder / "test.parquet", digits(400, 800))
    naive_bayes = {"classifiers": ["sklearn.naive_bayes.GaussianNB(var_smoothing=10)"], "trials": 1}
    moved = read_json(evaluate(folder, ["real"], **naive_bayes)[0])
    monkeypatch.setattr(trials, "choose_weights", lambda labels, found, trained: np.ones(found.shape[1]))
    plain = read_json(evaluate(folder, ["real"], **naive_bayes)[0])
    assert moved["validation"]["balanced_accuracy"] > plain["validation"]["balanced_accuracy"]
    assert moved["test"]["balanced_accuracy"] > plain["test"]["balanced_accuracy"]
    assert moved["test"]["nll"] == plain["test"]["nll"]


def test_what_is_rare_among_training_rows_counts_where_validation_rows_are_equal(folder):
    rows = digits(0, 200)
    write(folder / "train.parquet", rows.take((rows.labels >= 5) | (np.arange(200) % 5 == 0)))
    write(folder / "validation.parquet", digits(200, 400))
    write(folder / "test.parquet", digits(400, 800))
    (found,) = evaluate(folder, ["real"], classifiers=["sklearn.linear_model.LogisticRegression(C=0.001)"], trials=1)
    test = read_json(found)["test"]
    recall = np.array([each["recall"] for each in test["per_class"].values()])
    assert recall[:5].mean() > recall[5:].mean() - 0.06  # it is .145 lower where nothing is moved


@pytest.mark.slow
@pytest.mark.parametrize("classifier", ["small_cnn", "sklearn.naive_bayes.GaussianNB()"])
def test_arms_for_rare_classes_have_settings_of_their_own_with_every_classifier(folder, classifier):
    written = evaluate(folder, IMAGE_ARMS, classifiers=[classifier])
    for path in written:
        found = read_json(path)
        assert {trial["setting"]["method"] for trial in found["trials"]} <= set(methods(path.stem))
        assert len({str(trial["setting"]) for trial in found["trials"]}) == 2
        assert np.isfinite(found["test"]["nll"])


def methods(arm: str) -> tuple[str, ...]:
    """What an arm may do with its rows; without synthetic ones, too."""
    return RARE_ARMS[arm].methods


@pytest.mark.slow
def test_synthetic_rows_enter_with_a_weight_a_threshold_or_first(folder):
    mixings = [
        Mixing(share=0.5),
        Mixing(share=0.5, weight=0.1),
        Mixing(share=0.5, min_confidence=0.25),
        Mixing(pretrain=1),
    ]
    found = [read_json(evaluate(folder, ["gan"], trials=1, mixing=[e], out=str(k))[0]) for k, e in enumerate(mixings)]
    assert len({f["test"]["nll"] for f in found}) == len(mixings)
    assert [f["n_train"]["synthetic"] for f in found] == [200, 200, 100, 200]


@pytest.mark.slow
def test_the_same_seed_writes_the_same_bytes_however_many_jobs(folder):
    arms = ["classical", "gan", "oracle"]
    runs = {"a": (1, 1), "b": (1, 2), "c": (2, 1)}
    before = torch.get_num_threads()
    first, second, other = (
        [path.read_bytes() for path in evaluate(folder, arms, out=name, seed=seed, jobs=jobs)]
        for name, (seed, jobs) in runs.items()
    )
    assert first == second
    assert first[0] != other[0]
    assert torch.get_num_threads() == before


@pytest.mark.slow
def test_an_interrupted_evaluation_goes_on_where_it_stopped(folder, monkeypatch):
    arms, done = ["real", "gan", "synthetic"], []

    def fit(modality: Any, name: str, *rest: Any, until: int) -> Any:
        if len(done) == until:
            raise KeyboardInterrupt
        done.append(name)
        return fit_classifier(name, *rest)

    whole = [path.read_bytes() for path in evaluate(folder, arms, out="whole")]
    cache_dir = folder / "cache"
    monkeypatch.setattr(ImageModality, "fit_classifier", partialmethod(fit, until=3))
    with pytest.raises(KeyboardInterrupt):
        evaluate(folder, arms, cache_dir=cache_dir)
    assert not (folder / "eval").exists()
    assert len(list(cache_dir.iterdir())) == 3
    monkeypatch.setattr(ImageModality, "fit_classifier", partialmethod(fit, until=99))
    assert [path.read_bytes() for path in evaluate(folder, arms, cache_dir=cache_dir)] == whole
    assert len(done) == 5  # real twice, gan once more, synthetic twice


@pytest.mark.slow
def test_a_setting_without_synthetic_rows_is_trained_once_for_both_halves_of_the_arms(folder, monkeypatch):
    done = []

    def fit(modality: Any, name: str, *rest: Any) -> Any:
        done.append(name)
        return fit_classifier(name, *rest)

    alone = [path.read_bytes() for path in evaluate(folder, ["gan"], out="alone")]
    monkeypatch.setattr(ImageModality, "fit_classifier", partialmethod(fit))
    evaluate(folder, ["real"], cache_dir=folder / "cache")
    assert len(done) == 2
    assert [path.read_bytes() for path in evaluate(folder, ["gan"], cache_dir=folder / "cache")] == alone
    assert len(done) == 3  # with synthetic rows


@pytest.mark.slow
def test_what_other_code_made_is_not_looked_up(folder, monkeypatch):
    done = []

    def fit(modality: Any, name: str, *rest: Any) -> Any:
        done.append(name)
        return fit_classifier(name, *rest)

    monkeypatch.setattr(ImageModality, "fit_classifier", partialmethod(fit))
    for code in ("this", "that", "that"):
        monkeypatch.setattr(trials, "code_digest", lambda *rooms, code=code: code)
        evaluate(folder, ["real"], cache_dir=folder / "cache")
    assert len(done) == 4


@pytest.mark.slow
def test_what_a_users_code_made_is_not_kept_as_it_may_have_changed(folder, monkeypatch):
    (folder / "their_models.py").write_text("from ganaug.modalities.image.classifier import SmallCNN\n")
    monkeypatch.syspath_prepend(folder)
    before = [path.read_bytes() for path in evaluate(folder, ["real"], classifiers=["their_models:SmallCNN"])]
    monkeypatch.setattr(trials, "write_json", refuse_to_write)
    kept = evaluate(folder, ["real"], classifiers=["their_models:SmallCNN"], cache_dir=folder / "cache")
    assert [path.read_bytes() for path in kept] == before


def refuse_to_write(*_: Any) -> None:
    raise AssertionError("kept")


@pytest.mark.slow
def test_an_arm_alone_is_what_it_is_in_company(folder):
    together = evaluate(folder, ["real", "gan"], out="a")
    alone = evaluate(folder, ["gan"], out="b")
    assert together[1].read_bytes() == alone[0].read_bytes()


@pytest.mark.slow
def test_two_classifiers(folder):
    classifiers = ("small_cnn", "sklearn.naive_bayes.GaussianNB(var_smoothing=0.1)")
    paths = evaluate(folder, ["real", "gan"], classifiers=classifiers)
    assert len({path.parent.name for path in paths}) == 2
    assert [read_json(path)["classifier"] for path in paths] == [
        classifiers[0],
        classifiers[0],
        classifiers[1],
        classifiers[1],
    ]


@pytest.mark.parametrize("split", ["validation", "test"])
def test_no_row_of_validation_or_test_may_be_among_the_training_rows(folder, split):
    write(folder / f"{split}.parquet", digits(250, 300), digits(40, 42))
    with pytest.raises(DataError, match=rf"train\.parquet and .*{split}\.parquet share the row"):
        evaluate(folder, ["real"])
    assert not (folder / "eval").exists()


def test_a_leak_is_found_by_content_whatever_the_ids_say(folder):
    stolen = digits(150, 151)
    stolen.ids[:] = "innocent"
    stolen.synthetic[:] = True
    write(folder / "train.parquet", digits(0, 100), stolen)
    with pytest.raises(DataError, match=r"train\.parquet and .*test\.parquet share the row"):
        evaluate(folder, ["real"])


def test_an_arm_without_rows(folder):
    write(folder / "train.parquet", digits(0, 100))
    with pytest.raises(DataError, match=r"no synthetic row was merged.*merge\.amount"):
        evaluate(folder, ["synthetic"])


def test_a_missing_or_empty_split(folder):
    write(folder / "test.parquet")
    with pytest.raises(DataError, match=r"the test split .* is empty"):
        evaluate(folder, ["real"])
    (folder / "test.parquet").unlink()
    with pytest.raises(DataError, match=r"no file .*test\.parquet"):
        evaluate(folder, ["real"])


def test_unknown_names_are_refused_before_anything_is_trained(folder):
    with pytest.raises(ConfigError, match="Unknown arm 'gaan': did you mean 'gan'"):
        evaluate(folder, ["real", "gaan"])
    with pytest.raises(ConfigError, match="no classifier 'smal_cnn'"):
        evaluate(folder, ["real"], classifiers=["small_cnn", "smal_cnn"])
    assert not (folder / "eval").exists()
    assert set(ARMS) == {*CONFIGURED, *IMAGE_ARMS, *TABLE_ARMS, *SIGNAL_ARMS, *SOUND_ARMS, *TEXT_ARMS}
