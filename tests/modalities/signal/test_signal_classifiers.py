from __future__ import annotations

import numpy as np
import pytest
from waves import cut, waves

from ganaug.errors import ConfigError, DataError
from ganaug.modalities.signal import treatments
from ganaug.modalities.signal.modality import SignalModality
from ganaug.modalities.signal.ridge import Ridge
from ganaug.modalities.signal.treatments import augmented, change, dtw_smote, mixed, over_sampled
from ganaug.modalities.signal.warping import path
from ganaug.modalities.training import RATES, Setting, TrainConfig, TrainingRows
from ganaug.modalities.treatments import Training
from ganaug.utils.samples import take

SIGNAL = SignalModality()


def rows_of(held, codes, synthetic=0) -> TrainingRows:
    n = len(codes)
    made = np.arange(n) >= n - synthetic
    return TrainingRows(held, codes, made, np.ones(n, np.float32), np.array([str(i) for i in range(n)], object))


def data(ragged: bool, n: int = 24):
    signals, labels = waves(n)
    held, spec = SIGNAL.infer(cut(signals) if ragged else signals)
    return held, (labels == "quick").astype(np.int64), spec


def config(spec) -> TrainConfig:
    return TrainConfig(3, steps=1, batch_size=1, seed=0, spec=spec)


@pytest.mark.slow
@pytest.mark.parametrize("ragged", [False, True])
@pytest.mark.parametrize("name", [*SIGNAL.classifiers, "sklearn.neighbors.KNeighborsClassifier"])
def test_classifiers_tell_the_classes_apart(name, ragged):
    held, codes, spec = data(ragged, 60)
    at = np.arange(60) < 24
    predict = SIGNAL.fit_classifier(name, rows_of(take(held, at), codes[at]), Setting(), config(spec))
    found = predict(take(held, ~at))
    assert found.shape == (36, 3)
    np.testing.assert_allclose(found.sum(1), 1)
    assert (found[:, 2] == 0).all()  # of which there is no row
    assert (found.argmax(1) == codes[~at]).mean() >= (0.7 if ragged else 0.9)
    assert np.array_equal(
        found, SIGNAL.fit_classifier(name, rows_of(take(held, at), codes[at]), Setting(), config(spec))(take(held, ~at))
    )


SETTINGS = [
    Setting(strength=1.0),
    Setting(mixup=0.4, strength=0.5),
    Setting(method="random_over"),
    Setting(method="dtw_smote"),
    Setting(share=0.5),
    Setting(share=0.25, weight=0.5, pretrain=0.2),
]


@pytest.mark.parametrize("setting", SETTINGS)
def test_every_setting_trains_and_is_one_of_its_own(setting, monkeypatch):
    monkeypatch.setattr("ganaug.modalities.signal.classifiers.FEATURES", 336)
    held, codes, spec = data(ragged=True)
    rows = rows_of(held, codes, synthetic=8)
    plain, found = (SIGNAL.fit_classifier("minirocket", rows, s, config(spec))(held) for s in (Setting(), setting))
    assert (found.argmax(1) == codes).mean() > 0.8
    assert not np.array_equal(plain, found)


def test_settings_are_tuned_by_the_penalty():
    held, codes, spec = data(ragged=False)
    found = [
        SIGNAL.fit_classifier("logistic_regression", rows_of(held, codes), Setting(rate), config(spec))(held)
        for rate in RATES[:2]
    ]
    assert not np.allclose(*found)
    SIGNAL.check_classifier("minirocket", [Setting(rate) for rate in RATES])


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("small_cnn", "no classifier 'small_cnn' of signals: .* takes minirocket, logistic_regression"),
        ("sklearn.svm.LinearSVC", "gives no probabilities"),
        ("sklearn.nothing.There", "cannot be made"),
    ],
)
def test_other_classifiers_are_refused(name, why):
    with pytest.raises(ConfigError, match=why):
        SIGNAL.check_classifier(name, [Setting()])


def test_what_cannot_be_trained_is_said():
    held, codes, spec = data(ragged=False)
    with pytest.raises(DataError, match="two classes at least"):
        SIGNAL.fit_classifier("minirocket", rows_of(held[codes == 0], codes[codes == 0]), Setting(), config(spec))
    with pytest.raises(ConfigError, match="no treatment 'smote' of signals"):
        SIGNAL.fit_classifier("minirocket", rows_of(held, codes), Setting(method="smote"), config(spec))


def training(ragged: bool) -> Training:
    held, codes, _ = data(ragged)
    some = np.r_[0:10, 11:24:2]  # more of the one class than of the other
    return Training(take(held, some), np.eye(2)[codes[some]], np.ones(len(some)), np.ones(len(some), bool))


@pytest.mark.parametrize("ragged", [False, True])
def test_changed_copies_weigh_what_the_signal_did(ragged):
    given = training(ragged)
    made = augmented(given, 1.0, np.random.default_rng(0))
    assert len(made.weights) == 5 * len(given.weights)
    assert made.weights.sum() == pytest.approx(given.weights.sum())
    assert made.real.sum() == len(given.weights)
    assert made.targets[len(given.weights) : len(given.weights) + 4].argmax(1).tolist() == [0] * 4
    assert all(
        a.shape == b.shape for a, b in zip(take(made.samples, range(17, 21)), [given.samples[0]] * 4, strict=True)
    )
    assert len({signal.tobytes() for signal in made.samples}) > 4 * len(given.weights)


def test_a_stronger_change_goes_further():
    signal = waves(1, 2)[0][0].astype(float)
    far = [
        np.mean([np.abs(change(signal, s, np.random.default_rng(i)) - signal).mean() for i in range(40)])
        for s in (0.0, 0.5, 1.0)
    ]
    assert far[0] < 0.02 < far[1] < far[2] < 0.5


def test_mixed_signals_lie_between_two_and_so_do_their_labels():
    held, spec = SIGNAL.infer([np.zeros(20), np.ones(40), np.ones(30)])
    given = Training(held, np.array([[1.0, 0], [0, 1], [0, 1]]), np.ones(3), np.ones(3, bool))
    made = mixed(given, 0.4, spec, np.random.default_rng(0))
    assert len(made.weights) == 6
    assert made.weights.sum() == pytest.approx(3)
    for signal, target in zip(made.samples[3:], made.targets[3:], strict=True):
        np.testing.assert_allclose(signal, target[1], atol=1e-6)
        assert 20 <= signal.shape[1] <= 40
    assert 0 < made.targets[3:, 1].min() < 1


@pytest.mark.parametrize("ragged", [False, True])
@pytest.mark.parametrize("make", [over_sampled, dtw_smote])
def test_over_sampled_signals_are_like_their_class(make, ragged):
    held, codes, spec = data(ragged)
    own = take(held, codes == 1)
    made = make(own, 30, spec, np.random.default_rng(0))
    assert len(made) == 30
    sizes = [signal.shape[1] for signal in own]
    assert all(min(sizes) <= signal.shape[1] <= max(sizes) for signal in made)
    new = SIGNAL.infer(made)[0]
    centres = [SIGNAL.embed(take(held, codes == c), spec).mean(0) for c in (0, 1)]
    far = [((SIGNAL.embed(new, spec) - centre) ** 2).mean(1) for centre in centres]
    assert (far[1] < far[0]).mean() > 0.9
    assert not np.isin(SIGNAL.ids(new).astype(str), SIGNAL.ids(own).astype(str)).any()
    alone = make(take(own, slice(1)), 2, spec, np.random.default_rng(0))
    assert all(np.allclose(signal, own[0], atol=1e-5) for signal in alone)


def test_over_sampling_evens_classes_out():
    given, spec = training(ragged=False), data(ragged=False)[2]
    setting = Setting(method="random_over")
    made = treatments.treat(given, setting, spec, 0)
    assert np.bincount(made.targets.argmax(1)).tolist() == [24, 24]
    of_class = [given.weights @ given.targets, made.weights @ made.targets]
    np.testing.assert_allclose(*of_class)


def test_paths_align_what_is_alike():
    time = np.linspace(0, 1, 60)
    bump = np.exp(-(((time - 0.45) / 0.05) ** 2))[None]
    later = np.exp(-(((time - 0.52) / 0.05) ** 2))[None]
    first, second = path(bump, later)
    assert (first[0], second[0], first[-1], second[-1]) == (0, 0, 59, 59)
    assert (np.diff(first) >= 0).all()
    assert (np.diff(second) >= 0).all()
    assert ((np.diff(first) + np.diff(second)) >= 1).all()
    assert np.abs(bump[0, first] - later[0, second]).mean() < 0.2 * np.abs(bump - later).mean()
    assert path(bump[:, :3], later)[1][-1] == 59


def test_ridge_is_sure_where_rows_left_out_are_right():
    random = np.random.default_rng(0)
    codes = np.arange(60) % 3
    clear = np.eye(3)[codes] + 0.05 * random.standard_normal((60, 3))
    noise = random.standard_normal((60, 3))
    chooses, weights = np.ones(60, bool), np.ones(60)
    sure, unsure = (Ridge.fit(x, np.eye(3)[codes], weights, chooses) for x in (clear, noise))
    found = sure.predict_proba(clear)
    assert (found.argmax(1) == codes).all()
    assert found.max(1).min() > 0.9
    assert unsure.predict_proba(noise).max(1).mean() < 0.6
    from sklearn.linear_model import Ridge as Theirs

    scaled = (clear - sure.middle) / sure.spread
    theirs = Theirs(alpha=1.0).fit(scaled, 2 * np.eye(3)[codes] - 1)
    ours = Ridge.fit(clear, np.eye(3)[codes], weights, chooses, factor=1.0 / penalty_of(clear, codes))
    np.testing.assert_allclose(ours.scores(clear), theirs.predict(scaled), atol=0.02)


def penalty_of(x: np.ndarray, codes: np.ndarray) -> float:
    from sklearn.linear_model import RidgeCV

    from ganaug.modalities.signal.ridge import PENALTIES

    scaled = (x - x.mean(0)) / x.std(0)
    return float(RidgeCV(PENALTIES).fit(scaled, 2 * np.eye(3)[codes] - 1).alpha_)


def test_the_teacher_scores_and_shows_signals():
    held, codes, spec = data(ragged=True, n=40)
    teacher = SIGNAL.teacher(held, codes, 3, steps=3, seed=0, device="cpu", spec=spec)
    probabilities, features = teacher.predict_proba(held), teacher.features(held)
    assert (probabilities.shape, probabilities.dtype) == ((40, 3), np.float32)
    assert (probabilities.argmax(1) == codes).mean() > 0.9
    assert features.shape == (40, 40)
    assert np.isfinite(features).all()
    between = np.linalg.norm(features[codes == 0].mean(0) - features[codes == 1].mean(0))
    assert between > 1
    assert 0.5 < np.sqrt((features**2).mean()) < 1.5
    assert len(teacher.predict_proba(take(held, slice(0)))) == 0
    SIGNAL.teacher(take(held, [0, 2]), codes[[0, 2]], 2, steps=0, seed=0, device="cpu", spec=spec)  # of one class
