from __future__ import annotations

import datetime
import decimal
import enum

import numpy as np
import pandas as pd
import pytest
import torch

from ganaug.errors import DataError
from ganaug.modalities.labels import encode, to_codes


class Kind(str, enum.Enum):
    A, B = "a", "b"


class Other(enum.Enum):
    THING = 1


@pytest.mark.parametrize(
    "labels",
    [
        ["b", "a", "b"],
        [7, -1, 7],
        [0.5, -2.0, 0.5],
        [True, False, True],
        np.array(["b", "a", "b"], object),
        pd.Series(["b", "a", "b"], dtype="category"),
        pd.Series([2, 1, 2], index=[5, 6, 7]),
        pd.Series(["b", "a", "b"], dtype="string"),
        pd.Series([2, 1, 2], dtype="Int64"),
        torch.tensor([2, 1, 2]),
        *(np.array([2, 1, 2], kind) for kind in ("i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", ">i4")),
    ],
)
def test_labels_of_any_kind(labels):
    classes, codes = encode(labels, 3)
    assert codes.tolist() == [1, 0, 1]
    assert codes.dtype == np.int64
    assert list(classes[codes]) == list(labels)
    assert np.array_equal(to_codes(labels, classes), codes)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (["a", "b"], r"shape \(2,\) for 3 samples: give one label for each"),
        ([["a"], ["b"], ["c"]], r"shape \(3, 1\)"),
        ("abc", r"shape \(\)"),
        ([0.0, np.nan, 1.0], "missing label at row 1"),
        (["a", "b", None], "missing label at row 2"),
        (np.array([1, "one", 2], object), "mixes labels that have no order"),
        ([datetime.date(2020, 1, 1)] * 3, "give strings or numbers"),
        (np.array(["2020-01-01"] * 3, "M8[ns]"), "give strings or numbers"),
        (np.array([1, 2, 3], "m8[ns]"), "give strings or numbers"),
        (np.array([1j, 2, 3]), "give strings or numbers"),
        ([Other.THING] * 3, "give strings or numbers"),
        ([{"name": "cat"}] * 3, "label {'name': 'cat'}: give strings or numbers"),
        ([decimal.Decimal(1)] * 3, "give strings or numbers"),
        (pd.cut([1, 2, 3], 2), "give strings or numbers"),
        (np.eye(3), r"shape \(3, 3\) for 3 samples: give one label"),
        ([["a"], ["a", "b"], []], "several labels in a row: give one"),
        ([1, "one", 2], "mixes labels that have no order"),
        (pd.Series(["a", None, "b"], dtype="string"), "missing label at row 1"),
        (pd.array([1, 2, None], "Int64"), "missing label at row 2"),
        (np.array([b"\xff", b"a", b"a"]), "no text in UTF-8"),
        (torch.ones(3, requires_grad=True), "y is no array .*detach.*: give one label"),
        ({"a", "b", "c"}, r"shape \(\)"),
        (iter("abc"), r"shape \(\)"),
    ],
)
def test_labels_that_cannot_be_used(labels, message):
    with pytest.raises(DataError, match=message):
        encode(labels, 3)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (["a", "z"], "The label 'z' is not one the model was trained on: use those of classes_, a, b"),
        ([0, 1], "The label 0 is not"),
        ([None, "a"], "The label None is not"),
        ([["a"]], r"shape \(1, 1\): give one label for each row"),
        ("a", r"shape \(\)"),
    ],
)
def test_labels_that_the_model_does_not_know(labels, message):
    with pytest.raises(DataError, match=message):
        to_codes(labels, np.array(["a", "b"]))


@pytest.mark.parametrize(
    "labels",
    [
        [b"b", b"a", b"b"],
        np.array([b"b", b"a", b"b"]),
        np.array([b"b", "a", b"b"], object),
        pd.Series([b"b", b"a", b"b"]),
        pd.Series([b"b", b"a", b"b"], dtype="category"),
        [Kind.B, Kind.A, Kind.B],
        pd.Series([Kind.B, Kind.A, Kind.B]),
    ],
)
def test_bytes_and_enumerated_text_are_text(labels):
    classes, codes = encode(labels, 3)
    assert classes.tolist() == ["a", "b"]
    assert codes.tolist() == [1, 0, 1]
    assert to_codes(labels, np.array(["a", "b"])).tolist() == [1, 0, 1]


@pytest.mark.parametrize("labels", [[["a"], ["a", "b"]], [{"a": 1}, "a"], np.array([{}, "a"], object)])
def test_what_no_model_knows_is_refused(labels):
    with pytest.raises(DataError, match=r"one label for each|is not one the model"):
        to_codes(labels, np.array(["a", "b"]))


def test_strings_are_no_numbers():
    with pytest.raises(DataError, match="The label '1' is not one"):
        to_codes(["1"], np.arange(11))


def test_one_label_for_each_image():
    with pytest.raises(DataError, match="one label for each of the 3 samples"):
        to_codes(["a", "b"], np.array(["a", "b"]), 3)


def test_no_labels_are_fine():
    assert to_codes([], np.array(["a", "b"])).tolist() == []
