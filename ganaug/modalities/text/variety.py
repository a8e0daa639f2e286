"""How various texts are, and how new: n-grams of their words and signs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np

from ganaug.modalities.text.vocabulary import pieces

Gram = tuple[str, ...]
BLEU = 4  # longest n-grams that self-BLEU compares
SMOOTH = 0.1  # n-grams in common where there are none


def words(text: str) -> list[str]:
    """Return the words and signs of a text, in small letters, without spaces."""
    return [piece.strip().casefold() for piece in pieces(text) if not piece.isspace()]


def grams(text: str, n: int) -> Iterator[Gram]:
    """Yield the n-grams of a text's words and signs."""
    found = words(text)
    return zip(*(found[at:] for at in range(n)), strict=False)


def distinct(texts: Sequence[str], n: int) -> float:
    """Return the share of different ones among all n-grams (arXiv 1510.03055); compare as many texts."""
    found = [gram for text in texts for gram in grams(text, n)]
    return len(set(found)) / max(len(found), 1)


def new_share(texts: Sequence[str], known: Sequence[str], n: int) -> float:
    """Return the share of the different n-grams of texts that none of the known texts has."""
    found = {gram for text in texts for gram in grams(text, n)}
    return len(found - {gram for text in known for gram in grams(text, n)}) / max(len(found), 1)


def self_bleu(texts: Sequence[str]) -> float:
    """Return the mean BLEU of each text against all others (arXiv 1802.01886), without a penalty for brevity."""
    logs = np.zeros(len(texts))
    for n in range(1, BLEU + 1):
        counts = [Counter(grams(text, n)) for text in texts]
        most: dict[Gram, tuple[int, int, int]] = {}  # the largest count, of which text, and the next largest
        for at, own in enumerate(counts):
            for gram, count in own.items():
                first, whose, second = most.get(gram, (0, -1, 0))
                most[gram] = (count, at, first) if count > first else (first, whose, max(second, count))
        for at, own in enumerate(counts):
            shared = 0
            for gram, count in own.items():
                first, whose, second = most[gram]
                shared += min(count, second if whose == at else first)
            logs[at] += np.log(max(shared, SMOOTH) / max(own.total(), 1)) / BLEU
    return float(np.exp(logs).mean())
