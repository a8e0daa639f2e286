"""Did the generator copy? A test against real rows that it has not seen, and an attack on those that it has.

No figure tells memorising from fitting badly in every case (arXiv 2306.04675), and none here is a measure of privacy
(arXiv 2505.01524). Distances are those of `ganaug.metrics.nearest`. A generator that makes smoother rows than real ones
comes nearer to all real rows, seen or not, so that the copying test may take it for a copier; the attack does not, as
it compares real rows with real rows.

Measured on two repeats of the built-in Fashion-MNIST cut (20 rows a class, anchored latents, 600 steps): a kept row is
nearer to the training rows than a test row with probability .77 and .78, real rows that nobody trained on with .49 and
.50; the attack tells training rows from test rows with .85 and .84. With so few rows the generator stays close to them.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm, rankdata, tiecorrect

from ganaug.data.cache import RowCache
from ganaug.data.rows import Rows, read_table
from ganaug.metrics.nearest import Embed, nearest
from ganaug.metrics.pruned import nearest_of

LOOKED_AT = 10_000  # rows of a kind at most, evenly spaced

Floats = NDArray[np.floating[Any]]
Codes = NDArray[np.int64]


def memorisation(
    root: str | Path, repeats: Sequence[int], attack: bool, cache: RowCache | None = None
) -> dict[str, Any]:
    """Test every repeat for copies, and attack it if asked to.

    Parameters
    ----------
    root : path-like
        Folder in which the pipeline ran.
    repeats : sequence of int
        Which repeats.
    attack : bool
        Whether to see how well `membership` can be told.
    cache : RowCache, optional
        Rows of the run that have been decoded.

    Returns
    -------
    dict
        ``copying``: ``nearer``, the mean over repeats, and ``repeats``, the list of what `copying` returns.
        ``membership``: likewise ``auc`` and ``repeats``; None if not asked for.
    """
    cache = cache or RowCache()
    tests, attacks = (
        [copying(root, repeat, cache) for repeat in repeats],
        [membership(root, repeat, cache) for repeat in repeats if attack],
    )
    return {"copying": _mean("nearer", tests), "membership": _mean("auc", attacks) if attack else None}


def copying(root: str | Path, repeat: int, cache: RowCache | None = None) -> dict[str, Any]:
    """Test whether the kept rows of a repeat lie nearer to the training rows than test rows do; see `copying_test`.

    Parameters
    ----------
    root : path-like
        Folder in which the pipeline ran.
    repeat : int
        Which repeat.
    cache : RowCache, optional
        Rows of the run that have been decoded.

    Returns
    -------
    dict
        What `copying_test` returns.
    """
    splits, cache = Path(root, "data/splits", str(repeat)), cache or RowCache()
    train, test = cache.rows(splits / "train.parquet"), _some(cache.rows(splits / "test.parquet"))
    table = read_table(Path(root, f"data/synthetic/{repeat}.parquet"), ["label", "nearest_distance", "kept"])
    kept = table[table["kept"]]
    return copying_test(
        kept["nearest_distance"].to_numpy(np.float64),
        kept["label"].to_numpy(np.int64),
        nearest_of(train.samples, _embed(train))(test.samples)[0],
        test.labels,
        train.schema.classes,
    )


def copying_test(
    synthetic: Floats, codes: Codes, held_out: Floats, held_out_codes: Codes, classes: Sequence[str]
) -> dict[str, Any]:
    """Compare the distances of synthetic and of held-out rows to their nearest training row.

    The data-copying test of Meehan, Chaudhuri and Dasgupta (arXiv 2004.05675), with the classes as its cells: a
    Mann-Whitney test in each, combined with the shares of the held-out rows as weights.

    Parameters
    ----------
    synthetic, held_out : float arrays (n,) and (m,)
        Distances.
    codes, held_out_codes : int arrays (n,) and (m,)
        Classes.
    classes : sequence of str
        Their names.

    Returns
    -------
    dict
        ``nearer``: the probability that a synthetic row is nearer than a held-out one of its class, one half where the
        generator does not copy; ``low`` and ``high``: its 95 % interval (DeLong); ``p``: one-sided, of being no nearer;
        ``per_class`` {name: the same}, of classes with two rows or more of both kinds. All None where there is none.
        Where all distances of a class are equal, they tell nothing: its ``p`` is 1, and does not count in that of all.
    """
    cells, weights = {}, []
    for code, name in enumerate(classes):
        ours, theirs = synthetic[codes == code], held_out[held_out_codes == code]
        if min(len(ours), len(theirs)) > 1:
            cells[name] = (*below(ours, theirs), _deviation(ours, theirs))
            weights.append(len(theirs))
    if not cells:
        return {"nearer": None, "low": None, "high": None, "p": None, "per_class": {}}
    w = np.array(weights) / np.sum(weights)
    shares, variances, deviations = np.array(list(cells.values())).T
    tell = np.isfinite(deviations)
    of_all = w[tell] @ deviations[tell] / np.sqrt((w[tell] ** 2).sum()) if tell.any() else -np.inf  # Stouffer's method
    return {
        **_interval("nearer", float(w @ shares), float(w**2 @ variances)),
        "p": float(norm.sf(of_all)),
        "per_class": {
            name: {**_interval("nearer", share, variance), "p": float(norm.sf(deviation))}
            for name, (share, variance, deviation) in cells.items()
        },
    }


def membership(root: str | Path, repeat: int, cache: RowCache | None = None) -> dict[str, Any]:
    """Attack a repeat: tell its training rows from test rows by the distance to the nearest kept synthetic row.

    The success of one simple attack (as in GAN-Leaks, arXiv 1909.03935, where only samples are at hand). Another may do
    better: success at one half is no guarantee of privacy.

    Parameters
    ----------
    root, repeat, cache : see `copying`

    Returns
    -------
    dict
        ``auc``: the probability that a training row is nearer than a test row, one half where the attack tells nothing;
        ``low``, ``high``: its 95 % interval (DeLong); None where no synthetic row was kept.
    """
    splits, path = Path(root, "data/splits", str(repeat)), Path(root, f"data/synthetic/{repeat}.parquet")
    cache = cache or RowCache()
    seen, unseen = (_some(cache.rows(splits / f"{part}.parquet")).samples for part in ("train", "test"))
    kept = cache.rows(path).take(read_table(path, ["kept"])["kept"].to_numpy(bool))
    if not len(kept):
        return {"auc": None, "low": None, "high": None}
    embed = _embed(kept)
    return _interval("auc", *below(nearest(seen, kept.samples, embed)[0], nearest(unseen, kept.samples, embed)[0]))


def below(first: Floats, second: Floats) -> tuple[float, float]:
    """Return P(first < second) + P(first = second) / 2 with its variance (DeLong 1988), of two values or more each."""
    of_first = 1 - _ranks(first, second) / len(second)
    of_second = _ranks(second, first) / len(first)
    variance = of_first.var(ddof=1) / len(first) + of_second.var(ddof=1) / len(second)
    return float(of_first.mean()), float(variance)


def _deviation(first: Floats, second: Floats) -> float:
    """Return by how many standard deviations ``first`` is lower than by chance, as Mann and Whitney count it.

    It is normal where the samples are of one distribution; minus infinity where all values are equal. Not a p-value, of
    which very small and large ones of several classes would not combine.
    """
    n, m = len(first), len(second)
    pairs = n * m * below(first, second)[0]
    ties = tiecorrect(rankdata(np.concatenate([first, second])))
    if ties == 0:
        return -np.inf
    return float((pairs - n * m / 2 - 0.5) / np.sqrt(ties * n * m * (n + m + 1) / 12))


def _embed(rows: Rows) -> Embed:
    """Return what distances are measured on, see `ganaug.modalities.base.Modality.embed`."""
    return partial(rows.schema.modality.embed, spec=rows.schema.spec)


def _ranks(values: Floats, among: Floats) -> Floats:
    """How many of ``among`` lie below each value; those that are equal count half."""
    ordered = np.sort(among)
    return (np.searchsorted(ordered, values, "left") + np.searchsorted(ordered, values, "right")) / 2


def _mean(name: str, found: Sequence[dict[str, Any]]) -> dict[str, Any]:
    known = [each[name] for each in found if each[name] is not None]
    return {name: float(np.mean(known)) if known else None, "repeats": list(found)}


def _interval(name: str, share: float, variance: float) -> dict[str, float]:
    half = float(norm.ppf(0.975)) * float(np.sqrt(variance))
    return {name: share, "low": max(share - half, 0.0), "high": min(share + half, 1.0)}


def _some(rows: Rows) -> Rows:
    return rows.take(np.arange(0, len(rows), -(-len(rows) // LOOKED_AT))) if len(rows) else rows
