from __future__ import annotations

import sys
import types
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer, load_wine
from sklearn.metrics import balanced_accuracy_score

from ganaug.errors import ConfigError, DataError
from ganaug.metrics.classification import expected_calibration_error
from ganaug.modalities.table.arms import TABLE_ARMS
from ganaug.modalities.table.features import Features
from ganaug.modalities.table.modality import TableModality
from ganaug.modalities.table.spec import infer
from ganaug.modalities.table.treatments import METHODS, Training, mixed, over_sampled, smote, treat
from ganaug.modalities.training import RATES, Setting, TrainConfig, TrainingRows
from ganaug.modalities.treatments import mix_weights

TABLE = TableModality()
QUICK = "sklearn.ensemble.RandomForestClassifier(n_estimators=20)"


def wine() -> tuple[pd.DataFrame, np.ndarray]:
    """Real wines with categories, gaps and a number for each."""
    frame, y = load_wine(return_X_y=True, as_frame=True)
    frame["colour"] = pd.cut(frame["color_intensity"], 3, labels=["pale", "mid", "deep"]).astype("str")
    frame.loc[::9, "hue"] = np.nan
    frame.loc[::7, "colour"] = None
    frame["id"] = np.arange(len(frame))
    return frame, y.to_numpy()


def rows_of(frame: pd.DataFrame, labels: np.ndarray, synthetic: np.ndarray | None = None) -> TrainingRows:
    n = len(labels)
    made = np.zeros(n, bool) if synthetic is None else synthetic
    return TrainingRows(frame.reset_index(drop=True), labels, made, np.ones(n, np.float32), TABLE.ids(frame))


def split() -> tuple[TrainingRows, TrainingRows, TrainConfig]:
    frame, y = wine()
    order = np.random.default_rng(0).permutation(len(y))
    train, test = order[:90], order[90:]
    return (
        rows_of(frame.iloc[train], y[train]),
        rows_of(frame.iloc[test], y[test]),
        TrainConfig(3, 100, 32, 0, spec=infer(frame)),
    )


def accuracy(name: str, setting: Setting = Setting(), rows: TrainingRows | None = None) -> float:  # noqa: B008
    train, test, config = split()
    probabilities = TABLE.fit_classifier(name, rows or train, setting, config)(test.samples)
    assert probabilities.shape == (len(test.labels), 3)
    assert np.allclose(probabilities.sum(1), 1)
    return balanced_accuracy_score(test.labels, probabilities.argmax(1))


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["hist_gradient_boosting", "random_forest", "logistic_regression", "sklearn.neighbors.KNeighborsClassifier"]
)
def test_classifiers_learn_numbers_categories_and_gaps(name):
    assert accuracy(name) > 0.85


@pytest.mark.slow
@pytest.mark.parametrize("method", ["class_weights", "prior", "balanced_forest", "random_over"])
def test_every_treatment_takes_gaps(method):
    assert accuracy(QUICK, Setting(method=method)) > 0.85


def test_mixup_and_every_method_are_arms():
    assert accuracy(QUICK, Setting(mixup=0.4)) > 0.85
    assert {arm.method for arm in TABLE_ARMS.values()} >= set(METHODS)
    assert any(arm.mixup for arm in TABLE_ARMS.values())
    with pytest.raises(ConfigError, match="no treatment 'magic'"):
        accuracy(QUICK, Setting(method="magic"))


@pytest.mark.slow
def test_a_category_alone_is_enough():
    labels = np.repeat([0, 1], 30)
    frame = pd.DataFrame({"c": np.where(labels == 1, "yes", "no"), "x": 1.0})
    rows, config = rows_of(frame, labels), TrainConfig(2, 10, 8, 0)
    for name in ("hist_gradient_boosting", "random_forest", "logistic_regression"):
        predict = TABLE.fit_classifier(name, rows, Setting(), config)
        assert predict(frame).argmax(1).tolist() == labels.tolist()
        assert np.isfinite(predict(pd.DataFrame({"c": ["new", None], "x": [1.0, np.nan]}))).all()


def test_ids_tell_a_classifier_nothing():
    """Rows are often sorted by class, so that their numbers would say it all."""
    random = np.random.default_rng(0)
    frame = pd.DataFrame({"id": np.arange(80), "x": random.normal(size=80)})
    labels = np.repeat([0, 1], 40)
    predict = TABLE.fit_classifier(
        QUICK, rows_of(frame, labels), Setting(), TrainConfig(2, 10, 8, 0, spec=infer(frame))
    )
    shifted = frame.assign(id=frame["id"].iloc[::-1].to_numpy())
    assert np.array_equal(predict(frame), predict(shifted))


def test_what_is_prepared_comes_from_real_rows_alone():
    train, test, config = split()
    made = train.samples.assign(alcohol=1e6, colour="ultraviolet")
    both = rows_of(
        pd.concat([train.samples, made]), np.tile(train.labels, 2), np.repeat([False, True], len(train.labels))
    )
    without = TABLE.fit_classifier("logistic_regression", train, Setting(), config)(test.samples)
    ignored = TABLE.fit_classifier("logistic_regression", both, Setting(share=0.0), config)(test.samples)
    assert np.allclose(without, ignored)


def test_synthetic_rows_have_their_share_of_the_weight():
    made = np.repeat([False, True], [20, 300])
    for share in (0.25, 0.5, 1.0):
        weights = mix_weights(made, Setting(share=share))
        assert weights.sum() == pytest.approx(20)
        assert weights[made].sum() == pytest.approx(20 * share)
    assert mix_weights(made, Setting(share=0.5, weight=0.5))[made].sum() == pytest.approx(5)
    assert mix_weights(made, Setting(share=0.5, pretrain=0.5))[made].sum() == pytest.approx(15)
    assert (mix_weights(np.ones(5, bool), Setting()) == 1).all()
    assert (mix_weights(np.zeros(5, bool), Setting(share=0.5)) == 1).all()


def test_wrong_synthetic_rows_harm_by_their_share():
    train, _, _ = split()
    made = rows_of(
        pd.concat([train.samples] * 2),
        np.concatenate([train.labels, (train.labels + 1) % 3]),
        np.repeat([False, True], 90),
    )
    assert accuracy(QUICK, Setting(share=0.2), made) > 0.85
    assert accuracy(QUICK, Setting(share=0.8), made) < 0.5


def unequal() -> Training:
    random = np.random.default_rng(0)
    labels = np.repeat([0, 1, 2], [50, 10, 5])
    numbers = random.normal(size=(65, 2)) * [1, 1000] + labels[:, None]
    return Training(np.column_stack([numbers, labels % 2]), labels, np.ones(65))


IS_CATEGORY = np.array([False, False, True])


@pytest.mark.parametrize("method", ["random_over", "smote"])
def test_over_sampling_gives_every_class_twice_the_largest(method):
    rows = treat(unequal(), method, 0.0, IS_CATEGORY, seed=0)
    assert np.bincount(rows.labels).tolist() == [100, 100, 100]
    assert np.array_equal(rows.values[:65], unequal().values)
    for code in range(3):
        own, new = unequal().values[unequal().labels == code], rows.values[65:][rows.labels[65:] == code]
        assert set(new[:, 2]) <= set(own[:, 2])
        assert len(np.unique(new[:, 0])) == len(new)
        assert np.abs(new[:, :2] - own[:, :2].mean(0)).max(0)[1] < 8 * own[:, 1].std()
    again, other = (treat(unequal(), method, 0.0, IS_CATEGORY, seed=seed).values for seed in (0, 1))
    assert np.array_equal(rows.values, again)
    assert not np.array_equal(rows.values, other)


@pytest.mark.parametrize("categories", [0, 1, 2, 3])
def test_smote_takes_any_number_of_categories(categories):
    random = np.random.default_rng(0)
    values = np.column_stack([random.normal(size=(40, 3 - categories)), random.integers(3, size=(40, categories))])
    is_category = np.arange(3) >= 3 - categories
    rows = smote(Training(values, np.repeat([0, 1], [30, 10]), np.ones(40)), is_category, 0)
    assert np.bincount(rows.labels).tolist() == [60, 60]
    assert np.isin(rows.values[:, is_category], [0, 1, 2]).all()


def test_smote_says_what_it_cannot_do(monkeypatch):
    gaps = unequal()
    gaps.values[3, 0] = np.nan
    with pytest.raises(DataError, match="no missing values"):
        smote(gaps, IS_CATEGORY, 0)
    with pytest.raises(DataError, match="two rows of every class"):
        smote(Training(np.eye(3), np.array([0, 0, 1]), np.ones(3)), np.zeros(3, bool), 0)
    monkeypatch.setitem(sys.modules, "imblearn.over_sampling", None)
    with pytest.raises(ConfigError, match="pip install 'ganaug\\[imblearn\\]'"):
        smote(unequal(), IS_CATEGORY, 0)


def test_random_over_sampling_keeps_gaps():
    gaps = unequal()
    gaps.values[:, 0] = np.nan
    found = over_sampled(gaps, IS_CATEGORY, np.random.default_rng(0))
    assert np.isnan(found.values[:, 0]).all()
    assert np.isfinite(found.values[:, 1:]).all()


def test_mixed_rows_lie_between_rows_of_their_class():
    rows = unequal()
    found = mixed(rows, 0.4, IS_CATEGORY, np.random.default_rng(0))
    assert len(found.labels) == 130
    assert found.weights.sum() == pytest.approx(65)
    for code in range(3):
        own, new = rows.values[rows.labels == code], found.values[65:][found.labels[65:] == code]
        assert (new >= own.min(0)).all()
        assert (new <= own.max(0)).all()


def test_class_weights_make_classes_weigh_the_same():
    rows = treat(unequal(), "class_weights", 0.0, IS_CATEGORY, 0)
    assert np.allclose(np.bincount(rows.labels, rows.weights), 65 / 3)


def test_moved_thresholds_find_the_rare_class():
    random = np.random.default_rng(0)
    labels = np.repeat([0, 1], [300, 20])
    frame = pd.DataFrame({"x": random.normal(labels * 1.5, 1), "z": random.normal(size=320)})
    config = TrainConfig(2, 10, 8, 0)
    plain, moved = (
        TABLE.fit_classifier("logistic_regression", rows_of(frame, labels), Setting(method=method), config)(frame)
        for method in ("", "prior")
    )
    odds = (moved[:, 1] / moved[:, 0]) / (plain[:, 1] / plain[:, 0])
    assert np.allclose(odds, 300 / 20)
    assert balanced_accuracy_score(labels, moved.argmax(1)) > balanced_accuracy_score(labels, plain.argmax(1)) + 0.1


def test_classifiers_are_checked_before_they_are_trained():
    every = [Setting(rate) for rate in RATES]
    for name in ("hist_gradient_boosting", "random_forest", "logistic_regression"):
        TABLE.check_classifier(name, every)
    for name, message in {
        "nonsense": "no classifier 'nonsense' of tables",
        "sklearn.svm.LinearSVC": "gives no probabilities",
        "sklearn.naive_bayes.BernoulliNB(alpha=[1, 2])": "lists 2 values",
        "no_such_module:f": "no_such_module",
    }.items():
        with pytest.raises(ConfigError, match=message):
            TABLE.check_classifier(name, every)


@pytest.mark.parametrize("name", ["lightgbm", "xgboost", "catboost"])
def test_a_classifier_that_is_not_installed_is_one_sentence(name, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda package: None)
    with pytest.raises(
        ConfigError, match=f"needs the package {name}, which is not installed; run `pip install {name}`"
    ):
        TABLE.check_classifier(name, [Setting()])


def test_a_classifier_of_ones_own(monkeypatch):
    from sklearn.naive_bayes import GaussianNB

    module = types.ModuleType("mine")
    module.bayes, module.nothing = GaussianNB, lambda: object()
    monkeypatch.setitem(sys.modules, "mine", module)
    assert accuracy("mine:bayes") > 0.8
    with pytest.raises(ConfigError, match="gives no probabilities"):
        TABLE.check_classifier("mine:nothing", [Setting()])


def test_a_class_that_training_lacks_gets_no_probability():
    train, test, config = split()
    some = train.take(train.labels != 1)
    probabilities = TABLE.fit_classifier(QUICK, some, Setting(), config)(test.samples)
    assert (probabilities[:, 1] == 0).all()
    with pytest.raises(DataError, match="two classes at least"):
        TABLE.fit_classifier(QUICK, train.take(train.labels == 0), Setting(), config)


def test_the_same_seed_gives_the_same_classifier():
    train, test, config = split()
    one, again, other = (
        TABLE.fit_classifier(QUICK, train, Setting(), replace(config, seed=seed))(test.samples) for seed in (0, 0, 1)
    )
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)


@pytest.mark.parametrize("load", [load_wine, load_breast_cancer])
def test_the_teacher_is_honest_with_twenty_rows_a_class(load):
    frame, y = load(return_X_y=True, as_frame=True)
    y = y.to_numpy()
    order = np.random.default_rng(1).permutation(len(y))
    train = np.concatenate([order[y[order] == code][:20] for code in np.unique(y)])
    test = np.setdiff1d(order, train)
    counted = []
    progress = types.SimpleNamespace(advance=lambda: counted.append(1))
    teacher = TABLE.teacher(
        frame.iloc[train].reset_index(drop=True),
        y[train],
        len(np.unique(y)),
        steps=7,
        seed=0,
        device="cpu",
        progress=progress,
    )
    probabilities = teacher.predict_proba(frame.iloc[test])
    assert len(counted) == 7
    assert probabilities.dtype == np.float32
    assert (probabilities.argmax(1) == y[test]).mean() > 0.9
    assert expected_calibration_error(y[test], probabilities) < 0.13
    assert teacher.features(frame.iloc[test]).shape[0] == len(test)


def test_features_of_a_table_are_numbers_and_codes():
    days = pd.to_datetime(["2024-01-01", None, "2024-01-03", "2024-01-09"])
    frame = pd.DataFrame({"when": days, "c": ["a", "b", None, "a"], "n": pd.array([1, 2, None, 3], "Int64")})
    features = Features.fit(frame, infer(frame))
    found = features(frame)
    assert features.is_category.tolist() == [False, True, False]
    assert found[2, 0] - found[0, 0] == 2 * 86_400
    assert np.isnan(found[1, 0])
    assert found[:, 1].tolist() == [0, 1, 2, 0]
    assert np.isnan(found[2, 2])
    assert np.isnan(features(frame.assign(c="new"))[:, 1]).all()
    assert features.one_hot(found).shape == (4, 5)
