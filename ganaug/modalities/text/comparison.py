"""What a report shows of generated texts beside real ones: variety, length, what is new, and what was changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any

import numpy as np
from markupsafe import Markup
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import pairwise_distances_argmin, roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from threadpoolctl import threadpool_limits

from ganaug.modalities.text.features import TfidfFeatures
from ganaug.modalities.text.likeness import TextOriginals, embed
from ganaug.modalities.text.variety import distinct, new_share, self_bleu, words
from ganaug.modalities.text.vocabulary import pieces
from ganaug.utils.html import render

NAMES = ("reference", "real_vs_real", "after")
ROWS = 400  # of each kind that are looked at, at most
PAIRS, LETTERS = 12, 400  # that are shown, and letters of each text
FOLDS = 3


def compare(
    training: Sequence[str], samples: Mapping[str, Sequence[str]], labels: Mapping[str, Sequence[str]], seed: int
) -> dict[str, Any]:
    """Compare kept texts with real ones, and two samples of real ones with each other.

    Parameters
    ----------
    training : sequence of str (m)
        The training texts.
    samples : mapping
        ``reference`` and ``real_vs_real``, two samples of real texts, and ``after``, kept ones.
    labels : mapping
        The class names of each.
    seed : int
        Of the classifier that tries to tell them apart.

    Returns
    -------
    dict
        For ``after``, ``reference`` and ``real_vs_real``, of as many texts each: ``distinct`` {n: share},
        ``self_bleu``, ``new`` {n: share of n-grams that no training text has}, and ``words``, the 5th, 50th and 95th
        percentile of lengths. ``copies``, kept texts that are training ones but for case, spacing and signs;
        ``detection``, the area under the curve of a classifier that tells kept (or other real) texts from real ones,
        None of too few; ``pairs``, kept texts with their class and their nearest training text, as pieces that both
        have (``same``),
        only the kept one (``new``) and only the training one (``gone``). Empty where there are too few texts.
    """
    rows = min(ROWS, *(len(samples[name]) for name in NAMES))
    if rows < 2:
        return {}
    random = np.random.default_rng(seed)
    order = {name: random.permutation(len(samples[name]))[:rows].tolist() for name in NAMES}
    some = {name: [samples[name][i] for i in order[name]] for name in NAMES}
    kept, kinds = some["after"], [labels["after"][i] for i in order["after"]]
    shown = list(zip(kept, kinds, strict=True))[:PAIRS]
    closest = pairwise_distances_argmin(embed([text for text, _ in shown]), embed(list(training)))
    return {
        "rows": rows,
        **{name: _described(texts, training) for name, texts in some.items()},
        "copies": int(TextOriginals(list(training)).copies(list(samples["after"])).sum()),
        "detection": {name: _told_apart(some["reference"], some[name], seed) for name in NAMES[1:]},
        "pairs": [
            {"label": label, "pieces": changes(training[at], text)}
            for (text, label), at in zip(shown, closest.tolist(), strict=True)
        ],
    }


def changes(before: str, after: str) -> list[tuple[str, str]]:
    """Return what two texts share and what only one has, in order: pairs of ``same``, ``new`` or ``gone``, and text."""
    first, second = pieces(before[:LETTERS]), pieces(after[:LETTERS])
    found: list[tuple[str, str]] = []
    for kind, a, b, c, d in SequenceMatcher(None, first, second, autojunk=False).get_opcodes():
        if kind == "equal":
            found.append(("same", "".join(second[c:d])))
            continue
        found += [("gone", "".join(first[a:b]))] if b > a else []
        found += [("new", "".join(second[c:d]))] if d > c else []
    return found


def show(found: Mapping[str, Any]) -> Markup | None:
    """Return what `compare` found as HTML; None where there were too few texts."""
    if not found:
        return None
    return render("modalities/text/templates/comparison.html", found=found)


def _described(texts: Sequence[str], training: Sequence[str]) -> dict[str, Any]:
    lengths = np.quantile([len(words(text)) for text in texts], [0.05, 0.5, 0.95])
    return {
        "distinct": {str(n): round(distinct(texts, n), 4) for n in (1, 2)},
        "self_bleu": round(self_bleu(texts), 4),
        "new": {str(n): round(new_share(texts, training, n), 4) for n in (2, 3)},
        "words": [round(float(length), 1) for length in lengths],
    }


def _told_apart(real: Sequence[str], others: Sequence[str], seed: int) -> float | None:
    """Return the area under the curve of logistic regression, cross-validated; None of too few texts."""
    if min(len(real), len(others)) < 10:
        return None
    both, labels = [*real, *others], np.repeat([0, 1], [len(real), len(others)])
    with threadpool_limits(1, "blas"):
        features = TfidfFeatures.fit(both)(both)  # it learns no labels
        folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
        model = LogisticRegression(C=10.0, max_iter=1000)
        scores = cross_val_predict(model, features, labels, cv=folds, method="decision_function")
    return round(float(roc_auc_score(labels, scores)), 4)
