"""Words for numbers."""

from __future__ import annotations


def counted(n: int, word: str) -> str:
    """A number with its noun, for example ``"3 repeats"``."""
    return f"{n:,} {word}" + ("" if n == 1 else "s")


def spanned(least: int, most: int) -> str:
    """Numbers that may all be the same, for example ``"20"`` or ``"50 to 100"``."""
    return f"{least:,}" if least == most else f"{least:,} to {most:,}"
