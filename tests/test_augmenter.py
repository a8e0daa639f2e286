from __future__ import annotations

import copy
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from small import digits, noise, tiny

from ganaug import GANAugmenter
from ganaug.errors import ConfigError, DataError, GanaugError, ModelError
from ganaug.synthesis import criteria
from ganaug.synthesis.select import Selection

# fit


@pytest.mark.slow
def test_the_same_seed_gives_the_same_model_and_another_seed_another(tmp_path):
    rows, y = digits()
    hashes, images = [], []
    for i, seed in enumerate((3, 3, 4, np.random.RandomState(5), np.random.RandomState(5))):
        found = tiny(random_state=seed).fit(rows, y)
        found.save(tmp_path / str(i))
        hashes.append(found.model_id_)
        images.append(found.sample(per_class=2)[0].tobytes())
    for each in (hashes, images):
        assert each[0] == each[1] != each[2]
        assert each[3] == each[4] != each[0]


@pytest.mark.slow
def test_fitting_again_starts_anew():
    rows, y = digits()
    found = tiny().fit(rows, y)
    first = found.sample(per_class=3)[0]
    assert np.array_equal(found.fit(rows, y).sample(per_class=3)[0], first)


@pytest.mark.slow
def test_global_random_states_are_left_alone(quick_teacher):
    rows, y = digits()
    np.random.seed(1)  # noqa: NPY002 - it is what is tested
    torch.manual_seed(1)
    before = np.random.get_state()[1].copy(), torch.random.get_rng_state()  # noqa: NPY002
    found = tiny().fit(rows, y)
    found.sample(per_class=1)
    found.augment(rows, y, ratio=0.2)
    assert np.array_equal(np.random.get_state()[1], before[0])  # noqa: NPY002
    assert torch.equal(torch.random.get_rng_state(), before[1])


@pytest.mark.slow
@pytest.mark.parametrize("shape", [(8, 8), (8, 9, 1), (17, 12), (9, 8, 2), (10, 10, 3), (8, 8, 4)])
def test_gray_colour_and_transparency(shape, quick_teacher):
    rows, y = noise(6, *shape), np.array([0, 1] * 3)
    found = tiny(steps=2).fit(rows, y)
    assert found.spec_.shape == (*shape, 1)[:3]
    assert found.sample(per_class=2)[0].shape == (4, *shape)
    assert found.score_real(rows, y).shape == (6,)
    both, _ = found.augment(rows, y, selection=Selection(filters=["copy"]))
    assert both.shape == (12, *shape)
    assert both.dtype == np.uint8


@pytest.mark.parametrize(
    "labels", [["b", "a", "b"], [3, -5, 3], [True, False, True], [0.5, 2.0, 0.5], np.array(["b", "a", "b"], object)]
)
def test_labels_keep_their_kind_also_on_disk(labels, tmp_path):
    tiny(steps=1).fit(noise(3, 8, 8), labels).save(tmp_path)
    found = GANAugmenter.load(tmp_path, device="cpu")
    assert found.classes_.tolist() == sorted(set(labels))
    assert found.classes_.dtype == np.asarray(labels).dtype
    assert found.sample(y=labels)[1].tolist() == list(labels)


def test_labels_of_bytes_are_text_everywhere(tmp_path, quick_teacher):
    rows, y = noise(6, 8, 8), np.array([b"cat", "h\u00fcndin".encode()] * 3)
    found = tiny(steps=1).fit(rows, y)
    assert found.classes_.tolist() == ["cat", "h\u00fcndin"]
    assert found.sample(y=[b"cat"])[1].tolist() == ["cat"]
    assert found.augment(rows, y, selection=Selection(filters=()))[1][:6].tolist() == ["cat", "h\u00fcndin"] * 3
    assert found.score_real(rows, y).shape == (6,)


def test_images_that_were_never_scaled_are_not_learnt():
    with pytest.raises(DataError, match="no pixel above 1 of 255"):
        tiny(steps=1).fit(noise(4, 8, 8) // 128, [0, 1, 0, 1])
    with pytest.warns(UserWarning, match="no pixel above 15 of 255"):
        tiny(steps=1).fit(noise(4, 8, 8) // 16, [0, 1, 0, 1])


@pytest.mark.parametrize("n", [1, 2])
def test_hardly_any_rows(n, quick_teacher):
    rows, y = noise(2, 8, 8)[:n], [4, 4][:n]
    found = tiny(steps=2).fit(rows, y)
    assert found.sample(per_class=3)[1].tolist() == [4, 4, 4]
    assert len(found.augment(rows, y, ratio=3.0)[0]) >= n


@pytest.mark.slow
@pytest.mark.parametrize("criterion", ["kid", "accuracy"])
def test_a_criterion_chooses_among_states_on_validation_rows(criterion, monkeypatch):
    monkeypatch.setattr(criteria, "STEPS", 20)
    rows, y = digits(120)
    last = tiny(steps=40).fit(rows[:60], y[:60])
    found = tiny(steps=40, criterion=criterion).fit(rows[:60], y[:60], validation=(rows[60:], y[60:]))
    seen = found.history_.dropna(subset="criterion")
    assert len(seen) > 5
    assert seen["step"].min() > 20
    best = seen.loc[seen["criterion"].idxmin(), "step"]
    same = np.array_equal(found.sample(per_class=2)[0], last.sample(per_class=2)[0])
    assert same == (best == 40)
    assert last.history_.columns.tolist() == found.history_.columns.tolist()[:-1]


def test_a_criterion_needs_validation_rows():
    rows, y = digits()
    with pytest.raises(ConfigError, match=r"criterion 'kid' chooses on validation rows: give fit\(validation"):
        tiny(criterion="kid").fit(rows, y)
    with pytest.raises(DataError, match="validation holds one row a class"):
        tiny(criterion="kid").fit(rows, y, validation=(rows[:10], range(10)))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:The .grad attribute")  # torch's own, while it traces
def test_compiled_networks_train_alike(monkeypatch):
    """Compiled for a back end that needs no compiler: whether the networks can be traced is what could fail."""
    compiled = []

    def compile_eagerly(module, **how):
        compiled.append(module)
        module._compiled_call_impl = torch.compile(module._call_impl, backend="eager")

    monkeypatch.setattr(torch.nn.Module, "compile", compile_eagerly)
    rows, y = digits()
    plain, found = (tiny(steps=20, precision="32-true", compile=c).fit(rows, y) for c in (False, True))
    assert len(compiled) == 2
    np.testing.assert_allclose(found.history_, plain.history_, rtol=1e-3, atol=1e-4)
    assert found.sample(per_class=1)[0].shape == (10, 8, 8)


def test_arrays_that_may_not_be_written():
    rows, y = digits()
    rows.setflags(write=False)
    y.setflags(write=False)
    found = tiny(steps=2).fit(rows, y)
    assert found.score_real(rows, y).shape == (60,)
    assert found.sample(y=y)[0].shape == rows.shape


@pytest.mark.slow
def test_unlabelled_images_count():
    rows, y = digits()
    more = digits(120)[0][60:]
    plain, taught, again = (tiny().fit(rows, y, unlabelled=u) for u in (None, more, more))
    images = [found.sample(2, random_state=0)[0] for found in (plain, taught, again)]
    assert not np.array_equal(images[0], images[1])
    assert np.array_equal(images[1], images[2])
    for wrong in (more / 255, noise(3, 9, 8), noise(3, 8, 8, 3)):
        with pytest.raises(DataError):
            tiny().fit(rows, y, unlabelled=wrong)


@pytest.mark.slow
def test_what_training_leaves_behind(fitted):
    found = fitted[0]
    assert found.history_["step"].iloc[-1] == 40
    assert np.isfinite(found.history_.to_numpy()).all()
    assert {"loss_discriminator", "loss_generator", "penalty", "real_logits", "fake_logits"} <= set(found.history_)
    assert max(found.snapshots_) == 40
    assert all(s.dtype == np.uint8 and s.shape[1:] == (8, 8, 1) for s in found.snapshots_.values())


@pytest.mark.parametrize(
    ("images", "labels", "message"),
    [
        (noise(4, 8, 8) / 255, [0, 1, 0, 1], "array of float64 .*images as uint8"),
        (noise(4, 64), [0, 1, 0, 1], r"shape \(4, 64\)"),
        (noise(4, 7, 8), [0, 1, 0, 1], "resize to 8 to 512"),
        (noise(4, 8, 8), [0, 1, 0], "for 4 samples: give one label for each"),
        (noise(4, 8, 8), [0, 1, np.nan, 1], "missing label at row 2"),
        (noise(4, 8, 8), np.array([0, 1, "a", 1], object), "mixes labels"),
    ],
)
def test_data_that_cannot_be_used(images, labels, message):
    with pytest.raises(DataError, match=message):
        tiny().fit(images, labels)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"steps": 0}, "steps is 0; it must be 'auto' or a whole number from 1"),
        ({"steps": "many"}, "steps is 'many'"),
        ({"steps": 2.5}, "steps is 2.5"),
        ({"batch_size": 0}, "batch_size is 0; it must be a whole number"),
        ({"learning_rate": -0.1}, "learning_rate is -0.1; it must be a number above 0"),
        ({"learning_rate": float("nan")}, "learning_rate is nan"),
        ({"penalty_weight": -1}, "penalty_weight is -1"),
        ({"objective": "hing"}, "objective is 'hing'.*did you mean 'hinge'"),
        ({"objective": None}, "objective is None"),
        ({"penalty": "r1r2"}, "did you mean 'r1_r2'"),
        ({"conditioning": "project"}, "did you mean 'projection'"),
        ({"augmentation": "diffaug"}, "did you mean 'diffaugment'"),
        ({"invariances": "rotate"}, "invariances is 'rotate'; it must be 'auto' or a list"),
        ({"invariances": ["flip"]}, "invariances.*'flip'"),
        ({"width": 0}, "width is 0"),
        ({"depth": "deep"}, "depth is 'deep'"),
        ({"device": "tpu"}, "device is 'tpu'"),
        ({"device": "cuda:99"}, "device is 'cuda:99', but this machine has no such CUDA device"),
        ({"precision": "16"}, "precision is '16'"),
        ({"random_state": "x"}, "random_state is 'x'; it must be a whole number"),
        ({"random_state": -1}, "random_state is -1"),
    ],
)
def test_parameters_that_cannot_be_used(parameters, message):
    with pytest.raises(ConfigError, match=message):
        tiny(**parameters).fit(*digits(20))


def test_numbers_of_numpy_are_numbers():
    tiny(steps=np.int64(2), batch_size=np.int32(4), learning_rate=np.float32(1e-3), random_state=np.int64(3)).fit(
        *digits(20)
    )


# sample


@pytest.mark.slow
def test_labels_come_as_asked(fitted):
    found = fitted[0]
    new, labels = found.sample(per_class=3)
    assert new.shape == (30, 8, 8)
    assert labels.tolist() == np.repeat(found.classes_, 3).tolist()
    wanted = ["six", "one", "one", "nine"]
    assert found.sample(y=wanted)[1].tolist() == wanted
    assert found.sample(y=[])[0].shape == found.sample(per_class=0)[0].shape == (0, 8, 8)


def test_samples_go_on_unless_seeded(fitted):
    found = copy.deepcopy(fitted[0])
    first, second = found.sample(per_class=2)[0], found.sample(per_class=2)[0]
    assert not np.array_equal(first, second)
    seeded, again, other = (found.sample(2, random_state=s)[0] for s in (1, 1, 2))
    assert np.array_equal(seeded, again)
    assert not np.array_equal(seeded, other)
    assert len(np.unique(np.concatenate([first, second, seeded, other]), axis=0)) == 80


def test_truncation_narrows(fitted):
    wide, narrow = (fitted[0].sample(y=["one"] * 40, truncation=t, random_state=0)[0].std(0).mean() for t in (1, 0.2))
    assert narrow < wide


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({}, ConfigError, "either per_class=n or y="),
        ({"per_class": 1, "y": ["one"]}, ConfigError, "either per_class=n or y="),
        ({"per_class": -1}, ConfigError, "per_class is -1"),
        ({"per_class": 1.5}, ConfigError, "per_class is 1.5"),
        ({"per_class": 1, "truncation": -1}, ConfigError, "truncation is -1"),
        ({"per_class": 1, "random_state": -1}, ConfigError, "random_state is -1"),
        ({"y": ["eleven"]}, DataError, "The label 'eleven' is not one"),
        ({"y": [1]}, DataError, "The label 1 is not one"),
        ({"y": "one"}, DataError, "one label for each row"),
    ],
)
def test_samples_that_cannot_be_had(fitted, arguments, error, message):
    with pytest.raises(error, match=message):
        fitted[0].sample(**arguments)


# augment and score


def test_originals_come_first_and_the_ratio_holds(fitted, quick_teacher):
    found, rows, y = fitted
    both, labels = found.augment(rows, y, ratio=1.5, selection=Selection(filters=()))
    assert np.array_equal(both[:60], rows)
    assert np.array_equal(labels[:60], y)
    names, before = np.unique(y, return_counts=True)
    assert {n: (labels[60:] == n).sum() for n in names} == dict(zip(names, np.round(before * 1.5), strict=True))
    assert labels[60:].tolist() == sorted(labels[60:])
    assert found.augment(rows, y, ratio=0)[0].shape == rows.shape


def test_the_selection_selects(fitted, quick_teacher):
    found, rows, y = fitted
    both, labels = found.augment(
        rows, y, selection=Selection(filters=[{"confidence": {"threshold": 1.0}}, {"realism": {"threshold": 1.0}}])
    )
    assert np.array_equal(both, rows)
    assert np.array_equal(labels, y)


def test_a_model_that_copies_adds_nothing(fitted, quick_teacher, monkeypatch):
    found, rows, y = fitted
    firsts = {label: rows[y == label][0] for label in np.unique(y)}
    monkeypatch.setattr(
        found, "_draw", lambda codes, **_: np.stack([firsts[found.classes_[c]] for c in codes])[..., None]
    )
    assert len(found.augment(rows, y)[0]) == len(rows)
    everything = Selection(filters=())
    assert len(found.augment(rows, y, selection=everything)[0]) == 2 * len(rows)


def test_some_classes_only(fitted, quick_teacher):
    found, rows, y = fitted
    some = np.isin(y, ["one", "two"])
    _, labels = found.augment(rows[some], y[some], selection=Selection(filters=["copy"]))
    assert set(labels) == {"one", "two"}


@pytest.fixture(scope="module", params=["projection", "acgan", "concat"])
def trained(request):
    """An augmenter that has trained for a while, for each way to look at the label."""
    return tiny(steps=200, batch_size=32, width=16, conditioning=request.param).fit(*digits(200))


@pytest.mark.slow
@pytest.mark.parametrize("with_labels", [True, False])
def test_realism_is_a_probability_about_one_half(trained, with_labels, tmp_path):
    """One half is midway between real and generated images, labels or none; held-out images lie above those."""
    rows, y = digits(700)
    fakes = trained.sample(y=y, random_state=1)[0]
    real, fake = (trained.score_real(images, y if with_labels else None) for images in (rows, fakes))
    assert real.shape == (700,)
    assert ((real >= 0) & (real <= 1)).all()
    assert (real[:200].mean() + fake[:200].mean()) / 2 == pytest.approx(0.5, abs=0.01)
    assert real.mean() > fake.mean()
    trained.save(tmp_path)
    again = GANAugmenter.load(tmp_path, device="cpu")
    assert np.array_equal(again.score_real(rows, y if with_labels else None), real)


@pytest.mark.parametrize(
    ("images", "labels", "message"),
    [
        (noise(2, 8, 9), ["one", "two"], r"shape \(8, 9, 1\), but the model was trained on \(8, 8, 1\)"),
        (noise(2, 8, 8, 3), ["one", "two"], r"shape \(8, 8, 3\)"),
        (noise(2, 8, 8), ["one"], "one label for each of the 2 samples"),
        (noise(2, 8, 8), ["one", "uno"], "The label 'uno'"),
        (noise(2, 8, 8) / 255, ["one", "two"], "uint8"),
    ],
)
def test_rows_that_do_not_fit_the_model(fitted, images, labels, message):
    for method in (fitted[0].augment, fitted[0].score_real):
        with pytest.raises(DataError, match=message):
            method(images, labels)


@pytest.mark.parametrize("ratio", [-1, float("nan"), "2", None])
def test_ratios_that_cannot_be(fitted, ratio):
    with pytest.raises(ConfigError, match="ratio is"):
        fitted[0].augment(*fitted[1:], ratio=ratio)


# scikit-learn's manners


def test_parameters_are_stored_as_given():
    found = tiny(invariances=["rotate"], steps="nonsense")
    assert found.get_params()["steps"] == "nonsense"
    assert found.set_params(width=16).width == 16
    copied = clone(found)
    assert copied.get_params() == found.get_params()
    assert not hasattr(copied, "classes_")
    assert "rotate" in repr(found)


def test_a_clone_of_a_fitted_one_is_unfitted_and_alike(fitted):
    with pytest.raises(NotFittedError):
        clone(fitted[0]).sample(per_class=1)


def test_before_fit():
    for call in (lambda a: a.sample(1), lambda a: a.augment(*digits()), lambda a: a.score_real(digits()[0])):
        with pytest.raises(NotFittedError):
            call(tiny())
    with pytest.raises(NotFittedError):
        tiny().save("nowhere")
    assert not Path("nowhere").exists()


def test_a_fitted_one_can_be_copied_and_pickled(fitted):
    expected = fitted[0].sample(1, random_state=0)[0]
    for found in (copy.deepcopy(fitted[0]), pickle.loads(pickle.dumps(fitted[0]))):
        assert np.array_equal(found.sample(1, random_state=0)[0], expected)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("verbose", "fit", "augment"), [(True, "fit: ", "teacher: "), ("digits", "digits: ", "digits, teacher: ")]
)
def test_progress_is_shown_when_asked(capsys, quick_teacher, monkeypatch, verbose, fit, augment):
    monkeypatch.setattr("ganaug.utils.progress.QUIET_SECONDS", 0.0)
    quiet, loud = tiny(steps=2).fit(*digits(20)), tiny(steps=2, verbose=verbose)
    quiet.augment(*digits(20))
    assert capsys.readouterr() == ("", "")
    loud.fit(*digits(20))
    assert f"{fit}2/2 steps" in capsys.readouterr().err
    loud.augment(*digits(20))
    assert capsys.readouterr().err.startswith(augment)


def test_every_error_is_ours():
    assert all(issubclass(e, GanaugError) for e in (ConfigError, DataError, ModelError))


@pytest.mark.gpu
def test_on_a_gpu(tmp_path):
    """Mixed precision trains, and a CPU makes the same images from the same latents."""
    rows, y = digits()
    found = tiny(steps=40, width=8, device="cuda", precision="bf16-mixed").fit(rows, y)
    assert np.isfinite(found.history_.to_numpy()).all()
    assert np.array_equal(found.sample(2, random_state=0)[0], found.sample(2, random_state=0)[0])
    found.save(tmp_path)
    on_gpu, on_cpu = (GANAugmenter.load(tmp_path, device=d).sample(4, random_state=0)[0] for d in ("cuda", "cpu"))
    assert np.abs(on_gpu.astype(int) - on_cpu).max() <= 4  # GPUs round convolutions more coarsely
    assert found.score_real(rows, y).shape == (60,)
