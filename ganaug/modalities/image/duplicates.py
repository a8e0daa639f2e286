"""Copies among images: exact ones by content hash, near ones by correlation.

Two images are near duplicates where their pixels correlate at `NEAR` or more, whatever their brightness and contrast.
Measured on Fashion-MNIST (28x28): of its 70,000 images 106 match another, in 48 clusters of one label each, which look
like photos of the same products; at 0.99 different trousers start to match. Of copies saved as JPEG of quality 90 it
finds 99 %, with noise of 4 levels 96 %, toned 100 %; not those blurred, shifted or mirrored.

Coloured images are compared as JPEG stores them, by luma and by chroma in blocks of 2x2, and have to correlate twice:
in their colours, and in what varies over them, as a ground in one colour would else drown what is drawn on it. Since
that may be faint, a correlation may fall short of `NEAR` by as much as noise of `NOISE` levels takes from it. Alpha is
the weight of the colours, so that what is transparent does not matter, and has to correlate by itself where it varies.
Of 64x64 cuts of two photos it finds 98 and 77 % saved as JPEG of quality 95 and 90, with noise of 4 levels 79 %, toned
99 %; Fashion-MNIST in white on green stays as far apart as in gray.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.spatial import KDTree

from ganaug.data.clusters import components, join_clusters
from ganaug.modalities.image.arrays import content_ids
from ganaug.utils.progress import Progress
from ganaug.utils.samples import let_go

Floats = NDArray[np.floating[Any]]


NEAR = 0.997


FLAT = 2.0  # levels, standard deviation, below which an image has no structure to compare


NOISE = 4.0  # levels, standard deviation, that a copy of a coloured image may have


_SLACK = 2e-5  # of squared distances, for the rounding of single precision


_FAINT = 8.0  # levels that a pixel of a flat view may differ by


_CLEAR = 1e-6  # weight of a transparent pixel: none to speak of, but an image of nothing else has a mean


_LUMA_CHROMA = np.array([[0.299, 0.587, 0.114], [-0.1687, -0.3313, 0.5], [0.5, -0.4187, -0.0813]], np.float32)


_BLOCKS = 8  # a side of a thumbnail


_AXES = 12  # of thumbnails, those of most variance, by which close ones are looked up


_ROWS = 2048  # thumbnails made at once


_SOME = 2**16  # thumbnails, at least, of which these are found


_PAIRS = 2**17  # pairs of thumbnails compared at once: 64 MB


_FOUND = 2**19  # pairs close along the first axes, found at once


_VALUES = 2**22  # pixels of pairs looked at closely at once: 16 MB


def near_duplicates(images: NDArray[np.uint8], ids: NDArray[np.object_] | None = None) -> NDArray[np.int64]:
    """Cluster images with their near duplicates and exact copies.

    Looks up pairs that are close by thumbnails of 8x8 blocks, which only bring images closer, so that no near duplicate
    is missed (coloured ones have to be close there, too, where noise averages out); then looks at those pairs pixel by
    pixel. Memory is some 700 bytes an image beside the pixels; time grows with the number of close pairs
    (benchmarks/RESULTS.md, scale).

    Parameters
    ----------
    images : ndarray of shape (n, H, W, C), uint8
        Pixels.
    ids : ndarray of shape (n,), object, optional
        Their content hashes, where these are known.

    Returns
    -------
    ndarray of shape (n,), int64
        Number of the cluster of each image. Chains count: where a ~ b and b ~ c, all three are one cluster.
    """
    known = content_ids(images) if ids is None else ids
    clusters = pd.factorize(known)[0].astype(np.int64)
    first = np.unique(clusters, return_index=True)[1]
    at, thumbnails, reach = _structured(images)
    distinct = np.isin(at, first)  # exact copies are known
    if not distinct.all():
        at, thumbnails, reach = at[distinct], thumbnails[distinct], reach[distinct]
    lookup = _Lookup(thumbnails, reach)
    with Progress("comparing images", len(at), "images") as progress:
        for i, j in lookup.own_pairs(progress):
            apart = clusters[at[i]] != clusters[at[j]]
            i, j = lookup.close(thumbnails, reach, i[apart], j[apart])
            clusters = _join_close(images, clusters, at[i], at[j])
            let_go(images)
    return join_clusters(clusters)


class Originals:
    """Images of which copies are looked for, made ready once for any number of looks.

    Parameters
    ----------
    images : ndarray of shape (m, H, W, C), uint8
        Pixels; they are kept.
    ids : ndarray of shape (m,), object, optional
        Their content hashes, where these are known.

    Attributes
    ----------
    ids : ndarray of shape (m,), object
        Content hashes.
    """

    def __init__(self, images: NDArray[np.uint8], ids: NDArray[np.object_] | None = None) -> None:
        self.ids = content_ids(images) if ids is None else ids
        self._images = images
        self._at, *known = _structured(images)
        self._lookup = _Lookup(*known)

    def copies(self, images: NDArray[np.uint8], ids: NDArray[np.object_] | None = None) -> NDArray[np.bool_]:
        """Mark the images (n, H, W, C) that are exact copies or, as `near_duplicates` tells them, near ones.

        ``ids`` (n,) are their content hashes, where these are known.
        """
        found = np.isin((content_ids(images) if ids is None else ids).astype(str), self.ids.astype(str))
        at, thumbnails, reach = _structured(images)
        for i, j in self._lookup.pairs(thumbnails, reach):
            left = ~found[at[i]]
            i, j = self._lookup.close(thumbnails, reach, i[left], j[left])
            for part in _ranges(len(i), max(1, _VALUES // images[0].size)):
                a, b = at[i[part]], self._at[j[part]]
                found[a[_correlate(images[a], self._images[b])]] = True
        return found


def _ranges(n: int, step: int) -> Iterator[slice]:
    for begin in range(0, n, step):
        yield slice(begin, min(begin + step, n))


class _Lookup:
    """Thumbnails (m, d) among which close ones are looked up, by a tree of their first axes.

    ``reach`` (m,) is the squared distance that is close; of a pair, the smaller one counts.
    """

    def __init__(self, thumbnails: Floats, reach: Floats) -> None:
        self._thumbnails, self._reach = thumbnails, reach
        if len(thumbnails):
            some = thumbnails[:: max(1, len(thumbnails) // _SOME)]
            self._axes = np.linalg.eigh(np.cov(some.T, bias=True))[1][:, -_AXES:]
            self._tree = KDTree(thumbnails @ self._axes)

    def pairs(
        self, points: Floats, reach: Floats, progress: Progress | None = None
    ) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
        """Yield the pairs of points (n, d) and thumbnails that are close along the first axes, so many at a time."""
        if not len(points) or not len(self._thumbnails):
            return
        few, radii = points @ self._axes, np.sqrt(reach)
        counts = self._tree.query_ball_point(few, radii, return_length=True)
        for rows in np.split(np.arange(len(points)), np.flatnonzero(np.diff(counts.cumsum() // _PAIRS)) + 1):
            found = chain.from_iterable(self._tree.query_ball_point(few[rows], radii[rows]))
            yield np.repeat(rows, counts[rows]), np.fromiter(found, np.int64)
            if progress is not None:
                progress.advance(len(rows))

    def own_pairs(self, progress: Progress) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
        """Yield the pairs of thumbnails that are close along the first axes, some of them twice, so many at a time.

        Two are as close as the smaller reach of both says. So all are looked at with the smallest reach, and then those
        of a larger one among themselves.
        """
        radii, at = np.sqrt(self._reach), np.arange(len(self._thumbnails))
        while len(at):
            radius = min(1.2 * float(radii[at].min()), float(radii[at].max()))
            yield from _pairs_within(self._tree.data, at, radius)
            progress.advance(int((radii[at] <= radius).sum()))
            at = at[radii[at] > radius]

    def close(
        self, points: Floats, reach: Floats, i: NDArray[np.int64], j: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return those pairs of points and thumbnails that are as close as near duplicates."""
        close = np.empty(len(i), bool)
        for part in _ranges(len(i), _PAIRS):
            a, b = i[part], j[part]
            close[part] = ((points[a] - self._thumbnails[b]) ** 2).sum(axis=1) <= np.minimum(reach[a], self._reach[b])
        return i[close], j[close]


def _pairs_within(
    points: Floats, at: NDArray[np.int64], radius: float
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Yield the pairs among points (n, d) at these positions that are so close, about `_FOUND` at a time.

    Two trees that are walked together find them in a fraction of the time that it takes point by point. What may be too
    many pairs is cut in half, as the tree cuts space.
    """
    waiting: list[tuple[NDArray[np.int64], NDArray[np.int64] | None]] = [(at, None)]
    while waiting:
        a, b = waiting.pop()
        tree = KDTree(points[a])
        first, second = np.array_split(a[tree.indices], 2)
        if b is None and len(a) ** 2 > 2 * _FOUND:
            waiting += [(first, None), (second, None), (first, second)]
        elif b is None:
            i, j = tree.query_pairs(radius, output_type="ndarray").T
            yield a[i], a[j]
        else:
            others = KDTree(points[b])
            if len(a) * len(b) > _FOUND and tree.count_neighbors(others, radius) > _FOUND:
                waiting += [(b, first), (b, second)]  # next time the other one is cut
            else:
                found = tree.sparse_distance_matrix(others, radius, output_type="ndarray")
                yield a[found["i"]], b[found["j"]]


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
            clusters = components(clusters[a[near]], clusters[b[near]], len(images))[clusters]
        i, j = i[at_once:], j[at_once:]


def _correlate(images: NDArray[np.uint8], others: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Tell which pairs (n, H, W, C) correlate as near duplicates do, in every view that is not flat in both."""
    near, noise = np.ones(len(images), bool), _noise(images)
    for mine, theirs in zip(_views(images), _views(others), strict=True):
        (x, contrast), (y, of_other) = _scaled(mine), _scaled(theirs)
        alike = (x * y).sum(axis=(1, 2, 3)) >= _least(np.maximum(contrast, of_other), noise)
        flat = np.maximum(contrast, of_other) < FLAT
        alike[flat] = np.abs(mine[flat] - theirs[flat]).max(axis=(1, 2, 3)) <= _FAINT
        near &= alike
    return near


def _structured(
    images: NDArray[np.uint8],
) -> tuple[NDArray[np.int64], Floats, Floats]:
    """Return of the images that are not flat: positions, thumbnails (n, d), squared distance to copies."""
    n = 2 if images.shape[3] == 4 else 1
    parts = []
    for part in _ranges(len(images), max(1, min(_ROWS, _VALUES // max(1, images[:1].size)))):
        found, contrasts = zip(*map(_scaled, _views(images[part])[:n]), strict=True)
        kept = np.flatnonzero(np.max(contrasts, axis=0) >= FLAT)
        thumbnails = np.concatenate([_thumbnails(one[kept]) for one in found], axis=1) / np.float32(np.sqrt(n))
        let_go(images)
        noise = _noise(images) * _BLOCKS / np.sqrt(images[0, :, :, 0].size)  # blocks average it out
        limits = [np.where(one < FLAT, 0, 2 * (1 - _least(one, noise))) for one in contrasts]
        reach = np.mean(limits, axis=0)[kept] + _SLACK
        parts.append((kept + part.start, thumbnails, reach.astype(np.float32)))
    if not parts:
        return np.empty(0, np.int64), np.empty((0, 0), np.float32), np.empty(0, np.float32)
    at, thumbnails, reach = map(np.concatenate, zip(*parts, strict=True))
    return at, thumbnails, reach


def _noise(images: NDArray[np.uint8]) -> float:
    return NOISE if images.shape[3] > 1 else 0.0


def _least(contrast: Floats, noise: float) -> Floats:
    """Return the least correlation (n,) of near duplicates, by the higher contrast of the two: noise may be a third."""
    least: Floats = NEAR / np.sqrt(1 + (noise / np.maximum(contrast, max(3 * noise, FLAT))) ** 2)
    return least


def _scaled(view: Floats) -> tuple[Floats, Floats]:
    """Scale each of (n, c, H, W) to norm 1, so that distance² = 2 (1 - correlation); return the contrasts (n,) too.

    The contrast is the standard deviation in levels. Flat ones become 0.
    """
    norm = np.sqrt((view**2).sum(axis=(1, 2, 3)))
    contrast = norm / np.float32(np.sqrt(view.shape[2] * view.shape[3]))
    flat = (contrast < FLAT)[:, None, None, None]
    scaled: Floats = np.where(flat, 0, view / np.where(flat, 1, norm[:, None, None, None]))
    return scaled, contrast


def _views(images: NDArray[np.uint8]) -> list[Floats]:
    """Return what has to correlate of images (n, H, W, C), each (n, c, H, W) and centred.

    Structures first: how colours or grays vary over the image, and how alpha does where there is any; then the colours.
    """
    x = np.moveaxis(images, 3, 1).astype(np.float32, order="C")
    if x.shape[1] == 1:
        return [x - x.mean(axis=(2, 3), keepdims=True)]
    alpha = x[:, 3:]
    weights = np.maximum(alpha / 255, _CLEAR) if alpha.size else np.ones_like(x[:, :1])
    colours = (_LUMA_CHROMA @ x[:, :3].reshape(len(x), 3, -1)).reshape(x[:, :3].shape)
    colours[:, 1:] = _by_twos(colours[:, 1:] * weights) / _by_twos(weights)
    structure = colours - (colours * weights).sum(axis=(2, 3), keepdims=True) / weights.sum(axis=(2, 3), keepdims=True)
    colours[:, 0] = structure[:, 0]
    visible = np.sqrt(weights)
    of_alpha = [alpha - alpha.mean(axis=(2, 3), keepdims=True)] if alpha.size else []
    return [structure * visible, *of_alpha, colours * visible]


def _by_twos(planes: Floats) -> Floats:
    """Average (n, c, H, W) in blocks of 2x2; what is left over at odd sides stays."""
    averaged = planes.copy()
    height, width = (side // 2 * 2 for side in planes.shape[2:])
    corners = [(slice(a, height, 2), slice(b, width, 2)) for a in (0, 1) for b in (0, 1)]
    mean = sum(planes[:, :, y, x] for y, x in corners) / np.float32(4)
    for y, x in corners:
        averaged[:, :, y, x] = mean
    return averaged


def _thumbnails(view: Floats) -> Floats:
    """Project (n, c, H, W) on orthonormal blocks: (n, 64) of the first plane, and 16 more of each further one."""
    parts = []
    for plane in range(view.shape[1]):
        x, blocks = view[:, plane], _BLOCKS if plane == 0 else _BLOCKS // 2
        for axis, side in enumerate(x.shape[1:], start=1):
            edges = np.linspace(0, side, blocks + 1).astype(int)
            sizes = np.diff(edges).reshape([-1 if a == axis else 1 for a in range(3)])
            x = np.add.reduceat(x, edges[:-1], axis=axis) / np.sqrt(sizes)
        parts.append(x.reshape(len(x), blocks**2).astype(np.float32))
    return np.concatenate(parts, axis=1)
