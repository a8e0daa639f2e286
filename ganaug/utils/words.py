"""Words for numbers."""

from __future__ import annotations


def counted(n: int, word: str) -> str:
    """A number with its noun, for example ``"3 repeats"``."""
    return f"{n:,} {word}" + ("" if n == 1 else "s")
