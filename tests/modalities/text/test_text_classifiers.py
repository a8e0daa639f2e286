"""Arms and classifiers of texts."""

from __future__ import annotations

import re
import sys
from collections import Counter
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from ganaug.errors import ConfigError, DataError
from ganaug.modalities.estimators import is_users
from ganaug.modalities.text import embeddings, masked
from ganaug.modalities.text import synonyms as words
from ganaug.modalities.text.builtin import shop_messages
from ganaug.modalities.text.embeddings import embed, encoder
from ganaug.modalities.text.modality import TextModality
from ganaug.modalities.text.ngrams import NgramModel, draw_texts
from ganaug.modalities.text.treatments import METHODS, aeda, eda, mixed_within, over_sampled, treat
from ganaug.modalities.training import RATES, Setting, TrainConfig, TrainingRows
from ganaug.modalities.treatments import Training

TEXT = TextModality()


def shop(rows: int, seed: int) -> tuple[list[str], np.ndarray]:
    texts, labels = shop_messages(rows, seed)
    return texts, np.unique(labels, return_inverse=True)[1]


def rows_of(texts, codes, synthetic=None) -> TrainingRows:
    made = np.zeros(len(codes), bool) if synthetic is None else synthetic
    return TrainingRows(texts, codes, made, np.ones(len(codes), np.float32), TEXT.ids(texts))


def accuracy(name: str, setting: Setting = Setting(), rows: TrainingRows | None = None) -> float:  # noqa: B008 - frozen
    predict = TEXT.fit_classifier(name, rows or rows_of(*shop(12, 0)), setting, TrainConfig(4, 0, 0, 0))
    texts, codes = shop(20, 7)
    found = predict(texts)
    assert found.shape == (80, 4)
    np.testing.assert_allclose(found.sum(1), 1, atol=1e-6)
    return float((found.argmax(1) == codes).mean())


@pytest.mark.parametrize("name", [*TEXT.classifiers, "sklearn.naive_bayes.MultinomialNB"])
def test_classifiers_learn_what_messages_are_about(name):
    assert accuracy(name) > 0.55
    assert accuracy(name) == accuracy(name)


def users_pipeline():
    return make_pipeline(CountVectorizer(), LogisticRegression())


def test_a_function_of_yours_makes_a_classifier_of_the_texts_themselves():
    assert accuracy(f"{__name__}:users_pipeline") > 0.5


KINDS = (
    "my|parcel|courier|box|driver|tracking",
    "refund|money|back|paid|invoice",
    "account|log|password",
    "good|happy",
)


class SentenceTransformer:
    """Stands for that of sentence-transformers: how often words of each kind stand in a text."""

    asked: list[int] = []  # noqa: RUF012

    def __init__(self, model: str, device: str | None = None) -> None:
        if model != "tiny":
            raise OSError(f"{model} is not a local folder and is not a valid model identifier")

    def encode(self, texts: list[str], show_progress_bar: bool = True) -> np.ndarray:
        self.asked.append(len(texts))
        return np.array([[1 + len(re.findall(kind, text)) for kind in KINDS] for text in texts], np.float64)


def own_features():
    return SentenceTransformer("tiny").encode


def no_features():
    return lambda texts: np.zeros((1, 2))


@pytest.fixture
def library(monkeypatch):
    for cache in (encoder, embeddings._embedded):
        cache.cache_clear()
    SentenceTransformer.asked.clear()
    module = SimpleNamespace(SentenceTransformer=SentenceTransformer)
    monkeypatch.setitem(sys.modules, "sentence_transformers", module)
    yield
    encoder.cache_clear()
    embeddings._embedded.cache_clear()


def test_embeddings_are_made_once_and_classified(library):
    name = "sentence_transformers:tiny"
    TEXT.check_classifier(name, [Setting(), Setting(RATES[1])])
    found = accuracy(name)
    assert found > 0.5
    assert sorted(SentenceTransformer.asked) == [48, 80]
    assert accuracy(name, Setting(mixup=0.4)) > 0.5
    assert accuracy(name, Setting(strength=1.0)) > 0.5
    assert sorted(SentenceTransformer.asked) == [48, 80, 240]  # test texts and those that were seen are known
    assert np.linalg.norm(embed(name, ["my refund", "x"], "cpu"), axis=1) == pytest.approx([1, 1])


def test_embeddings_of_your_own(library):
    name = f"features:{__name__}:own_features"
    assert accuracy(name) == accuracy("sentence_transformers:tiny")
    assert is_users(name)  # whose code may change: its trainings are not kept
    assert not is_users("sentence_transformers:tiny")
    with pytest.raises(ConfigError, match=r"made an array of shape \(1, 2\) of 48 texts"):
        accuracy(f"features:{__name__}:no_features")
    with pytest.raises(ConfigError, match="cannot be imported"):
        TEXT.check_classifier("features:no.such:thing", [Setting()])
    with pytest.raises(ConfigError, match=r"cannot load 'other'.*not a local folder"):
        TEXT.check_classifier("sentence_transformers:other", [Setting()])


def test_what_is_missing_for_embeddings_is_said(monkeypatch):
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(ConfigError, match=r"pip install 'ganaug\[sentences\]'"):
        TEXT.check_classifier("sentence_transformers:tiny", [Setting()])


def test_embeddings_are_asked_for_where_none_are_tried():
    assert TEXT.better_classifier(["tfidf_linear_svm"]).startswith("First try sentence embeddings")
    for name in ("sentence_transformers:tiny", "features:module:function", "module:function"):
        assert not TEXT.better_classifier(["tfidf_linear_svm", name])


@pytest.mark.slow
@pytest.mark.parametrize(
    "setting",
    [
        Setting(strength=1.0), Setting(strength=0.5, learning_rate=RATES[1]), Setting(mixup=0.4),
        *(Setting(method=method) for method in METHODS),
    ],
)  # fmt: skip
def test_every_arm_trains_a_classifier(setting, monkeypatch):
    monkeypatch.setattr(masked, "STEPS", 10)
    assert accuracy("tfidf_logistic_regression", setting) > 0.5


def test_synthetic_texts_count_by_their_share():
    texts, codes = shop(12, 0)
    wrong = rows_of(texts + shop(12, 3)[0], np.concatenate([codes, (codes + 1) % 4]), np.arange(96) >= 48)
    little, much = (accuracy("tfidf_linear_svm", Setting(share=share), wrong) for share in (0.02, 0.9))
    assert little > 0.55 > 0.3 > much
    alone = accuracy("tfidf_linear_svm", rows=rows_of(texts, codes, np.ones(48, bool)))
    assert alone > 0.55
    with pytest.raises(DataError, match="two classes at least"):
        accuracy("tfidf_linear_svm", rows=rows_of(texts[:12], codes[:12]))


@pytest.mark.parametrize("name", ["minirocket", "sklearn.svm.LinearSVC", "sklearn.no.Such"])
def test_what_is_no_classifier_of_texts_is_refused(name):
    with pytest.raises(ConfigError):
        TEXT.check_classifier(name, [Setting()])


def test_a_method_of_other_samples_is_refused():
    training = Training(["a", "b"], np.eye(2), np.ones(2), np.ones(2, bool))
    with pytest.raises(ConfigError, match="no treatment 'smote' of texts"):
        treat(training, Setting(method="smote"), 0)


def test_copies_are_changed_and_weigh_with_their_text_as_much_as_it_did():
    training = Training(["one two three", "four five"], np.eye(2), np.array([1.0, 3.0]), np.ones(2, bool))
    for setting in (Setting(strength=1.0), Setting(method="aeda")):
        found = treat(training, setting, 0)
        assert found.samples[:2] == training.samples
        assert len(found.samples) == 10
        assert found.real.tolist() == [True, True] + [False] * 8
        np.testing.assert_allclose(found.targets.T @ found.weights, [1.0, 3.0])
        assert treat(training, setting, 0).samples == found.samples


def test_eda_swaps_leaves_out_and_replaces_words(tmp_path, monkeypatch):
    random = np.random.default_rng(0)
    text = "alpha beta gamma delta epsilon"
    seen = [sorted(eda(text, 1.0, random).split()) for _ in range(60)]
    assert Counter(map(len, seen)).keys() == {4, 5}  # without WordNet
    assert eda("alone", 3.0, random) == "alone"
    data = "  1 a licence\n00001740 03 n 03 alpha 0 first 0 a_pair 0 001 @ 00001741 n 0000 | a letter\n"
    (tmp_path / "data.noun").write_text(data)
    monkeypatch.setattr(words, "FOLDER", tmp_path)
    assert words.synonyms("Alpha") == ["first"]
    assert words.synonyms("beta") == []
    more = {eda(text, 1.0, random) for _ in range(60)}
    assert any(made.split()[0] == "first" for made in more)  # replaced
    assert any("alpha" in made and "first" in made for made in more)  # put in


def test_aeda_puts_signs_in_and_nothing_else():
    random = np.random.default_rng(0)
    text = "one  two three\nfour five six"
    for _ in range(20):
        made = aeda(text, random)
        assert 1 <= sum(made.count(sign) for sign in ".;?:!,") <= 2
        assert [word for word in made.split() if word.isalpha()] == text.split()


def test_texts_drawn_again_are_some_of_their_words():
    made = over_sampled(["a b c d e f g h", "x"], 40, np.random.default_rng(0))
    assert len(made) == 40
    assert all(set(text) <= set("a b c d e f g h") or text == "x" for text in made)
    assert len(set(made)) > 5


def test_the_ngram_model_draws_by_the_counts_of_what_comes_next():
    texts = ["a b c", "a b d", "a b d", "a x d"]
    model = NgramModel(texts)
    random = np.random.default_rng(0)
    drawn = Counter(model.draw(random) for _ in range(2_000))
    assert drawn["a b d"] > drawn["a b c"] > 50
    assert drawn["a x d"] > 50
    assert any(text not in texts for text in drawn)  # by fewer words than two
    assert {word for text in drawn for word in text.split()} <= set("abcdx")
    assert len(draw_texts(["ok", "ok then"], 5, random)) == 5


@pytest.mark.slow
def test_the_masked_model_fills_in_words_of_the_same_kind_under_the_label():
    names = ("Ann", "Bob", "Cid", "Dan")
    texts = [f"{name} likes {what}!" for name in names for what in ("tea", "milk", "soup")]
    texts += [f"{name} went {where}." for name in names for where in ("home", "north", "away")]
    labels = np.repeat([0, 1], 12)
    model = masked.MaskedModel(texts, labels, 0)
    likes = model.draw(texts[:12] * 5, 0, np.random.default_rng(0))
    assert len(likes) == 60
    assert {text.split()[0] for text in likes} == set(names)
    assert sum("likes" in text for text in likes) > 54
    assert len(set(likes)) > 10
    assert model.draw(texts[:12] * 5, 0, np.random.default_rng(0)) == likes
    again = masked.MaskedModel(texts, labels, 0).draw(texts[:12] * 5, 0, np.random.default_rng(0))
    assert again == likes
    assert masked.MaskedModel(texts, labels, 1).draw(texts[:12] * 5, 0, np.random.default_rng(0)) != likes


def test_mixed_features_lie_between_those_of_their_class():
    from scipy.sparse import csr_matrix

    features = csr_matrix(np.eye(4))
    found, labels, weights = mixed_within(features, np.array([0, 0, 1, 1]), np.ones(4), 0.4, 0)
    assert found.shape == (8, 4)
    np.testing.assert_allclose(found.sum(1), 1)
    assert labels.tolist() == [0, 0, 1, 1] * 2
    assert weights.sum() == 4
    assert not found[4:6, 2:].toarray().any()


def test_the_teacher_knows_its_texts_and_has_features_of_few_numbers():
    texts, codes = shop(12, 0)
    teacher = TEXT.teacher(texts, codes, 4, steps=3, seed=0, device="cpu")
    assert teacher.predict_proba(texts)[np.arange(48), codes].min() > 0.5
    assert teacher.predict_proba([]).shape == (0, 4)
    features = teacher.features(texts)
    assert features.shape == (48, 47)
    assert teacher.features([]).shape == (0, 47)
    np.testing.assert_array_equal(
        features, TEXT.teacher(texts, codes, 4, steps=3, seed=0, device="cpu").features(texts)
    )
    few = TEXT.teacher(["a b", "c d"], np.array([0, 1]), 2, steps=1, seed=0, device="cpu")
    assert few.features(["a"]).shape == (1, 1)
