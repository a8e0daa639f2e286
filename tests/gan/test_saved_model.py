"""What a fitted augmenter leaves on disk: models, checkpoints, and what starts from them."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from small import digits, noise, tiny

from ganaug import GANAugmenter
from ganaug.data.rows import digest
from ganaug.errors import ModelError
from ganaug.modalities.image.arrays import content_ids
from ganaug.synthesis import criteria


@pytest.fixture
def folder(fitted, tmp_path) -> Path:
    fitted[0].save(tmp_path / "model")
    return tmp_path / "model"


@pytest.mark.slow
def test_a_saved_model_is_the_model(fitted, folder):
    found, rows, y = fitted
    again = GANAugmenter.load(folder, device="cpu")
    for seed in (0, 1):
        assert np.array_equal(again.sample(2, random_state=seed)[0], found.sample(2, random_state=seed)[0])
    assert np.array_equal(again.score_real(rows, y), found.score_real(rows, y))
    assert again.classes_.tolist() == found.classes_.tolist()
    assert (again.spec_.shape, again.seed_, again.model_id_) == (found.spec_.shape, found.seed_, found.model_id_)
    np.testing.assert_allclose(again.history_, found.history_, rtol=1e-4)
    assert again.get_params()["width"] == 8


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["latent", "translation", "table", "signal", "text"])
def test_a_model_is_loaded_and_asked_without_the_compiler(kind, tmp_path):
    """torch imports it, a second's work, where tensors without numbers are filled by chance."""
    rows, y = digits(20)
    rows = {
        "table": pd.DataFrame(rows[:, 3], columns=list("abcdefgh")),
        "signal": rows.reshape(20, 1, 64).astype(float),
        "text": [f"buy {row.sum()} of {row.max()} today" for row in rows],
    }.get(kind, rows)
    generator = "translation" if kind in ("translation", "text") else "latent"
    GANAugmenter(generator=generator, steps=1, width=8, device="cpu").fit(rows, y).save(tmp_path)
    asked = f"from ganaug import GANAugmenter; GANAugmenter.load({str(tmp_path)!r}, 'cpu').sample(per_class=1)"
    code = f"import sys; {asked}; sys.exit('torch._dynamo' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.slow
def test_saving_twice_writes_the_same_bytes(fitted, folder, tmp_path):
    fitted[0].save(tmp_path / "again")
    GANAugmenter.load(folder).save(tmp_path / "loaded")
    names = sorted(p.relative_to(folder) for p in folder.rglob("*") if p.is_file())
    assert {"config.json", "model.safetensors", "history.csv"} < {str(n) for n in names}
    assert all((folder / n).read_bytes() == (tmp_path / "again" / n).read_bytes() for n in names)
    for name in ("config.json", "model.safetensors", "history.csv"):
        assert (folder / name).read_bytes() == (tmp_path / "loaded" / name).read_bytes()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda f: shutil.rmtree(f),
        lambda f: (f / "config.json").unlink(),
        lambda f: (f / "model.safetensors").unlink(),
        lambda f: (f / "history.csv").unlink(),
        lambda f: (f / "history.csv").write_bytes(b""),
        lambda f: (f / "model.safetensors").write_bytes((f / "model.safetensors").read_bytes()[:-1]),
        lambda f: (f / "config.json").write_text('{"nested": 1}'),
    ],
)
def test_a_damaged_model_is_refused(folder, spoil):
    spoil(folder)
    with pytest.raises(ModelError, match="model"):
        GANAugmenter.load(folder)


@pytest.mark.parametrize(
    ("key", "value"),
    [("architecture", {"height": 8}), ("architecture", None), ("rules", {"magic": 1}),
     ("spec", None), ("modality", "table"), ("codec", 3),
     ("classes", ["only one"]), ("class_type", "no type"), ("midpoint", "high"), ("seed", None)],
)  # fmt: skip
def test_a_configuration_that_does_not_fit_is_refused(folder, key, value):
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {key: value}))
    with pytest.raises(ModelError, match="does not fit this version"):
        GANAugmenter.load(folder)


@pytest.mark.parametrize("where", ["file/model", "model/samples"])
def test_a_folder_that_cannot_be_written(fitted, tmp_path, where):
    (tmp_path / where).parent.mkdir()
    if where.startswith("file"):
        (tmp_path / "file").rmdir()
        (tmp_path / "file").write_text("")
    else:
        (tmp_path / where).write_text("a file where a folder should be")
    with pytest.raises(ModelError, match=r"Cannot write the model to .*choose a folder"):
        fitted[0].save(tmp_path / where.split("/samples")[0])


# checkpoints and warm starts


@pytest.mark.slow
def test_a_finished_run_waits_for_its_model_to_be_saved(tmp_path):
    rows, y = digits()
    plain = tiny().fit(rows, y)
    for _ in range(2):
        found = tiny(checkpoint_dir=tmp_path / "c").fit(rows, y)
        assert np.array_equal(found.sample(2)[0], plain.sample(2, random_state=plain.seed_)[0])
        assert len(list((tmp_path / "c").iterdir())) == 1
    found.save(tmp_path / "model")
    assert list((tmp_path / "c").iterdir()) == []


@pytest.mark.slow
def test_runs_do_not_take_up_each_others_checkpoints(tmp_path):
    rows, y = digits()
    runs = [{}, {"random_state": 1}, {"steps": 7}, {"learning_rate": 0.002}, {"objective": "hinge"}, {"penalty": "r1"},
            {"augmentation": "none"}, {"invariances": ["rotate"]}, {"width": 8}, {"batch_size": 9},
            {"penalty_weight": 2.0}, {"conditioning": "concat"}]  # fmt: skip
    for parameters in runs:
        together, alone = (tiny(checkpoint_dir=c, **parameters).fit(rows, y) for c in (tmp_path, None))
        assert np.array_equal(together.sample(1)[0], alone.sample(1)[0])
    tiny(checkpoint_dir=tmp_path).fit(rows[1:], y[1:])
    assert len(list(tmp_path.iterdir())) == len(runs) + 1


def test_a_warm_start_keeps_what_classes_of_the_same_name_have_learnt(fitted, folder):
    start = fitted[0]
    rows, y = fitted[1], np.where(fitted[2] == "two", "zwei", fitted[2])
    found = tiny(steps=1, batch_size=16, width=8, learning_rate=1e-9, warm_start=folder).fit(rows, y)
    same, new = (found.sample(y=[n] * 4, random_state=0)[0] for n in ("one", "zwei"))
    assert np.array_equal(same, start.sample(y=["one"] * 4, random_state=0)[0])
    assert not np.array_equal(new, start.sample(y=["two"] * 4, random_state=0)[0])


@pytest.mark.parametrize(
    ("parameters", "shape"), [({"width": 16}, (8, 8)), ({"depth": 2}, (8, 8)), ({"conditioning": "acgan"}, (8, 8)),
                              ({}, (8, 8, 3))],
)  # fmt: skip
def test_a_warm_start_from_other_networks_is_refused(folder, parameters, shape):
    with pytest.raises(ModelError, match="use its settings, or train anew"):
        tiny(**{"width": 8, "warm_start": folder} | parameters).fit(noise(4, *shape), [0, 1, 0, 1])


def test_a_model_says_what_it_was_trained_on(tmp_path, monkeypatch):
    monkeypatch.setattr(criteria, "STEPS", 1)
    rows, y = digits(40)
    more, known = noise(5, 8, 8), (rows[20:40], y[20:40])
    first = tiny(steps=1, criterion="kid").fit(rows[:20], y[:20], unlabelled=more, validation=known)
    first.save(tmp_path)
    seen = {kind: digest(content_ids(a[..., None])) for kind, a in (("labelled", rows[:20]), ("unlabelled", more))}
    seen |= {"validation": digest(content_ids(rows[20:40, ..., None])), "warm_start": None}
    assert GANAugmenter.load(tmp_path).trained_on_ == first.trained_on_ == seen
    second = tiny(steps=1, warm_start=tmp_path).fit(rows, y, validation=known)
    assert second.trained_on_["warm_start"] == seen
    assert second.trained_on_["validation"] is None  # without a criterion nobody looked at those rows


@pytest.mark.slow
@pytest.mark.parametrize("conditioning", ["projection", "acgan", "concat"])
def test_a_warm_start_with_more_or_fewer_classes(tmp_path, conditioning):
    tiny(steps=2, conditioning=conditioning).fit(noise(6, 8, 8), ["a", "b", "c"] * 2).save(tmp_path)
    for names in (["c", "z"], ["a", "b", "c", "d"]):
        found = tiny(steps=2, conditioning=conditioning, warm_start=str(tmp_path)).fit(noise(len(names), 8, 8), names)
        assert found.sample(per_class=1)[1].tolist() == names


def test_a_warm_start_from_nothing_is_refused(tmp_path):
    with pytest.raises(ModelError, match="not a readable model"):
        tiny(warm_start=tmp_path / "none").fit(*digits(20))
