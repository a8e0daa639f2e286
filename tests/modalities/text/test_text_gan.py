"""The GAN of texts, through the front door."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from ganaug import GANAugmenter
from ganaug.errors import ConfigError, DataError, ModelError
from ganaug.gan.infilling import HiddenPrior
from ganaug.gan.trainer import Trainer
from ganaug.modalities.infilling import hide, passes, sample_tokens
from ganaug.modalities.text.vocabulary import pieces
from ganaug.synthesis.select import Selection

QUICK = {"steps": 60, "batch_size": 32, "width": 32, "device": "cpu", "random_state": 0}
NAMES, PLACES = ("Ann", "Bob", "Cid", "Dan"), ("home", "work", "school", "town")


def notes() -> tuple[list[str], list[str]]:
    """Texts of two classes: who likes what, and who went where; not all that there might be."""
    likes = [f"{name} likes {what}!" for name in NAMES for what in ("tea", "milk", "soup")]
    trips = [f"{name} went {place} at {hour}." for name in NAMES for place in PLACES for hour in (7, 9)]
    some = [texts[i] for texts in (likes, trips) for i in range(len(texts)) if i % 5 not in (1, 4)]
    return some, ["likes" if "likes" in text else "trips" for text in some]


@pytest.fixture(scope="module")
def fitted() -> GANAugmenter:
    return GANAugmenter(**QUICK).fit(*notes())


@pytest.mark.slow
def test_texts_are_filled_in_by_words_of_the_same_kind_and_stay_of_their_class(fitted):
    texts = notes()[0]
    made, of_made = fitted.sample(per_class=40, random_state=0)
    assert isinstance(made, list)
    known = {piece for text in texts for piece in pieces(text)}
    assert all(set(pieces(text)) <= known for text in made)
    assert {text[-1] for text in made} == {"!", "."}
    assert all(pieces(text)[0] in NAMES for text in made)
    assert len(set(made)) > 10
    likes = np.array(["likes" in text for text in made])
    assert (likes == (of_made == "likes")).mean() > 0.9
    assert set(made) - set(texts)


@pytest.mark.slow
def test_a_saved_model_makes_the_same_texts(fitted, tmp_path):
    made, labels = fitted.sample(per_class=5, random_state=3)
    fitted.save(tmp_path / "model")
    again = GANAugmenter.load(tmp_path / "model", device="cpu")
    assert again.sample(y=labels, random_state=3)[0] == made
    assert np.array_equal(again.score_real(made, labels), fitted.score_real(made, labels))
    shown = json.loads(next((tmp_path / "model" / "samples").glob("*.json")).read_text(encoding="utf-8"))
    assert len(shown) == 16
    config = tmp_path / "model" / "config.json"
    whole = config.read_text()
    for old, new in (
        ('"width": 32', '"width": 32000'),
        ('"length": ', '"length": 99'),
        ('"first": 2', '"first": 9999'),
    ):
        config.write_text(whole.replace(old, new))
        with pytest.raises(ModelError):
            GANAugmenter.load(tmp_path / "model", device="cpu")


def test_versions_of_given_texts_are_like_them_whatever_their_class(fitted, tmp_path):
    given = ["Ann went oé.", "Bob likes tea!"]
    made, labels = fitted.vary(given, ["elsewhere", "likes"], versions=8, random_state=0)
    assert labels.tolist() == ["elsewhere"] * 8 + ["likes"] * 8
    assert all(" oé" in text for text in made[:8])
    assert all(len(pieces(text)) == 4 for text in made[8:])
    assert len(set(made)) > 6
    for more in ({"style": given}, {"group": "a"}):
        with pytest.raises(ConfigError, match="have no style"):
            fitted.vary(given, ["likes"] * 2, **more)
    fitted.set_params(keep_rows=False).save(tmp_path / "model")
    fitted.set_params(keep_rows=True)
    alone = GANAugmenter.load(tmp_path / "model", device="cpu")
    assert alone.vary(given, ["elsewhere", "likes"], versions=8, random_state=0)[0] == made
    with pytest.raises(ConfigError, match="saved without its training rows"):
        alone.sample(per_class=1)


def test_augmented_texts_begin_with_those_given_and_none_is_a_copy(fitted):
    texts, labels = notes()
    both, of_both = fitted.augment(texts, labels, ratio=0.5, selection=Selection(filters=["copy"]))
    assert both[: len(texts)] == texts
    assert of_both[: len(texts)].tolist() == labels
    assert len(both) > len(texts)
    assert not set(both[len(texts) :]) & set(texts)


def test_a_text_whose_decisive_word_was_replaced_is_dropped(fitted, monkeypatch):
    texts, labels = notes()
    swapped = [text.replace("likes", "went").replace("!", ".") for text in texts if "likes" in text]
    monkeypatch.setattr(fitted, "_draw", lambda codes, **_: (swapped * 9)[: len(codes)])
    (found, *_) = fitted.candidates(texts, labels, {"likes": 12}, Selection(filters=["confidence"]))
    assert set(found.reasons) == {"confidence"}


@pytest.mark.slow
def test_training_resumes_to_the_byte_and_unlabelled_texts_teach(tmp_path, monkeypatch, capsys):
    texts, labels = notes()
    more = [f"Eve went {place}" for place in PLACES]
    options = QUICK | {"steps": 12, "batch_size": 8, "width": 16}
    fitted = GANAugmenter(**options, verbose=True).fit(texts, labels, unlabelled=more)
    assert "X is read as texts of up to 21 characters" in capsys.readouterr().err
    assert "Eve" in fitted._realism.codec.vocabulary.tokens
    made = fitted.sample(per_class=3, random_state=0)[0]
    step, taken = Trainer.train_step, []

    def stops(self):
        taken.append(self.step)
        if len(taken) == 7:
            raise KeyboardInterrupt
        return step(self)

    fresh = GANAugmenter(**options, checkpoint_dir=str(tmp_path))
    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "train_step", stops)
        with pytest.raises(KeyboardInterrupt):
            fresh.fit(texts, labels, unlabelled=more)
    assert fresh.fit(texts, labels, unlabelled=more).sample(per_class=3, random_state=0)[0] == made


def test_what_texts_do_not_have_is_refused():
    texts, labels = notes()
    with pytest.raises(ConfigError, match="none of for the modality 'text': choose one of translation"):
        GANAugmenter(**QUICK, generator="latent").fit(texts, labels)
    with pytest.raises(ConfigError, match="texts have no invariance 'shift'"):
        GANAugmenter(**QUICK, invariances=["shift"]).fit(texts, labels)
    with pytest.raises(DataError, match="no text in row 1"):
        GANAugmenter(**QUICK).fit(["a", ""], ["x", "y"])


@pytest.mark.slow
def test_a_warm_start_from_other_words_is_refused(fitted, tmp_path):
    fitted.save(tmp_path)
    texts, labels = notes()
    others = [text.replace(" tea", " pie") for text in texts]
    assert others != texts
    with pytest.raises(ModelError, match=r"made of other things \(.*stands here\): start from a model of the same"):
        GANAugmenter(**QUICK, warm_start=tmp_path).fit(others, labels)
    assert len(GANAugmenter(**QUICK, warm_start=tmp_path).fit(texts, labels).sample(per_class=1)[0])


def test_a_share_of_what_may_be_hidden_is_hidden_one_at_least():
    chance = torch.rand(500, 41, generator=torch.Generator().manual_seed(0))
    fillable = torch.zeros(500, 40, dtype=torch.bool)
    fillable[:, :20] = True
    fillable[0, 1:] = False
    found = hide(chance, fillable, (0.1, 0.5))
    assert not (found & ~fillable).any()
    assert found.any(1).all()
    assert found[0].tolist() == [True] + [False] * 39
    shares = found[1:].float().sum(1) / 20
    assert 0.25 < shares.mean() < 0.35
    assert shares.std() > 0.1
    prior = HiddenPrior(40)
    draws = prior.draw(3, torch.Generator().manual_seed(0))
    assert [tuple(part.shape) for pair in passes(draws[:, 1:], 40) for part in pair] == [(3, 41), (3, 40)] * 6


def test_parts_are_drawn_by_their_probabilities_with_the_gradient_of_these():
    logits = torch.tensor([0.5, 0.3, 0.2]).log().expand(1, 20_000, 3).clone().requires_grad_()
    chance = torch.rand(1, 20_000, generator=torch.Generator().manual_seed(0))
    drawn = sample_tokens(logits, chance, torch.eye(3))
    assert set(drawn.detach().unique().tolist()) == {0.0, 1.0}
    torch.testing.assert_close(drawn.detach().mean(1)[0], torch.tensor([0.5, 0.3, 0.2]), atol=0.01, rtol=0)
    weights = torch.tensor([1.0, 0.0, 0.0])
    (found,) = torch.autograd.grad((drawn @ weights).sum(), logits)
    (wanted,) = torch.autograd.grad((logits.softmax(2) @ weights).sum(), logits)
    torch.testing.assert_close(found, wanted)
