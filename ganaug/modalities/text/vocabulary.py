"""Texts to tokens and back, without loss: words, signs and spaces as they stand, and the bytes of what is not known.

A word is a token with the space before it, if there is one, so that joining tokens gives back the text. Signs and
emojis are tokens, with what belongs to them (accents, skin tones, joined emojis); so is each character of scripts that
are written without spaces. Case, spacing and punctuation stay.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property

PAD, BYTES = 0, 256  # token 0 is none; tokens 1 to 256 are bytes
LENGTH = 128  # tokens that networks see of a text, at most: the first ones
MOST_TOKENS = 2_048  # words and signs that are tokens, the commonest ones
_SPACELESS = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003134f"


@cache
def _pattern() -> re.Pattern[str]:
    marks = "".join(chr(i) for i in range(0x300, 0x10000) if unicodedata.category(chr(i)).startswith("M"))
    mark = f"[{marks}\u200c\u200d\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]"
    letter = rf"(?![{_SPACELESS}])\w{mark}*"
    sign = rf"[^\w\s]{mark}*"
    return re.compile(
        rf"(?: ?(?:{letter})+(?:['\u2019](?:{letter})+)*"  # a word, with apostrophes inside
        rf"| ?[\U0001f1e6-\U0001f1ff]{{2}}"  # a flag
        rf"| ?{sign}(?:(?<=\u200d){sign})*"  # a sign, or emojis that are joined
        rf"| ?[{_SPACELESS}]{mark}*"
        rf"|\s)"
    )


def pieces(text: str) -> list[str]:
    """Cut a text into words, signs and spaces, which joined are the text."""
    return _pattern().findall(text)


def kind(piece: str) -> tuple[bool, bool, int]:
    """Say what a piece is: no space, with a space before it; a sign, number, word with a capital, or another word."""
    bare = piece.strip()
    word = bare[:1].isalnum() or bare[:1] == "_"
    shape = 0 if not word else 1 if bare.isnumeric() else 2 if bare[0].isupper() else 3
    return bool(bare), piece != bare, shape


@dataclass(frozen=True)
class Vocabulary:
    """The words, signs and spaces of training texts.

    Attributes
    ----------
    tokens : tuple of str
        Those that are tokens, from number 257 on: spaces first, then the others, by `kind`.
    """

    tokens: tuple[str, ...]

    @classmethod
    def fit(cls, texts: Iterable[str]) -> Vocabulary:
        """Take the commonest pieces of texts."""
        counts = Counter(piece for text in texts for piece in pieces(text))
        common = sorted(counts, key=lambda piece: (-counts[piece], piece))[:MOST_TOKENS]
        return cls(tuple(sorted(common, key=kind)))

    def __len__(self) -> int:
        return 1 + BYTES + len(self.tokens)

    @property
    def first(self) -> int:
        """The first token that is a word or a sign; those before it are no token at all, bytes and spaces."""
        return 1 + BYTES + sum(piece.isspace() for piece in self.tokens)

    @property
    def kinds(self) -> tuple[int, ...]:
        """How many tokens there are of each kind of words and signs, in order."""
        return tuple(Counter(kind(piece) for piece in self.tokens if not piece.isspace()).values())

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {piece: 1 + BYTES + i for i, piece in enumerate(self.tokens)}

    def encode(self, text: str) -> list[int]:
        """Return the tokens of a text; a piece that is none is spelt in bytes."""
        found: list[int] = []
        for piece in pieces(text):
            known = self._numbers.get(piece)
            found += [1 + byte for byte in piece.encode()] if known is None else [known]
        return found

    def decode(self, tokens: Sequence[int]) -> str:
        """Return the text of tokens; bytes that are no UTF-8 become replacement characters."""
        parts = (
            bytes([token - 1]) if token <= BYTES else self.tokens[token - BYTES - 1].encode()
            for token in tokens
            if token != PAD
        )
        return b"".join(parts).decode("utf-8", "replace")
