"""Copies among rows: exact ones by content hash, near ones by correlation; and the proof that splits share none.

Two images are near duplicates where their pixels correlate at `NEAR` or more, whatever their brightness and contrast.
Measured on Fashion-MNIST (28x28): of its 70,000 images 106 match another, in 48 clusters of one label each, which look
like photos of the same products; at 0.99 different trousers start to match. Of copies saved as JPEG of quality 90 it
finds 99 %, with noise of 4 levels 96 %, toned 100 %; not those blurred, shifted or mirrored.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import KDTree

from ganaug.data.rows import Rows, content_ids, iter_rows
from ganaug.errors import DataError
from ganaug.progress import Progress

NEAR = 0.997
FLAT = 2.0 / 255  # standard deviation below which an image has no structure to compare

_LIMIT = 2 * (1 - NEAR) + 2e-5  # of the squared distance, with slack for the rounding of single precision
_BLOCKS = 8  # a side of a thumbnail
_AXES = 12  # of thumbnails, those of most variance, by which close ones are looked up
_ROWS = 2048  # thumbnails made at once
_PAIRS = 2**17  # pairs of thumbnails compared at once: 64 MB
_VALUES = 2**22  # pixels of pairs looked at closely at once: 16 MB


def near_duplicates(images: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Cluster images with their near duplicates and exact copies.

    Looks up pairs that are close by thumbnails of 8x8 blocks, which only bring images closer, so that no near duplicate
    is missed; then looks at those pairs pixel by pixel. Memory is some 1,000 bytes an image beside the pixels; 70,000
    images of 28x28 take 6 s on one core, and time grows with the number of close pairs.

    Parameters
    ----------
    images : ndarray of shape (n, H, W, C), uint8
        Pixels.

    Returns
    -------
    ndarray of shape (n,), int64
        Number of the cluster of each image. Chains count: where a ~ b and b ~ c, all three are one cluster.
    """
    _, first, clusters = np.unique(content_ids(images).astype(str), return_index=True, return_inverse=True)
    clusters = clusters.astype(np.int64)
    at, thumbnails = _structured(images)
    distinct = np.isin(at, first)  # exact copies are known
    at, thumbnails = at[distinct], thumbnails[distinct]
    with Progress("comparing images", len(at), "images") as progress:
        for i, j in _nearby_pairs(thumbnails, thumbnails, progress):
            apart = (i < j) & (clusters[at[i]] != clusters[at[j]])
            i, j = _close_pairs(thumbnails, thumbnails, i[apart], j[apart])
            clusters = _join_close(images, clusters, at[i], at[j])
    return join_clusters(clusters)


def near_copies(images: NDArray[np.uint8], others: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Mark the images that are exact copies or near duplicates of one among others, as `near_duplicates` tells them.

    Parameters
    ----------
    images, others : ndarray of shape (n, H, W, C) and (m, H, W, C), uint8
        Pixels.

    Returns
    -------
    ndarray of shape (n,), bool
    """
    found = np.isin(content_ids(images).astype(str), content_ids(others).astype(str))
    (at, mine), (where, theirs) = _structured(images), _structured(others)
    for i, j in _nearby_pairs(mine, theirs):
        left = ~found[at[i]]
        i, j = _close_pairs(mine, theirs, i[left], j[left])
        for part in _ranges(len(i), max(1, _VALUES // images[0].size)):
            a, b = at[i[part]], where[j[part]]
            found[a[_correlate(images[a], others[b])]] = True
    return found


def join_clusters(*partitions: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the finest clusters that no cluster of any partition straddles.

    Parameters
    ----------
    *partitions : ndarray of shape (n,), int64
        Number of each row's cluster; -1 for none.

    Returns
    -------
    ndarray of shape (n,), int64
        Numbers from 0, in order of first appearance.
    """
    n = len(partitions[0])
    a, b, nodes = [], [], n  # a graph of rows and clusters, with an edge where a row is in a cluster
    for partition in partitions:
        members = np.flatnonzero(partition >= 0)
        a.append(members)
        b.append(nodes + partition[members])
        nodes += int(partition.max(initial=-1)) + 1
    found = _components(np.concatenate(a), np.concatenate(b), nodes)[:n]
    _, first, inverse = np.unique(found, return_index=True, return_inverse=True)
    rank: NDArray[np.int64] = np.argsort(np.argsort(first))
    return rank[inverse]


def conflicts(rows: Rows) -> NDArray[np.bool_]:
    """Mark the rows whose exact copies bear another label; which one is right cannot be known."""
    _, content = np.unique(rows.ids.astype(str), return_inverse=True)
    pairs = np.unique(np.stack([content, rows.labels]), axis=1)
    labels_of = np.bincount(pairs[0], minlength=len(rows))
    return labels_of[content] > 1


def assert_disjoint(training: Iterable[Rows | str | Path], held_out: Iterable[Rows | str | Path]) -> None:
    """Prove that no held-out image is among those trained on; hashes are taken of the pixels, not read from the file.

    Parameters
    ----------
    training, held_out : iterable of Rows or path-like
        Rows, or files of the Parquet form.

    Raises
    ------
    DataError
        If an image is in both.
    """
    held = {content: name for name, content in _contents(held_out)}
    for name, content in _contents(training):
        if content in held:
            raise DataError(
                f"{name} and {held[content]} share the image {content}; run prepare again, and what follows it."
            )


def _contents(items: Iterable[Rows | str | Path]) -> Iterator[tuple[str, str]]:
    for item in items:
        name = "the rows given" if isinstance(item, Rows) else str(item)
        for rows in [item] if isinstance(item, Rows) else iter_rows(item):
            for content in content_ids(rows.images):
                yield name, content


def _ranges(n: int, step: int) -> Iterator[slice]:
    for begin in range(0, n, step):
        yield slice(begin, min(begin + step, n))


def _nearby_pairs(
    points: NDArray[np.float32], others: NDArray[np.float32], progress: Progress | None = None
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Yield the pairs of thumbnails (n, d) and others (m, d) that are close along the first axes, so many at a time."""
    if not len(points) or not len(others):
        return
    _, axes = np.linalg.eigh(np.cov(others.T, bias=True))
    few, tree = points @ axes[:, -_AXES:], KDTree(others @ axes[:, -_AXES:])
    counts = tree.query_ball_point(few, np.sqrt(_LIMIT), return_length=True)
    for rows in np.split(np.arange(len(points)), np.flatnonzero(np.diff(counts.cumsum() // _PAIRS)) + 1):
        found = chain.from_iterable(tree.query_ball_point(few[rows], np.sqrt(_LIMIT)))
        yield np.repeat(rows, counts[rows]), np.fromiter(found, np.int64)
        if progress is not None:
            progress.advance(len(rows))


def _close_pairs(
    points: NDArray[np.float32], others: NDArray[np.float32], i: NDArray[np.int64], j: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return those pairs of thumbnails that are as close as near duplicates."""
    close = ((points[i] - others[j]) ** 2).sum(axis=1) <= _LIMIT
    return i[close], j[close]


def _join_close(
    images: NDArray[np.uint8], clusters: NDArray[np.int64], i: NDArray[np.int64], j: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Join the clusters of those candidate pairs i, j whose pixels correlate."""
    at_once = max(1, _VALUES // images[0].size)
    while True:
        apart = clusters[i] != clusters[j]
        i, j = i[apart], j[apart]
        if not len(i):
            return clusters
        a, b = i[:at_once], j[:at_once]
        near = _correlate(images[a], images[b])
        if near.any():
            clusters = _components(clusters[a[near]], clusters[b[near]], len(images))[clusters]
        i, j = i[at_once:], j[at_once:]


def _correlate(images: NDArray[np.uint8], others: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Tell which pairs (n, H, W, C) correlate as near duplicates do."""
    near: NDArray[np.bool_] = (_standard(images) * _standard(others)).sum(axis=(1, 2, 3)) >= NEAR
    return near


def _components(a: NDArray[np.int64], b: NDArray[np.int64], nodes: int) -> NDArray[np.int64]:
    """Number the connected components of a graph with edges a - b."""
    graph = coo_array((np.ones(len(a), bool), (a, b)), shape=(nodes, nodes))
    return connected_components(graph, directed=False)[1].astype(np.int64)  # type: ignore[no-any-return]


def _structured(images: NDArray[np.uint8]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Return the positions of the images that are not flat, and their thumbnails (n, 64)."""
    at, thumbnails = [np.empty(0, np.int64)], [np.empty((0, _BLOCKS**2), np.float32)]
    for part in _ranges(len(images), _ROWS):
        standard = _standard(images[part])
        kept = np.flatnonzero(standard.any(axis=(1, 2, 3)))
        at.append(kept + part.start)
        thumbnails.append(_thumbnails(standard[kept]))
    return np.concatenate(at), np.concatenate(thumbnails)


def _standard(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Shift and scale each image to mean 0 and norm 1, so that distance² = 2 (1 - correlation); flat ones become 0."""
    x = images.astype(np.float32)
    x -= x.mean(axis=(1, 2, 3), keepdims=True)
    norm = np.sqrt((x**2).sum(axis=(1, 2, 3), keepdims=True))
    flat = norm < FLAT * 255 * np.sqrt(x[0].size)
    standard: NDArray[np.float32] = np.where(flat, 0, x / np.where(flat, 1, norm))
    return standard


def _thumbnails(standard: NDArray[np.float32]) -> NDArray[np.float32]:
    """Project (n, H, W, C) on orthonormal blocks: (n, 64)."""
    _, height, width, channels = standard.shape
    x = standard.sum(axis=3) / np.sqrt(channels)
    for axis, side in ((1, height), (2, width)):
        edges = np.linspace(0, side, _BLOCKS + 1).astype(int)
        sizes = np.diff(edges).reshape([-1 if a == axis else 1 for a in range(3)])
        x = np.add.reduceat(x, edges[:-1], axis=axis) / np.sqrt(sizes)
    thumbnails: NDArray[np.float32] = x.reshape(len(x), _BLOCKS**2).astype(np.float32)
    return thumbnails
