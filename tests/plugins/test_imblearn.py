from __future__ import annotations

import datetime
import doctest
import enum
import pickle
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
from imblearn.over_sampling import SMOTE
from imblearn.pipeline import Pipeline, make_pipeline
from imblearn.utils import estimator_checks as imblearn_checks
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import load_digits, load_wine
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score, cross_validate
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler
from sklearn.utils import estimator_checks as sklearn_checks

from ganaug import GANAugmenter
from ganaug.errors import ConfigError, DataError
from ganaug.plugins import imblearn as plugin
from ganaug.plugins.imblearn import GANOverSampler, at_least, multiply


def tiny(**parameters: Any) -> GANOverSampler:
    return GANOverSampler(**{"steps": 4, "batch_size": 8, "width": 8, "random_state": 0, "device": "cpu"} | parameters)


def table(sizes: tuple[int, ...] = (20, 8, 4)) -> tuple[np.ndarray, np.ndarray]:
    y = np.repeat(range(len(sizes)), sizes)
    return np.random.default_rng(0).normal(y[:, None], 1, (len(y), 3)), y


def digits() -> tuple[np.ndarray, np.ndarray]:
    """Five zeros, three ones, and one two: uint8 (9, 8, 8)."""
    images, labels = load_digits(return_X_y=True)
    chosen = np.concatenate([np.flatnonzero(labels == label)[:count] for label, count in ((0, 5), (1, 3), (2, 1))])
    return (images[chosen].reshape(-1, 8, 8) * 15.9375).astype(np.uint8), labels[chosen]


# the hosts' own checks


def listed(mark: pytest.MarkDecorator) -> pytest.MarkDecorator:
    """The same parametrisation from a list: pytest no longer likes the generator that imbalanced-learn gives it."""
    names, checks = mark.args
    return pytest.mark.parametrize(names, list(checks), **mark.kwargs)


@pytest.mark.slow
@listed(imblearn_checks.parametrize_with_checks([tiny()]))
def test_imbalanced_learn(estimator, check):
    check(estimator)


@sklearn_checks.parametrize_with_checks([tiny()])
def test_scikit_learn(estimator, check):
    check(estimator)


def test_every_parameter_is_validated():
    imblearn_checks.check_param_validation("GANOverSampler", tiny())


def test_feature_names_are_kept():
    imblearn_checks.check_dataframe_column_names_consistency("GANOverSampler", tiny())


def test_the_examples_of_the_docstrings_run():
    found = doctest.testmod(plugin)
    assert found.attempted > 5
    assert not found.failed


@pytest.mark.slow
def test_importing_it_imports_no_torch():
    code = "import sys, ganaug.plugins.imblearn as p; p.GANOverSampler(device='cuda'); print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "False"


# how many rows


@pytest.mark.parametrize(
    ("strategy", "sizes"),
    [
        ("auto", [20, 20, 20]),
        ("not majority", [20, 20, 20]),
        ("all", [20, 20, 20]),
        ("minority", [20, 8, 20]),
        ("not minority", [20, 20, 4]),
        ({2: 6}, [20, 8, 6]),
        (multiply(1.5), [30, 12, 6]),
        (multiply(1), [20, 8, 4]),
        (at_least(10), [20, 10, 10]),
        (at_least(np.int64(3)), [20, 8, 4]),
        (lambda y: {1: 9}, [20, 9, 4]),
    ],
)
def test_each_class_gets_the_rows_that_the_strategy_asks_for(strategy, sizes):
    rows, y = table()
    res, y_res = tiny(sampling_strategy=strategy).fit_resample(rows, y)
    assert np.bincount(y_res).tolist() == sizes
    assert np.array_equal(res[: len(rows)], rows)
    assert np.array_equal(y_res[: len(y)], y)
    assert len(res) == len(y_res)


def test_a_ratio_is_that_of_two_classes():
    rows, y = table((20, 5))
    assert Counter(tiny(sampling_strategy=0.5).fit_resample(rows, y)[1]) == {0: 20, 1: 10}
    with pytest.raises(ValueError, match="binary"):
        tiny(sampling_strategy=0.5).fit_resample(*table())


@pytest.mark.parametrize("make", [lambda: multiply(0.5), lambda: multiply(float("nan")), lambda: at_least(0)])
def test_a_strategy_that_makes_no_sense_is_refused(make):
    with pytest.raises(ConfigError, match="1 or more"):
        make()


def test_classes_of_one_to_three_rows_which_smote_refuses():
    rows, y = table((12, 3, 2, 1))
    with pytest.raises(ValueError, match="n_neighbors"):
        SMOTE().fit_resample(rows, y)
    res, y_res = tiny().fit_resample(rows, y)
    assert np.bincount(y_res).tolist() == [12] * 4
    assert len(np.unique(res, axis=0)) == 48


@pytest.mark.slow
def test_new_rows_are_of_their_class():
    rows, y = load_wine(return_X_y=True)
    few = np.r_[np.flatnonzero(y < 2), np.flatnonzero(y == 2)[:8]]
    res, y_res = tiny(steps=120, batch_size=32, width=32).fit_resample(rows[few], y[few])
    new, labels = res[len(few) :], y_res[len(few) :]
    judge = make_pipeline(StandardScaler(), LogisticRegression()).fit(rows, y)
    assert (judge.predict(new[labels == 2]) == 2).mean() > 0.9
    assert (judge.predict(new[labels == 0]) == 0).mean() > 0.9


# what goes in comes out


def test_a_dataframe_keeps_its_dtypes_and_ranges():
    n = 30
    random = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "age": random.integers(18, 90, n).astype(np.int8),
            "income": pd.array(random.gamma(2, 1000, n).round(), dtype="Int64"),
            "share": random.random(n).astype(np.float32),
            "member": random.random(n) < 0.5,
            "town": random.choice(["Turin", "Graz"], n),
            "size": pd.Categorical(random.choice(["S", "M"], n), ["S", "M", "L"], ordered=True),
            "since": pd.Timestamp("2020-01-01") + pd.to_timedelta(random.integers(0, 900, n), "D"),
        }
    )
    frame.loc[::4, ["income", "town", "since"]] = None
    y = pd.Series(pd.Categorical(["yes"] * 22 + ["no"] * 8), name="bought", index=range(100, 130))
    frame.index = y.index
    res, y_res = tiny().fit_resample(frame, y)
    pd.testing.assert_frame_equal(res[:n], frame.reset_index(drop=True))
    pd.testing.assert_series_equal(y_res[:n], y.reset_index(drop=True))
    assert res.index.equals(y_res.index)
    assert y_res.value_counts().to_dict() == {"yes": 22, "no": 22}
    new = res[n:]
    for name in ("age", "income", "share", "since"):
        assert new[name].dropna().between(frame[name].min(), frame[name].max()).all()
    assert set(new["town"].dropna()) <= {"Turin", "Graz"}


@pytest.mark.parametrize("dtype", [np.float32, np.int16, np.uint8, bool, object, "<U4"])
def test_an_array_keeps_its_dtype(dtype):
    rows, y = table()
    rows = (rows * 3 + 9).round(1).astype(dtype)
    res, _ = tiny().fit_resample(rows, y)
    assert res.dtype == rows.dtype
    if dtype == "<U4":
        assert set(res.ravel()) == set(rows.ravel())


@pytest.mark.slow
def test_missing_values_are_made_too():
    rows, y = table((20, 10))
    rows[y == 1, 0] = np.nan
    res, _ = tiny(steps=60, batch_size=16).fit_resample(rows, y)
    assert np.isnan(res[30:, 0]).mean() > 0.5
    assert not np.isnan(res[:, 1]).any()


@pytest.mark.slow
@pytest.mark.parametrize("kind", [sparse.csr_matrix, sparse.csc_array])
def test_a_sparse_table_stays_sparse(kind):
    rows, y = table()
    rows = np.where(rows > 1, rows, 0)
    sampler = tiny(steps=60)
    res, _ = sampler.fit_resample(kind(rows), y)
    assert res.format == kind(rows).format
    assert np.allclose(res.toarray(), sampler.fit_resample(rows, y)[0])
    assert (res.toarray()[len(rows) :] == 0).any()


def test_infinite_values_are_refused_by_name():
    rows, y = table()
    frame = pd.DataFrame(rows, columns=["a", "b", "c"]).assign(town="Graz")
    frame.loc[3, "b"] = np.inf
    with pytest.raises(DataError, match="'b' holds an infinite value"):
        tiny().fit_resample(frame, y)


# images


@pytest.mark.parametrize("channels", [None, 1, 3])
def test_images_which_the_host_refuses(channels):
    rows, y = digits()
    rows = rows if channels is None else np.repeat(rows[..., None], channels, axis=-1)
    sampler = tiny(sampling_strategy=at_least(4))
    res, y_res = sampler.fit_resample(rows, y)
    assert res.dtype == np.uint8
    assert res.shape == (13, *rows.shape[1:])
    assert np.array_equal(res[:9], rows)
    assert np.bincount(y_res).tolist() == [5, 4, 4]
    assert len(np.unique(res, axis=0)) == 13
    assert sampler.n_features_in_ == rows[0].size


def test_flattened_images_are_the_same_images():
    rows, y = digits()
    flat, _ = tiny(image_shape=(8, 8)).fit_resample(rows.reshape(-1, 64), y)
    assert np.array_equal(flat.reshape(-1, 8, 8), tiny().fit_resample(rows, y)[0])


@pytest.mark.parametrize("form", ["levels", "share", "frame"])
def test_flattened_images_keep_their_scale(form):
    rows, y = digits()
    flat = rows.reshape(-1, 64) // 16 if form == "levels" else rows.reshape(-1, 64) / np.float32(255)
    flat = pd.DataFrame(flat) if form == "frame" else flat.astype(int) if form == "levels" else flat
    res = tiny(image_shape=(8, 8, 1)).fit_resample(flat, y)[0]
    assert type(res) is type(flat)
    found, given = np.asarray(res), np.asarray(flat)
    assert found.dtype == given.dtype
    assert found.min() >= given.min()
    assert found.max() <= given.max()
    assert len(np.unique(found, axis=0)) == 15


def test_images_of_another_shape_or_kind_are_refused():
    rows, y = digits()
    with pytest.raises(ConfigError, match="64 values"):
        tiny(image_shape=(8, 9)).fit_resample(rows.reshape(-1, 64), y)
    with pytest.raises(DataError, match="uint8"):
        tiny().fit_resample(rows / 255, y)
    gaps = np.where(rows == 255, np.nan, rows).reshape(-1, 64)
    with pytest.raises(DataError, match="missing"):
        tiny(image_shape=(8, 8)).fit_resample(gaps, y)


# seeds, copies, processes


class Word(str, enum.Enum):
    A, B = "a", "b"


LABELS: dict[str, Callable[[list[int]], Any]] = {
    "text": lambda y: ["ab"[k] for k in y],
    "bytes": lambda y: [b"ab"[k : k + 1] for k in y],
    "an array of bytes": lambda y: np.array([b"ab"[k : k + 1] for k in y]),
    "objects": lambda y: np.array(["ab"[k] for k in y], object),
    "objects of bytes": lambda y: np.array([b"ab"[k : k + 1] for k in y], object),
    "a column": lambda y: pd.Series(["ab"[k] for k in y], name="kind"),
    "a column of bytes": lambda y: pd.Series([b"ab"[k : k + 1] for k in y], name="kind"),
    "categories": lambda y: pd.Series(["ab"[k] for k in y], dtype="category"),
    "categories of bytes": lambda y: pd.Series([b"ab"[k : k + 1] for k in y], dtype="category"),
    "enumerated": lambda y: [list(Word)[k] for k in y],
}


@pytest.mark.parametrize("make", LABELS.values(), ids=LABELS)
def test_labels_of_any_type_are_text(make):
    x, _ = table((8, 4))
    labels = make([0] * 8 + [1] * 4)
    found = tiny().fit_resample(x, labels)[1]
    assert type(found) is type(labels)
    assert list(found) == ["a"] * 8 + ["b"] * 8
    assert not isinstance(labels, pd.Series) or (found.name, found.dtype.kind) == (labels.name, "O")


@pytest.mark.filterwarnings("ignore:invalid value encountered in cast")  # the host's, of NaN
@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([None, *[1] * 11], "y holds missing labels"),
        ([np.nan, *[1] * 11], "y holds missing labels"),
        ([datetime.date(2020, 1, 1)] * 12, "convert them"),
        ([{"a": 1}] * 12, "convert them"),
        ([[1, 1, 0]] * 6 + [[1, 0, 0]] * 6, "binarized encoded"),
        ([[1], [1, 0]] * 6, "several labels in a row: give one"),
    ],
)
def test_what_is_no_label_is_refused(labels, message):
    with pytest.raises((ValueError, DataError), match=message):
        tiny().fit_resample(table((8, 4))[0], labels)


@pytest.mark.parametrize("dtype", [np.uint8, bool])
def test_flattened_masks_are_seen_in_full_and_stay_masks(monkeypatch, dtype):
    seen = []
    fit = GANAugmenter.fit
    monkeypatch.setattr(GANAugmenter, "fit", lambda self, X, y: (seen.append(X), fit(self, X, y))[1])  # noqa: N803
    x = np.random.default_rng(0).integers(0, 2, (12, 64)).astype(dtype)
    new, _ = tiny(image_shape=(8, 8)).fit_resample(x, [0] * 8 + [1] * 4)
    assert np.array_equal(seen[0].reshape(12, 64), x * 255)
    assert new.dtype == dtype
    assert 0 < new[12:].astype(float).mean() < 1


@pytest.mark.slow
def test_the_same_seed_gives_the_same_rows_and_another_seed_others():
    rows, y = table()
    first, again, other = (tiny(random_state=s).fit_resample(rows, y)[0] for s in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    stream = np.random.RandomState(0)
    assert not np.array_equal(*(tiny(random_state=stream).fit_resample(rows, y)[0] for _ in range(2)))


def test_global_random_states_are_left_alone():
    import torch

    np.random.seed(1)  # noqa: NPY002 - it is what is tested
    torch.manual_seed(1)
    before = np.random.get_state()[1].copy(), torch.random.get_rng_state()  # noqa: NPY002
    tiny().fit_resample(*table())
    tiny().fit_resample(*digits())
    assert np.array_equal(np.random.get_state()[1], before[0])  # noqa: NPY002
    assert torch.equal(torch.random.get_rng_state(), before[1])


@pytest.mark.parametrize("copied", [clone, lambda s: pickle.loads(pickle.dumps(s))])
def test_copies_do_the_same(copied):
    rows, y = table()
    sampler = tiny(sampling_strategy=multiply(2.0))
    expected = sampler.fit_resample(rows, y)[0]
    again = copied(sampler)
    assert again.get_params().keys() == sampler.get_params().keys()
    assert np.array_equal(again.fit_resample(rows, y)[0], expected)


@pytest.mark.slow
def test_joblib_saves_it_and_other_processes_do_the_same(tmp_path):
    rows, y = table()
    sampler = tiny(sampling_strategy=at_least(9))
    joblib.dump(sampler, tmp_path / "sampler.joblib")
    loaded = joblib.load(tmp_path / "sampler.joblib")
    expected = sampler.fit_resample(rows, y)[0]
    (found, _), _ = joblib.Parallel(2)(joblib.delayed(each.fit_resample)(rows, y) for each in (loaded, loaded))
    assert np.array_equal(found, expected)


# pipelines and searches


def test_a_pipeline_resamples_for_fitting_only():
    rows, y = table((30, 6))
    pipeline = Pipeline([("scale", StandardScaler()), ("gan", tiny()), ("knn", KNeighborsClassifier(1))]).fit(rows, y)
    assert pipeline["knn"].n_samples_fit_ == 60
    assert pipeline.predict(rows).shape == (36,)
    assert pipeline.score(rows, y) == 1.0  # the given rows are among those that the classifier remembers


@pytest.mark.slow
def test_no_fold_learns_from_the_rows_it_is_tested_on():
    rows, y = table((30, 8))
    pipeline = make_pipeline(tiny(), KNeighborsClassifier(1))
    found = cross_validate(pipeline, rows, y, cv=2, return_estimator=True, return_indices=True, error_score="raise")
    for fitted, train, test in zip(
        found["estimator"], found["indices"]["train"], found["indices"]["test"], strict=True
    ):
        learnt_from = fitted[-1]._fit_X  # what the classifier remembers
        assert np.array_equal(learnt_from, tiny().fit_resample(rows[train], y[train])[0])
        assert not (learnt_from[:, None] == rows[test]).all(2).any()


@pytest.mark.slow
def test_cross_validation_scores():
    rows, y = table((30, 8))
    scores = cross_val_score(make_pipeline(tiny(), KNeighborsClassifier(1)), rows, y, cv=4, error_score="raise")
    assert scores.shape == (4,)


@pytest.mark.slow
def test_a_grid_search_tries_its_parameters():
    rows, y = table((30, 6))
    pipeline = Pipeline([("gan", tiny()), ("knn", KNeighborsClassifier(1))])
    grid = {"gan__sampling_strategy": [0.5, multiply(2), at_least(10)], "gan__width": [4, 8]}
    search = GridSearchCV(pipeline, grid, cv=2, scoring="balanced_accuracy", error_score="raise").fit(rows, y)
    assert len(search.cv_results_["params"]) == 6
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    expected = search.best_params_["gan__sampling_strategy"]
    rows = {0.5: 45}.get(expected, 72 if expected is grid["gan__sampling_strategy"][1] else 40)
    assert search.best_estimator_["knn"].n_samples_fit_ == rows
