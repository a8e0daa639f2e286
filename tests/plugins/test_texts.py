"""Texts through the plugins: strings in, strings of the same form out."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from datasets import ClassLabel, Dataset, DatasetDict, Features, Value
from imblearn.pipeline import make_pipeline
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression

from ganaug.errors import ConfigError, DataError
from ganaug.modalities.text.builtin import shop_messages
from ganaug.plugins.huggingface import augment_dataset
from ganaug.plugins.imblearn import GANOverSampler

QUICK = {"steps": 3, "width": 16, "batch_size": 8, "device": "cpu", "random_state": 0}


def unequal() -> tuple[list[str], list[str]]:
    texts, labels = shop_messages(8)
    return texts[:12], labels[:12]


@pytest.mark.parametrize("make", [list, pd.Series, lambda texts: np.array(texts, object)])
def test_imblearn_fills_classes_with_texts(make):
    texts, labels = unequal()
    given = make(texts)
    both, of_both = GANOverSampler(**QUICK).fit_resample(given, labels)
    assert type(both) is type(given)
    assert list(both)[:12] == texts
    assert sorted(of_both) == ["delivery"] * 8 + ["refund"] * 8
    assert all(isinstance(text, str) and text for text in both)
    with pytest.raises(DataError, match="no text in row 1"):
        GANOverSampler(**QUICK).fit_resample(make([texts[0], "", *texts[2:]]), labels)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        GANOverSampler(**QUICK).fit_resample(given, labels[:-1])


def test_texts_are_over_sampled_before_a_vectoriser():
    texts, labels = unequal()
    model = make_pipeline(GANOverSampler(**QUICK), CountVectorizer(), LogisticRegression()).fit(texts, labels)
    assert set(model.predict(texts)) == {"delivery", "refund"}


def test_a_data_set_of_texts_gets_more_of_them():
    texts, labels = unequal()
    names = ["delivery", "refund"]
    features = Features({"text": Value("string"), "label": ClassLabel(names=names), "at": Value("int64")})
    codes = [names.index(label) for label in labels]
    part = Dataset.from_dict({"text": texts, "label": codes, "at": list(range(12))}, features=features)
    more = augment_dataset(DatasetDict(train=part, test=part), text_column="text", ratio=0.5, **QUICK)
    assert more["train"].features["text"] == Value("string")
    assert more["train"][:12]["text"] == texts
    made = more["train"][12:]
    assert all(made["synthetic"])
    assert set(made["at"]) == {None}
    assert len(more["test"]) == 12
    with pytest.raises(DataError, match="'label' of split 'train' holds ClassLabel"):
        augment_dataset(part, text_column="label", label_column="text", **QUICK)
    with pytest.raises(ConfigError, match="texts have no pixels"):
        augment_dataset(part, text_column="text", pixel_range=(0, 1), **QUICK)
