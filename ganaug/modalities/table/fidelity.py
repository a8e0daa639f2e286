"""How much generated rows of a table are like real ones: column by column, in pairs, and as a whole.

What a number is worth shows only beside the same number of two samples of real rows, of the same sizes: its floor.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import ks_2samp, rankdata
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from ganaug.modalities.table.columns import is_missing
from ganaug.modalities.table.constraints import violations as broken
from ganaug.modalities.table.features import Features, Matrix
from ganaug.modalities.table.likeness import learnt_ids
from ganaug.modalities.table.spec import TableSpec
from ganaug.modalities.table.values import spacing, to_floats, to_numbers

ROWS = 5000  # of either kind that are looked at where time grows with them
BINS = 8  # of a number beside a category


@dataclass(frozen=True)
class Marginal:
    """How far the values of a column are from the real ones.

    Attributes
    ----------
    column : str
        Its name.
    distance : float
        Largest difference of the two distribution functions (Kolmogorov-Smirnov), for levels half the sum of
        differences of their shares (total variation): 0 to 1.
    missing : float
        Share of missing values among generated rows minus that among real ones.
    """

    column: str
    distance: float
    missing: float


def marginals(real: pd.DataFrame, made: pd.DataFrame, spec: TableSpec) -> list[Marginal]:
    """Compare each learnt column of generated rows with that of real ones."""
    return [
        _marginal(real.iloc[:, i], made.iloc[:, i], str(spec.columns[i].name), spec.columns[i].role)
        for i in spec.learnt
    ]


def _marginal(real: pd.Series, made: pd.Series, name: str, role: str) -> Marginal:
    gaps = [is_missing(column.reset_index(drop=True)) for column in (real, made)]
    known = [column.reset_index(drop=True)[~gap] for column, gap in zip((real, made), gaps, strict=True)]
    missing = float(gaps[1].mean() - gaps[0].mean())
    if not len(known[0]) or not len(known[1]):
        return Marginal(name, float(len(known[0]) != len(known[1])), missing)
    if role == "number":
        return Marginal(name, float(ks_2samp(*map(to_floats, known)).statistic), missing)
    codes = pd.factorize(pd.concat(known).astype(object))[0]
    counts = [np.bincount(part, minlength=codes.max() + 1) / len(part) for part in np.split(codes, [len(known[0])])]
    return Marginal(name, float(np.abs(counts[0] - counts[1]).sum() / 2), missing)


def dependence(samples: pd.DataFrame, spec: TableSpec) -> Matrix:
    """Return how much each two learnt columns depend on each other, (C, C): 0 to 1, numbers with their sign.

    Between numbers the rank correlation (Spearman), between all else Cramer's V with the bias correction of Bergsma
    (2013), a number being cut into `BINS` parts of as many rows. A missing value is a level; numbers without a partner
    are left out.
    """
    features = Features.fit(samples, spec)
    values = features(samples)
    found = np.eye(values.shape[1])
    codes = [_coded(values[:, j], bool(category)) for j, category in enumerate(features.is_category)]
    for i in range(values.shape[1]):
        for j in range(i):
            if features.is_category[i] or features.is_category[j]:
                found[i, j] = found[j, i] = cramers_v(codes[i], codes[j])
            else:
                found[i, j] = found[j, i] = _spearman(values[:, i], values[:, j])
    return found


def dependence_difference(real: pd.DataFrame, made: pd.DataFrame, spec: TableSpec) -> tuple[Matrix, Matrix, float]:
    """Return the dependence in real and in generated rows, and the mean absolute difference over pairs of columns."""
    first, second = dependence(real, spec), dependence(made, spec)
    pairs = np.triu_indices(len(first), 1)
    return first, second, float(np.abs(first - second)[pairs].mean()) if len(first) > 1 else 0.0


def cramers_v(first: NDArray[np.int64], second: NDArray[np.int64]) -> float:
    """Return Cramer's V of two columns of codes (n,), corrected for bias: 0 to 1."""
    table = np.zeros((first.max() + 1, second.max() + 1))
    np.add.at(table, (first, second), 1)
    table = table[table.sum(1) > 0][:, table.sum(0) > 0]
    n, (r, c) = table.sum(), table.shape
    if min(r, c) < 2 or n < 2:
        return 0.0
    expected = table.sum(1, keepdims=True) * table.sum(0) / n
    phi = max(0.0, float(((table - expected) ** 2 / expected).sum()) / n - (r - 1) * (c - 1) / (n - 1))
    smaller = min(r - (r - 1) ** 2 / (n - 1), c - (c - 1) ** 2 / (n - 1)) - 1
    return float(min(1.0, np.sqrt(phi / smaller))) if smaller > 0 else 0.0


def _spearman(x: Matrix, y: Matrix) -> float:
    both = ~np.isnan(x) & ~np.isnan(y)
    if both.sum() < 3:
        return 0.0
    ranks = [rankdata(values[both]) for values in (x, y)]
    if min(np.ptp(rank) for rank in ranks) == 0:
        return 0.0
    return float(np.corrcoef(*ranks)[0, 1])


def _coded(values: Matrix, category: bool) -> NDArray[np.int64]:
    """Return codes (n,): of levels, or of parts of the ranks; the missing are one more."""
    missing = np.isnan(values)
    codes = np.zeros(len(values), np.int64)
    if category:
        codes[~missing] = values[~missing].astype(np.int64)
    elif not missing.all():
        ranks = rankdata(values[~missing], method="max")
        codes[~missing] = np.minimum(ranks * BINS / (len(ranks) + 1), BINS - 1).astype(np.int64)
    codes[missing] = codes.max(initial=0) + 1
    return codes


def copied(training: pd.DataFrame, made: pd.DataFrame, spec: TableSpec) -> float:
    """Return the share of generated rows that are equal to a training row but for what is not learnt."""
    return float(np.isin(learnt_ids(made, spec).astype(str), learnt_ids(training, spec).astype(str)).mean())


def detection_auc(real: pd.DataFrame, made: pd.DataFrame, spec: TableSpec, seed: int = 0) -> float:
    """Return how well a random forest tells generated rows from real ones that it was not trained on.

    One half: not at all; 1: always. Cross-validated, with as many rows of either kind.
    """
    random = np.random.default_rng(seed)
    n = min(len(real), len(made), ROWS)
    parts = [frame.iloc[random.permutation(len(frame))[:n]] for frame in (real, made)]
    both = pd.concat(parts, ignore_index=True)
    features = Features.fit(both, spec)
    truth = np.repeat([0, 1], n)
    forest = RandomForestClassifier(100, min_samples_leaf=2, random_state=seed, n_jobs=1)
    folds = StratifiedKFold(min(5, n), shuffle=True, random_state=seed)
    said = cross_val_predict(forest, features.one_hot(features(both)), truth, cv=folds, method="predict_proba")
    return float(roc_auc_score(truth, said[:, 1]))


def violations(training: pd.DataFrame, made: pd.DataFrame, spec: TableSpec) -> dict[str, int]:
    """Count generated rows that no row of this table can be, by kind; all of them are to be 0.

    ``range``: a number outside that of the training rows; ``grid``: one between the steps on which they lie; ``level``:
    a category that none has; ``missing``: a value is missing where none is in training; ``dtype``: columns of another
    type; and each declared constraint, in its own words.
    """
    found = dict.fromkeys(("range", "grid", "level", "missing", "dtype"), 0)
    for i in spec.learnt:
        old, new = (frame.iloc[:, i].reset_index(drop=True) for frame in (training, made))
        if old.dtype != new.dtype:
            found["dtype"] += len(new)
            continue
        gaps = is_missing(new)
        found["missing"] += int(gaps.sum()) if not is_missing(old).any() else 0
        for kind, count in _odd(old[~is_missing(old)], new[~gaps], spec.columns[i].role).items():
            found[kind] += count
    learnt = [frame.iloc[:, list(spec.learnt)] for frame in (made, training)]
    return found | broken(learnt[0], spec.constraints, learnt[1])


def _odd(old: pd.Series, new: pd.Series, role: str) -> dict[str, int]:
    if role != "number":
        return {"level": int((~new.astype(object).isin(list(old.astype(object)))).sum())}
    x, y = to_floats(old), to_floats(new)
    if x is None or y is None or not len(x):
        return {"range": len(new)}
    count = {"range": int(((y < x.min()) | (y > x.max())).sum())}
    held = to_numbers(pd.concat([old, new], ignore_index=True))
    alone = to_numbers(old.reset_index(drop=True))
    if held is not None and alone is not None and alone[0].dtype.kind in "iu":
        if held[0].dtype.kind not in "iu":
            return count | {"grid": len(new)}
        known, made = np.split(held[0], [len(old)])
        step = np.uint64(spacing(known))
        off = (made.view(np.uint64) - known.min().view(np.uint64)) % step  # wraps around, and is exact
        count["grid"] = int((off[(y >= x.min()) & (y <= x.max())] != 0).sum())
    return count
