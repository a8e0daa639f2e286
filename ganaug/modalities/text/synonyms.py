"""Synonyms of English words from WordNet, where Debian's package wordnet-base has put it; else none."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from pathlib import Path

FOLDER = Path("/usr/share/wordnet")
KINDS = ("noun", "verb", "adj", "adv")
FEWEST = 3  # letters of a word that has some


def synonyms(word: str, folder: Path | None = None) -> list[str]:
    """Return other words that stand for what a word may stand for, in order; none where WordNet is not there."""
    if len(word) < FEWEST:
        return []
    return sorted(_groups(folder or FOLDER).get(word.lower(), set()) - {word.lower()})


@cache
def _groups(folder: Path) -> Mapping[str, set[str]]:
    """Return for each single word the words in its groups of synonyms (``data.noun`` and the like)."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for kind in KINDS:
        path = folder / f"data.{kind}"
        if not path.is_file():
            continue
        for line in path.read_text(encoding="ascii", errors="ignore").splitlines():
            if line.startswith("  "):  # the licence
                continue
            fields = line.split(" ", 4 + 2 * 256)
            words = [fields[4 + 2 * i].partition("(")[0].lower() for i in range(int(fields[3], 16))]
            single = {word for word in words if word.isalpha()}
            for word in single:
                found[word] |= single
    return found
