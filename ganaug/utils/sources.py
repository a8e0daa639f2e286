"""Which code a result was made by, for what is kept between runs."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

ROOT = Path(__file__).parents[1]


@lru_cache
def code_digest(*rooms: str) -> str:
    """Return a digest of all modules in these packages and files of ganaug, as ``"gan"`` or ``"augmenter.py"``."""
    key = hashlib.blake2b(digest_size=16)
    for path in sorted(path for room in rooms for path in [ROOT / room, *(ROOT / room).rglob("*.py")]):
        if path.is_file():
            key.update(str(path.relative_to(ROOT)).encode() + hashlib.blake2b(path.read_bytes()).digest())
    return key.hexdigest()
