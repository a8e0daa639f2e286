"""Texts as the numbers that linear classifiers take: how often words and runs of characters occur (TF-IDF)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.svm import LinearSVC

from ganaug.modalities.text.spec import Texts

MOST = 50_000  # words and pairs of words, and as many runs of characters


@dataclass(frozen=True)
class TfidfFeatures:
    """Words and pairs of words, and runs of 2 to 5 characters within words, each part of length 1.

    Attributes
    ----------
    parts : tuple of TfidfVectorizer
        Fitted to training texts.
    """

    parts: tuple[TfidfVectorizer, TfidfVectorizer]

    @classmethod
    def fit(cls, texts: Texts) -> TfidfFeatures:
        """Fit to training texts."""
        words = TfidfVectorizer(ngram_range=(1, 2), token_pattern=r"(?u)\b\w+\b|[^\w\s]", sublinear_tf=True)
        runs = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True)
        return cls((words.set_params(max_features=MOST).fit(texts), runs.set_params(max_features=MOST).fit(texts)))

    def __call__(self, texts: Texts) -> csr_matrix:
        """Return features (n, F)."""
        return csr_matrix(hstack([part.transform(texts) for part in self.parts]))


class LinearSVM(LinearSVC):  # type: ignore[misc]
    """A linear support vector machine whose probabilities are the softmax of its margins: ranks, and no more."""

    def predict_proba(self, features: Any) -> NDArray[np.float64]:
        """Return class probabilities (n, K)."""
        margins = self.decision_function(features)
        scores = np.stack([-margins, margins], axis=1) if margins.ndim == 1 else margins
        raised = np.exp(scores - scores.max(1, keepdims=True))
        return np.asarray(raised / raised.sum(1, keepdims=True))
