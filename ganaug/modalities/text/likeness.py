"""How alike texts are: by the runs of characters in their words; and which are copies of one another."""

from __future__ import annotations

import hashlib
import re

import numpy as np
from numpy.typing import NDArray

from ganaug.modalities.loaded import Codes, Ids
from ganaug.modalities.parts import Floats
from ganaug.modalities.text.spec import Texts

HASHED = 512  # numbers that stand for a text
_SIGNS = re.compile(r"[\W_]+")


def content_ids(texts: Texts) -> Ids:
    """Hash each text as it stands: (n,) of 32 hexadecimal digits."""
    ids = np.empty(len(texts), object)
    ids[:] = [hashlib.blake2b(text.encode(), digest_size=16).hexdigest() for text in texts]
    return ids


def embed(texts: Texts) -> Floats:
    """Return hashed runs of 2 to 4 characters of words (n, HASHED): texts that share none differ by about 1.

    Signs and case do not count, so that a copy in which they differ is one.
    """
    from sklearn.feature_extraction.text import HashingVectorizer  # takes seconds, which some stages save

    if not texts:
        return np.zeros((0, HASHED), np.float32)
    runs = HashingVectorizer(analyzer="char_wb", ngram_range=(2, 4), n_features=HASHED, dtype=np.float32)
    return np.asarray(
        runs.transform([_SIGNS.sub(" ", text).strip() or text for text in texts]).toarray() * np.sqrt(HASHED / 2),
        np.float32,
    )


def essence(text: str) -> str:
    """Return what near copies share: letters and digits, in small letters; of a text without any, all of it."""
    return _SIGNS.sub("", text.casefold()) or text


def duplicates(texts: Texts, near: bool, ids: Ids | None = None) -> Codes:
    """Cluster texts with their copies, and with near ones: those that differ in case, spacing and signs."""
    keys = np.array([essence(text) for text in texts], object) if near else content_ids(texts) if ids is None else ids
    found: Codes = np.unique(keys.astype(str), return_inverse=True)[1].astype(np.int64)
    return found


class TextOriginals:
    """Texts of which copies are looked for."""

    def __init__(self, texts: Texts, ids: Ids | None = None) -> None:
        self.ids = content_ids(texts) if ids is None else ids
        self._known = frozenset(map(essence, texts))

    def copies(self, samples: Texts, ids: Ids | None = None) -> NDArray[np.bool_]:
        """Mark the texts (n,) that are copies of one of these, exact or near."""
        return np.array([essence(text) in self._known for text in samples], bool)
