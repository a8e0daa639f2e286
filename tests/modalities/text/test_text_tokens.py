"""Texts in memory, and the tokens that they are for networks."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ganaug.errors import DataError
from ganaug.modalities import modality_of
from ganaug.modalities.text import vocabulary
from ganaug.modalities.text.codec import TextCodec
from ganaug.modalities.text.modality import TextModality
from ganaug.modalities.text.vocabulary import LENGTH, Vocabulary, pieces
from ganaug.utils.samples import concat, take

TEXT = TextModality()
LETTERS = st.characters(exclude_categories=["Cs"])
ANY = st.text(LETTERS | st.sampled_from(" \n\t'.,!aZ9é\u0301\u200d👍🏽🇩🇪नमस्ते你好שלום"), max_size=40)


@given(st.lists(ANY, min_size=1, max_size=4), ANY)
@settings(max_examples=150, deadline=None)
def test_any_text_survives_the_way_to_tokens_and_back(training, other):
    known = Vocabulary.fit(training)
    for text in (*training, other):
        assert "".join(pieces(text)) == text
        tokens = known.encode(text)
        assert known.decode(tokens) == text
        assert all(0 < token < len(known) for token in tokens)
    if all(training):
        codec = TextCodec.fit(training)
        inputs = codec.to_inputs(*map(torch.from_numpy, codec.to_arrays(training)))
        assert codec.to_samples(inputs) == training


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("Don't  stop, Zoé!", ["Don't", " ", " stop", ",", " Zoé", "!"]),
        ("e\u0301t\u00e9 नमस्ते", ["e\u0301té", " नमस्ते"]),
        ("👍🏽👩\u200d👩\u200d👧 🇩🇪\n£5", ["👍🏽", "👩\u200d👩\u200d👧", " 🇩🇪", "\n", "£", "5"]),
        ("你好。שלום עולם", ["你", "好", "。", "שלום", " עולם"]),
    ],
)
def test_words_signs_and_emojis_are_pieces(text, cut):
    assert pieces(text) == cut


def test_what_is_not_in_the_training_texts_is_spelt_in_bytes_and_never_filled_in():
    known = Vocabulary.fit(["one two"])
    assert known.encode("one") == [known.encode("one two")[0]]
    assert all(token <= vocabulary.BYTES for token in known.encode("three"))
    assert known.first > vocabulary.BYTES


def test_the_commonest_words_are_tokens_and_kinds_lie_together(monkeypatch):
    monkeypatch.setattr(vocabulary, "MOST_TOKENS", 5)
    known = Vocabulary.fit(["a b, b, B 7 rare", "a b, b, B 7", "a b b"])
    assert len(known.tokens) == 5
    assert " b" in known.tokens
    assert " rare" not in known.tokens
    assert sum(known.kinds) == len(known) - known.first
    everything = Vocabulary(tuple(sorted([" a", " b", ",", " 7", " B", "x", "\n"], key=vocabulary.kind)))
    assert everything.kinds == (1, 1, 1, 1, 2)  # a sign, a word; a number, a capital, and words after a space
    assert everything.first == 1 + vocabulary.BYTES + 1


def test_networks_see_the_first_tokens_of_long_texts():
    long = " ".join(["word"] * 300)
    codec = TextCodec.fit([long, "short"])
    assert codec.length == LENGTH
    assert codec.to_samples(codec.to_inputs(torch.from_numpy(codec.to_arrays([long])[0]))) == [
        " ".join(["word"] * LENGTH)
    ]


@pytest.mark.parametrize("make", [list, tuple, np.array, lambda texts: np.array(texts, object), pd.Series])
def test_texts_of_any_form_come_back_in_it(make):
    given = make(["a b", "c", "d e f"])
    assert modality_of(given).name == "text"
    held, spec = TEXT.infer(given)
    assert held == ["a b", "c", "d e f"]
    assert spec.longest == 5
    assert TEXT.spec_of(spec.to_json()) == spec
    back = TEXT.restore(concat([take(held, [1]), take(held, np.array([True, False, False]))]), spec)
    assert list(back) == ["c", "a b"]
    assert isinstance(back, pd.Series) == isinstance(given, pd.Series)
    assert isinstance(back, np.ndarray) == isinstance(given, np.ndarray)
    assert len(TEXT.restore([], spec)) == 0


@pytest.mark.parametrize(
    ("texts", "says"),
    [
        ([], "X holds no text at all"),
        (["a", " \n"], "X has no text in row 1"),
        (["a", None], "X has no text in row 1"),
        (["a", float("nan")], "X has no text in row 1"),
        (["a", 3], "X has a int in row 1"),
        (["a", "b\0c"], "X has a NUL character in row 1"),
        (["a", "\ud83d"], "X has half of a character"),
        (["a", "b" * 100_000], "X has 100,000 characters, more than 20,000 in row 1"),
        (["a", b"\xff"], "which is no text in UTF-8"),
        (["same"] * 5, "X holds one text again and again"),
        ("a text", "X is a str"),
        (np.array([["a"]]), "X is a ndarray"),
    ],
)
def test_bad_texts_are_refused_in_a_sentence(texts, says):
    with pytest.raises(DataError, match=says) as refused:
        TEXT.infer(texts)
    assert "\n" not in str(refused.value)


def test_what_is_no_list_of_texts_is_not_taken_for_it():
    for other in (np.zeros((3, 20)), [np.zeros(20)], pd.DataFrame({"a": ["b"]}), np.array([["a"]]), [], "abc"):
        assert not TEXT.recognises(other)


def test_likeness_grows_with_the_words_shared_and_copies_are_found_whatever_their_case():
    texts = ["Call me now!", "call me, NOW", "Call me later", "Nothing of the kind", "😀", "😀😀"]
    far = np.sqrt(((TEXT.embed(texts, None)[0] - TEXT.embed(texts, None)) ** 2).mean(1))
    assert far[0] == 0
    assert far[1] == 0 < far[2] < far[3]
    assert 0.9 < far[3] < 1.1
    assert TEXT.embed([], None).shape[0] == 0
    assert len(set(TEXT.duplicates(texts, None, near=True))) == 5
    assert len(set(TEXT.duplicates(texts, None, near=False))) == 6
    known = TEXT.originals(texts[:1], None)
    assert known.copies(["CALL ME now", "call him now"]).tolist() == [True, False]
    assert len(set(TEXT.ids(texts))) == 6
