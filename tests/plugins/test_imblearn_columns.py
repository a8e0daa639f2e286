"""Columns and labels of all types, good and bad, through `GANOverSampler`."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from every_column import KINDS, PAIRED, N

from ganaug import augmenter
from ganaug.errors import DataError
from ganaug.gan.loop import TrainingLog
from ganaug.gan.setup import Data, Trained
from ganaug.plugins.imblearn import GANOverSampler


def tiny(**parameters: Any) -> GANOverSampler:
    return GANOverSampler(**{"steps": 4, "batch_size": 8, "width": 8, "random_state": 0, "device": "cpu"} | parameters)


FEW = np.array(["many"] * 9 + ["few"] * 3)


@pytest.fixture
def untrained(monkeypatch: pytest.MonkeyPatch) -> None:
    """Instead of a training, its codec: a network that says anything."""

    def train(params: dict[str, Any], data: Data, seed: int, snapshot: Any) -> Trained:
        codec = data.modality.codec(data.samples, data.spec)
        architecture = data.modality.architecture(codec, len(data.classes), params, 0)
        generator, discriminator = architecture.build(seed)
        torch.nn.init.normal_(generator.exit.weight, generator=torch.Generator().manual_seed(0))
        return Trained(codec, architecture, generator, discriminator, TrainingLog(), None, None)

    monkeypatch.setattr(augmenter, "train", train)


def check_resampled(frame: pd.DataFrame, res: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(res[:N], frame, check_exact=True)
    for name in frame:
        old, new = (list(column.dropna()) for column in (frame[name], res[name][N:]))
        on_grid = KINDS[name].on_grid
        assert all(min(old) <= value <= max(old) and on_grid(value) if on_grid else value in old for value in new)


@pytest.mark.slow
@pytest.mark.parametrize("first", range(len(PAIRED)))
def test_any_two_types_of_columns_go_together(untrained, first):
    sampler = tiny()
    for second in PAIRED[first + 1 :]:
        frame = pd.DataFrame({name: KINDS[name].column for name in (PAIRED[first], second)})
        check_resampled(frame, sampler.fit_resample(frame, FEW)[0])
        assert sampler.feature_names_in_.tolist() == [PAIRED[first], second]


@pytest.mark.slow
def test_columns_of_all_types_are_learnt_together():
    names = [*KINDS][::4] + PAIRED
    frame = pd.DataFrame({name: KINDS[name].column for name in names})
    res, y_res = tiny().fit_resample(frame, FEW)
    assert Counter(y_res) == {"many": 9, "few": 9}
    check_resampled(frame, res)


@pytest.mark.parametrize(
    "dtype",
    [
        "str", "string", "object", "category", "bool", "boolean", "int8", "uint64", "Int64", "UInt8", "Float64",
        "string[pyarrow]", "int64[pyarrow]", "bool[pyarrow]", "datetime64[ns]",
        pd.CategoricalDtype(["no", "yes", "never"], ordered=True),
    ],
)  # fmt: skip
@pytest.mark.parametrize("form", ["series", "array", "index", "frame"])
def test_labels_keep_their_dtype(untrained, dtype, form):
    text = "str" in str(dtype) or dtype in ("object", "category") or isinstance(dtype, pd.CategoricalDtype)
    y = pd.Series(np.where(FEW == "few", *(("yes", "no") if text else (1, 0))), name="y").astype(dtype)
    given = {
        "series": y,
        "array": y.array if isinstance(y.dtype, pd.api.extensions.ExtensionDtype) else y.to_numpy(),
        "index": pd.Index(y),
        "frame": y.to_frame(),
    }[form]
    _, found = tiny().fit_resample(pd.DataFrame({"a": range(12)}), given)
    assert type(found) is type(given)
    found = found.iloc[:, 0] if form == "frame" else found
    assert found.dtype == y.dtype
    assert list(found) == [*y, *[y.iloc[-1]] * 6]


@pytest.mark.parametrize("dtype", ["int64", "Int64", "uint64", "int64[pyarrow]"])
def test_labels_beyond_the_precision_of_floats_are_told_apart(untrained, dtype):
    y = pd.Series(np.where(FEW == "few", 2**60, 2**60 + 1)).astype(dtype)
    _, y_res = tiny(sampling_strategy={2**60: 5}).fit_resample(pd.DataFrame({"a": range(12)}), y)
    assert y_res.dtype == y.dtype
    assert [int(label) for label in y_res[12:]] == [2**60] * 2


def test_one_column_a_class_is_a_form_of_labels_too(untrained):
    y = pd.get_dummies(pd.Series(["a"] * 7 + ["b"] * 3 + ["c"] * 2), dtype=int)
    _, y_res = tiny().fit_resample(pd.DataFrame({"a": range(12)}), y)
    assert y_res.sum().to_dict() == {"a": 7, "b": 7, "c": 7}


@pytest.mark.parametrize(
    ("y", "message"),
    [
        ([*FEW[:-1], None], "y holds missing labels"),
        (pd.Series([1] * 9 + [2] * 2 + [None], dtype="Int64"), "y holds missing labels"),
        (pd.Series([*FEW[:-1], None], dtype="category"), "y holds missing labels"),
        (np.array([1, "a"] * 6, object), "y holds labels of several types"),
        (pd.Series(pd.period_range("2024", periods=12, freq="D")), "y holds labels of several types, or of one"),
    ],
)
def test_labels_that_are_none_are_refused(y, message):
    with pytest.raises(DataError, match=message):
        tiny().fit_resample(pd.DataFrame({"a": range(12)}), y)


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (pd.DataFrame(np.ones((12, 2)), columns=["a", "a"]), "X has several columns named 'a'"),
        (pd.DataFrame(index=range(12)), "X has no columns"),
        (pd.DataFrame({"a": range(12), "b": [[1]] * 12}), "The column 'b' holds values that are neither"),
        (pd.DataFrame({"a": range(12), "b": [1, "x"] * 6}), "The column 'b' holds values of several types"),
        (pd.DataFrame({"a": range(12), "b": [object()] * 12}), "The column 'b' holds object objects, which cannot"),
        (pd.DataFrame({"a": range(12), "b": [1j] * 12}), "The column 'b' holds complex numbers"),
        (np.array([[1, "x"], ["y", "z"]] * 6, object), "The column 0 holds values of several types"),
    ],
)
def test_tables_that_cannot_be_learnt_are_refused_in_a_sentence(frame, message):
    with pytest.raises(DataError, match=message):
        tiny().fit_resample(frame, FEW)


@pytest.mark.parametrize(
    "names", [[0, 1], [2.5, np.nan], pd.MultiIndex.from_tuples([("a", 0), ("a", 1)]), pd.CategoricalIndex(["x", "y"])]
)
def test_names_of_columns_need_not_be_strings(untrained, names):
    frame = pd.DataFrame(np.arange(24.0).reshape(12, 2), columns=names)
    res, _ = tiny().fit_resample(frame, FEW)
    assert res.columns.equals(frame.columns)
    pd.testing.assert_frame_equal(res[:12], frame)


def test_columns_and_classes_of_which_there_is_next_to_nothing():
    frame = pd.DataFrame(
        {"empty": [np.nan] * 12, "none": [None] * 12, "gone": pd.array([None] * 12, "Int64"), "one": 1}
    )
    y = ["a"] * 6 + ["b"] * 5 + ["c"]
    res, y_res = tiny().fit_resample(frame, y)
    assert Counter(y_res) == {"a": 6, "b": 6, "c": 6}
    assert res.dtypes.equals(frame.dtypes)
    assert res[["empty", "none", "gone"]].isna().all(axis=None)
    assert res["one"].eq(1).all()


def test_rows_are_complete_also_where_columns_tell_rows_apart_or_hold_free_text(untrained):
    """Of which the modality makes new ones or none; and a fold of few rows must not do otherwise than all of them."""
    n = 40
    frame = pd.DataFrame({
        "id": range(100, 100 + n), "code": [f"u{i}" for i in range(n)], "x": np.linspace(0, 1, n) ** 2,
        "note": [f"a sentence about the thing {i}" for i in range(n)],
    })  # fmt: skip
    for rows, y in ((frame, ["a"] * 30 + ["b"] * 10), (frame[:12], FEW)):
        res, _ = tiny().fit_resample(rows, y)
        new = res[len(rows) :]
        assert res.dtypes.equals(rows.dtypes)
        assert new["id"].between(rows["id"].min(), rows["id"].max()).all()
        assert new["code"].isin(rows["code"]).all()
        assert new["note"].isin(rows["note"]).all()


def test_an_array_of_objects_keeps_what_is_missing_and_a_list_its_numbers(untrained):
    rows = [[i % 5, "abc"[i % 3], None if i % 3 else 1.5 * i] for i in range(12)]
    listed, _ = tiny().fit_resample([row[:2] for row in rows], list(FEW))
    res, _ = tiny().fit_resample(np.array(rows, object), FEW)
    assert [row[:2] for row in rows] == listed[:12]
    assert rows == res[:12].tolist()
    for row in [*listed[12:], *res[12:].tolist()]:
        assert [type(value) for value in row[:2]] == [int, str]
    assert all(value is None or type(value) is float for value in res[:, 2])


@pytest.mark.parametrize("dtype", ["int64", "uint64", "float16", "datetime64[ns]", "timedelta64[s]"])
def test_arrays_of_wide_types_lose_nothing(untrained, dtype):
    whole = np.arange(36).reshape(12, 3) * 7
    rows = (whole + (0 if dtype == "float16" else 2**61)).astype(dtype)
    res, _ = tiny().fit_resample(rows, FEW)
    assert res.dtype == rows.dtype
    assert np.array_equal(res[:12], rows)
    steps = (res[12:] - rows.min()).astype(np.int64)
    assert (steps % 7 == 0).all()
    assert ((steps >= 0) & (steps <= whole.max())).all()
