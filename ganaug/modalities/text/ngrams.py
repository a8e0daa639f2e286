"""A language model of counts: the arm of likelihood that text GANs usually lose to (arXiv 1811.02549)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np

from ganaug.modalities.text.spec import Texts
from ganaug.modalities.text.vocabulary import LENGTH, pieces

ORDER = 3  # pieces that the next one depends on and is part of
DISCOUNT = 0.5  # of every count, for what comes after fewer pieces
END = ""

Context = tuple[str, ...]


class NgramModel:
    """Which word, sign or space comes after the two before it, by absolute discounting (Ney, Essen and Kneser, 1994).

    Parameters
    ----------
    texts : list of str
        Training texts of one class.
    """

    def __init__(self, texts: Texts) -> None:
        counts: dict[Context, Counter[str]] = defaultdict(Counter)
        for text in texts:
            whole = [END] * (ORDER - 1) + pieces(f" {text}") + [END]  # so that the first word is as others are
            for at in range(ORDER - 1, len(whole)):
                for length in range(ORDER):
                    counts[tuple(whole[at - length : at])][whole[at]] += 1
        self._nexts = {
            context: (list(found), np.array(list(found.values()), float)) for context, found in counts.items()
        }

    def draw(self, random: np.random.Generator) -> str:
        """Draw a text, which may be a training one."""
        written = [END] * (ORDER - 1)
        while len(written) < ORDER - 1 + LENGTH:
            piece = self._next(written[1 - ORDER :], random)
            if piece == END:
                break
            written.append(piece)
        return "".join(written).removeprefix(" ")

    def _next(self, before: Sequence[str], random: np.random.Generator) -> str:
        """Draw what comes next: by the longest context, or with what its counts are discounted by, a shorter one."""
        for length in range(ORDER - 1, -1, -1):
            context = tuple(before[len(before) - length :])
            if context not in self._nexts:
                continue
            found, counts = self._nexts[context]
            kept = counts - DISCOUNT if length else counts
            if random.random() * counts.sum() < kept.sum():
                return str(found[int(random.choice(len(found), p=kept / kept.sum()))])
        raise AssertionError("the empty context has all pieces")


def draw_texts(own: Texts, count: int, random: np.random.Generator) -> Texts:
    """Draw texts of a class by a model of its training texts; of what is drawn, blank ones are drawn again."""
    model = NgramModel(own)
    found: Texts = []
    while len(found) < count:
        text = model.draw(random)
        if text.strip():
            found.append(text)
    return found
