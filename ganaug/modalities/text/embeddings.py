"""Texts as the numbers of a network that has read many: sentence embeddings, by name.

- ``sentence_transformers:MODEL``: a model of that library, from its cache or, where it may, from the network;
- ``features:package.module:function``: ``function()`` returns what maps a list of texts to an array (n, F).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from ganaug.errors import ConfigError
from ganaug.modalities.estimators import is_users
from ganaug.modalities.parts import Floats
from ganaug.modalities.text.spec import Texts
from ganaug.utils.imported import import_named

LIBRARY, OWN = "sentence_transformers:", "features:"
KEPT = 8  # lists of texts whose embeddings are kept, as arms are judged by the same test texts


def is_embedding(name: str) -> bool:
    """Whether a classifier's name means embeddings, and logistic regression on these."""
    return name.startswith((LIBRARY, OWN))


def better_than(names: Sequence[str]) -> str:
    """Say that embeddings are worth more than added texts, unless one of these classifiers may well be of such."""
    if any(is_embedding(name) or is_users(name) for name in names):
        return ""
    return (
        "First try sentence embeddings, which with few labelled texts bring more than any added ones (45 points on "
        f"eight topics, in a trial): put {LIBRARY}all-MiniLM-L6-v2 first in evaluate.classifiers."
    )


def embed(name: str, texts: Texts, device: str) -> Floats:
    """Return the embeddings (n, F) of texts, each of length 1.

    Raises
    ------
    ConfigError
        There is no such model or function, or it returned something else.
    """
    return _embedded(name, tuple(texts), device)


@lru_cache(maxsize=2)
def encoder(name: str, device: str) -> Callable[[list[str]], Any]:
    """Return what maps texts to numbers (n, F); `ConfigError` where it cannot be made."""
    if name.startswith(OWN):
        encode = import_named(name.removeprefix(OWN), "the extractor")()
        if not callable(encode):
            raise ConfigError(
                f"{name.removeprefix(OWN)} returns {type(encode).__name__}; let it return a function of texts"
            )
        return encode  # type: ignore[no-any-return]
    model = name.removeprefix(LIBRARY)
    try:
        from sentence_transformers import SentenceTransformer
    except ImportError as error:
        raise ConfigError(
            f"the classifier {name} needs sentence-transformers, which cannot be imported ({error}); run "
            "`pip install 'ganaug[sentences]'`"
        ) from error
    try:
        loaded = SentenceTransformer(model, device=None if device == "auto" else device)
    except Exception as error:  # what a hub, a cache and many kinds of models raise
        reason = str(error).strip().split("\n")[0]
        raise ConfigError(
            f"the classifier {name}: sentence-transformers cannot load {model!r} ({reason}); give the name of one of "
            "its models, or the folder of one that was downloaded"
        ) from error
    return lambda texts: loaded.encode(texts, show_progress_bar=False)


@lru_cache(maxsize=KEPT)
def _embedded(name: str, texts: tuple[str, ...], device: str) -> Floats:
    found = np.asarray(encoder(name, device)(list(texts)), np.float32)
    if found.ndim != 2 or len(found) != len(texts) or not np.isfinite(found).all():
        raise ConfigError(
            f"the classifier {name} made an array of shape {found.shape} of {len(texts)} texts; it has to make finite "
            "numbers of shape (texts, features)"
        )
    lengths = np.linalg.norm(found, axis=1, keepdims=True)
    return np.asarray(found / np.maximum(lengths, np.finfo(np.float32).tiny), np.float32)
