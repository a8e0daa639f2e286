"""Texts to what networks see, and back: a fixed random vector for each token, side by side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ganaug.modalities.parts import Codec
from ganaug.modalities.text.spec import Texts
from ganaug.modalities.text.vocabulary import LENGTH, PAD, Vocabulary, kind

NUMBERS = 64  # that stand for a token
SEED = 0


def token_vectors(tokens: int) -> Tensor:
    """Return a vector for each token (tokens, NUMBERS), of root mean square 1, of zeros for none; always the same."""
    vectors = torch.randn(tokens, NUMBERS, generator=torch.Generator().manual_seed(SEED), device="cpu")
    vectors /= vectors.square().mean(1, keepdim=True).sqrt()
    vectors[PAD] = 0.0
    return vectors


def nearest_tokens(inputs: Tensor, vectors: Tensor) -> Tensor:
    """Return the tokens (n, T) whose vectors are nearest to inputs (n, T, NUMBERS); next to zero it is none."""
    alike = torch.einsum("nte,ve->ntv", inputs, vectors)
    best, which = alike.max(2)
    return torch.where(best > NUMBERS / 2, which, PAD)


class TextCodec(Codec):
    """Texts as the vectors of their first tokens (n, T, NUMBERS).

    Parameters
    ----------
    vocabulary : Vocabulary
        Of the training texts.
    length : int
        Tokens T of the longest training text, at most `LENGTH`.
    """

    def __init__(self, vocabulary: Vocabulary, length: int) -> None:
        self.vocabulary, self.length = vocabulary, length
        self.vectors = token_vectors(len(vocabulary))

    @classmethod
    def fit(cls, samples: Texts) -> TextCodec:
        """Take the vocabulary of training texts."""
        vocabulary = Vocabulary.fit(samples)
        return cls(vocabulary, min(LENGTH, max(len(vocabulary.encode(text)) for text in samples)))

    def to_arrays(self, samples: Texts) -> tuple[NDArray[Any], ...]:
        """Return tokens (n, T)."""
        found = np.full((len(samples), self.length), PAD, np.int32)
        for row, text in zip(found, samples, strict=True):
            tokens = self.vocabulary.encode(text)[: self.length]
            row[: len(tokens)] = tokens
        return (found,)

    def to_inputs(self, *arrays: Tensor) -> Tensor:
        """Return the vectors of tokens (n, T), as (n, T, NUMBERS)."""
        return self.vectors.to(arrays[0].device)[arrays[0].long()]

    def to_samples(self, inputs: Tensor) -> Texts:
        """Return the texts of the tokens nearest to vectors (n, T, NUMBERS)."""
        tokens = nearest_tokens(inputs.detach().float().cpu(), self.vectors)
        return [self.vocabulary.decode(row) for row in tokens.tolist()]

    def state(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Return what a saved model keeps: the words, and how many tokens are seen."""
        return {"tokens": list(self.vocabulary.tokens), "length": self.length}, {}

    def meanings(self) -> list[str]:
        """Name the words and signs."""
        return list(self.vocabulary.tokens)


def restore(about: Mapping[str, Any]) -> TextCodec:
    """Return the codec of which `TextCodec.state` gave this; `KeyError` or `ValueError` where it does not fit."""
    tokens, length = about["tokens"], about["length"]
    if not isinstance(tokens, list) or not all(isinstance(token, str) and token for token in tokens):
        raise ValueError("a damaged vocabulary")
    if (
        type(length) is not int
        or not 0 < length <= LENGTH
        or len(set(tokens)) < len(tokens)
        or tokens != sorted(tokens, key=kind)
    ):
        raise ValueError(f"a vocabulary of {len(tokens)} tokens for texts of {length}")
    return TextCodec(Vocabulary(tuple(tokens)), length)
