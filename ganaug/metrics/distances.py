"""How far two samples are apart, from their features alone: arrays (n, F), one row a sample.

All compare a sample of real rows with another one, real or synthetic. What a number is worth shows only beside the same
number of two real samples of the same sizes: real against real. Memory beyond the features does not grow with their
number.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import pairwise_distances_chunked
from sklearn.neighbors import NearestNeighbors

from ganaug.utils.threads import one_openmp_thread

Features = NDArray[np.floating[Any]]

BLOCK = 4096  # rows looked at together
MEGABYTES = 64  # of distances held at once


def kid(first: Features, second: Features, *, subset_size: int = 1000, subsets: int = 20, seed: int = 0) -> float:
    """Return the kernel inception distance, on whatever features these are (Binkowski et al., arXiv 1801.01401).

    The unbiased squared maximum mean discrepancy under the kernel (x . y / F + 1)^3; for samples of more rows than
    ``subset_size`` its mean over random subsets.

    Parameters
    ----------
    first, second : arrays (n, F) and (m, F)
        Two rows or more each.
    subset_size, subsets : int
        Rows of a subset, drawn without replacement, and how many of them.
    seed : int
        What the subsets depend on.

    Returns
    -------
    float
        About zero, and as often below as above, for two samples of one distribution, whatever n and m.
    """
    if max(len(first), len(second)) <= subset_size:
        return _squared_discrepancy(first, second)
    random = np.random.default_rng(seed)

    def subset(features: Features) -> Features:
        return features[random.permutation(len(features))[:subset_size]]

    return float(np.mean([_squared_discrepancy(subset(first), subset(second)) for _ in range(subsets)]))


def frechet_distance(first: Features, second: Features) -> float:
    """Return the squared Frechet distance of the normal distributions with the samples' means and covariances.

    It is the "FID" (Heusel et al., arXiv 1706.08500) on Inception's features only. It grows as samples shrink, from
    bias alone.

    Parameters
    ----------
    first, second : arrays (n, F) and (m, F)
        Two rows or more each.

    Returns
    -------
    float
        0 for equal means and covariances.
    """
    means, factors = zip(_mean_and_factor(first), _mean_and_factor(second), strict=True)
    a, b = factors
    # tr((A B)^(1/2)) of covariances A = a'a and B = b'b is the sum of the singular values of a b'.
    spread = float((a**2).sum() + (b**2).sum() - 2 * np.linalg.norm(a @ b.T, "nuc"))
    return float(((means[0] - means[1]) ** 2).sum()) + max(spread, 0.0)


def neighbourhood_metrics(real: Features, synthetic: Features, k: int = 5) -> dict[str, float]:
    """Compute precision, recall, density and coverage.

    Precision and recall as Kynkäänniemi et al. have them (arXiv 1904.06991), density and coverage as Naeem et al.
    (arXiv 2002.09797). The neighbourhood of a row is the ball up to its k-th nearest neighbour in its own sample.

    Parameters
    ----------
    real, synthetic : arrays (n, F) and (m, F)
        More than k rows each.
    k : int
        Neighbours.

    Returns
    -------
    dict
        ``precision``: share of synthetic rows in the neighbourhood of any real row; ``recall``: share of real rows in
        that of any synthetic row; ``density``: real neighbourhoods that a synthetic row lies in, over k, 1 on average
        for two samples of one distribution; ``coverage``: share of real rows with a synthetic row in their
        neighbourhood.

    Raises
    ------
    ValueError
        If a sample has k rows or fewer.
    """
    real_radii, synthetic_radii = _radii(real, k), _radii(synthetic, k)
    hits, recalled, covered = [], np.zeros(len(real), bool), np.zeros(len(real), bool)
    start = 0
    for distances in pairwise_distances_chunked(synthetic, real, working_memory=MEGABYTES):
        within_real = distances < real_radii
        hits.append(within_real.sum(1))
        covered |= within_real.any(0)
        recalled |= (distances < synthetic_radii[start : start + len(distances), None]).any(0)
        start += len(distances)
    counts = np.concatenate(hits)
    return {
        "precision": float((counts > 0).mean()),
        "recall": float(recalled.mean()),
        "density": float(counts.mean() / k),
        "coverage": float(covered.mean()),
    }


def _squared_discrepancy(first: Features, second: Features) -> float:
    x, y = first.astype(np.float64), second.astype(np.float64)
    within = 0.0
    for rows in (x, y):
        kernel = _kernel(rows, rows)
        within += float((kernel.sum() - np.trace(kernel)) / (len(rows) * (len(rows) - 1)))
    return within - 2 * float(_kernel(x, y).mean())


def _kernel(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    kernel: NDArray[np.float64] = x @ y.T / x.shape[1] + 1
    return kernel * kernel * kernel  # ** 3 takes seven times as long


def _mean_and_factor(features: Features) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the mean (F,) and a matrix f of F columns, and of F rows at most, whose f'f is the covariance."""
    n, width = features.shape
    mean = features.mean(0, dtype=np.float64)
    if n <= width:
        return mean, (features - mean) / np.sqrt(n - 1)
    covariance = np.zeros((width, width))
    for start in range(0, n, BLOCK):
        block = features[start : start + BLOCK] - mean
        covariance += block.T @ block / (n - 1)
    values, vectors = np.linalg.eigh(covariance)
    return mean, np.sqrt(values.clip(0))[:, None] * vectors.T


def _radii(features: Features, k: int) -> NDArray[np.float64]:
    """Return the distance of each row to its k-th nearest neighbour among the others."""
    finder = NearestNeighbors(n_neighbors=k, algorithm="brute").fit(features)
    with one_openmp_thread():
        radii: NDArray[np.float64] = finder.kneighbors()[0][:, -1]
    return radii
