"""What is done to training texts before a classifier sees them: the arms that need no GAN."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, vstack

from ganaug.errors import ConfigError
from ganaug.modalities.text.ngrams import draw_texts
from ganaug.modalities.text.spec import Texts
from ganaug.modalities.text.synonyms import synonyms
from ganaug.modalities.treatments import Training, doubled, with_changed
from ganaug.utils.samples import take

CHANGED = 0.1  # share of the words that each operation of EDA changes, at least one
SIGNS = (".", ";", "?", ":", "!", ",")  # that AEDA puts in
MOST_SIGNS = 1 / 3  # of them for each word
DROPPED = 0.1  # share of the words that a text drawn again loses

_WORD = re.compile(r"\S+")


def treat(training: Training, setting: Any, seed: int) -> Training:
    """Do what a setting says: over-sample, put signs in, change words of copies; see `Setting`.

    Raises
    ------
    ConfigError
        The setting's method is none of `METHODS`.
    """
    if setting.method not in ("", *METHODS):
        raise ConfigError(f"there is no treatment {setting.method!r} of texts; known are {', '.join(METHODS)}")
    random = np.random.default_rng(seed)
    if setting.method == "aeda":
        training = _with_changed(training, lambda text: aeda(text, random))
    elif setting.method == "masked_lm":
        training = _filled_in(training, seed)
    elif setting.method:
        training = doubled(training, lambda own, count, _: METHODS[setting.method](own, count, random))
    return _with_changed(training, lambda text: eda(text, setting.strength, random)) if setting.strength else training


def _filled_in(training: Training, seed: int) -> Training:
    """Add texts of which a masked language model of the real ones has filled in some words again."""
    from ganaug.modalities.text.masked import masked_model  # loads torch

    random, real = np.random.default_rng(seed), np.flatnonzero(training.real)
    model = masked_model(tuple(take(training.samples, real)), tuple(training.targets[real].argmax(1).tolist()), seed)
    return doubled(training, lambda own, count, code: model.draw(random.choice(own, count).tolist(), code, random))


def _with_changed(training: Training, change: Callable[[str], str]) -> Training:
    return with_changed(training, lambda source: [change(training.samples[i]) for i in source.tolist()])


def eda(text: str, strength: float, random: np.random.Generator) -> str:
    """Change a text by one operation, drawn at random (EDA, arXiv 1901.11196): on a tenth of its words, times strength.

    Words are replaced by synonyms, synonyms of some put in, words swapped, words left out. Without WordNet there are
    no synonyms, and one of the other two operations is drawn. Spaces between words become single ones.
    """
    words = text.split()
    count = max(1, round(strength * CHANGED * len(words)))
    known = {word: synonyms(word) for word in words}
    some = [at for at, word in enumerate(words) if known[word]]
    operation = int(random.integers(0 if some else 2, 4))
    if operation < 2:
        for at in sorted(random.permutation(some)[:count].tolist(), reverse=True):
            other = str(random.choice(known[words[at]]))
            if operation == 0:
                words[at] = other
            else:
                words.insert(int(random.integers(len(words) + 1)), other)
    elif operation == 2:
        for _ in range(count):
            first, second = random.integers(len(words), size=2).tolist()
            words[first], words[second] = words[second], words[first]
    else:
        gone = set(random.permutation(len(words))[: min(count, len(words) - 1)].tolist())
        words = [word for at, word in enumerate(words) if at not in gone]
    return " ".join(words)


def aeda(text: str, random: np.random.Generator) -> str:
    """Put signs in before some words, one to a third as many as there are words (AEDA, arXiv 2108.13230)."""
    starts = [found.start() for found in _WORD.finditer(text)]
    count = int(random.integers(1, max(2, int(MOST_SIGNS * len(starts)) + 1)))
    for at in sorted(random.permutation(starts)[:count].tolist(), reverse=True):
        text = f"{text[:at]}{random.choice(SIGNS)} {text[at:]}"
    return text


def over_sampled(own: Texts, count: int, random: np.random.Generator) -> Texts:
    """Draw texts of a class again, each without some of its words."""

    def thinned(text: str) -> str:
        words = text.split()
        kept = random.random(len(words)) >= DROPPED
        return " ".join(word for word, stays in zip(words, kept, strict=True) if stays) or text

    return [thinned(own[i]) for i in random.integers(len(own), size=count).tolist()]


def mixed_within(
    features: csr_matrix, labels: NDArray[np.int64], weights: NDArray[np.float64], alpha: float, seed: int
) -> tuple[csr_matrix, NDArray[np.int64], NDArray[np.float64]]:
    """Add as many rows of features (n, F) again, each between two of its class (mixup, arXiv 1710.09412)."""
    random = np.random.default_rng(seed)
    partner = np.arange(len(labels))
    for code in np.unique(labels):
        own = np.flatnonzero(labels == code)
        partner[own] = random.permutation(own)
    share = random.beta(alpha, alpha, len(labels))[:, None]
    between = features.multiply(share) + features[partner].multiply(1 - share)
    halved = weights / 2
    return csr_matrix(vstack([features, between])), np.tile(labels, 2), np.tile(halved, 2)


METHODS: dict[str, Any] = {"aeda": None, "masked_lm": None, "ngram": draw_texts, "random_over": over_sampled}
