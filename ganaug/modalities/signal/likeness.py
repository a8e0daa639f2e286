"""How alike signals are: value by value on a common grid of time; and which are copies of one another."""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components
from sklearn.neighbors import NearestNeighbors

from ganaug.modalities.loaded import Codes, Ids
from ganaug.modalities.parts import Floats
from ganaug.modalities.signal.grid import lengths, to_grid
from ganaug.modalities.signal.spec import Signals, SignalSpec

POINTS = 256  # of a channel that are compared, at most
NEAR = 0.005  # root mean square difference of near copies, of the standard deviation: a correlation above 0.99998
BLOCK = 1_000  # signals looked up at once


def content_ids(signals: Signals) -> Ids:
    """Hash the shape and the values of each signal, whatever their dtype: (n,) of 32 hexadecimal digits."""
    ids = np.empty(len(signals), object)
    ids[:] = [
        hashlib.blake2b(
            repr(signal.shape).encode() + (np.asarray(signal, np.float64) + 0.0).tobytes(), digest_size=16
        ).hexdigest()
        for signal in signals
    ]
    return ids


def embed(signals: Signals, spec: SignalSpec) -> Floats:
    """Return values (n, F), scaled so that the first percentile of a channel is 0 and the last 1.

    Where lengths differ, the share of the longest one counts as much as a channel.
    """
    points = min(spec.longest, POINTS)
    low, high = (np.array(ends)[:, None] for ends in (spec.low, spec.high))
    values = (to_grid(signals, points) - low) / np.where(high > low, high - low, 1.0)
    flat = values.reshape(len(signals), spec.channels * points)
    if spec.ragged:
        flat = np.concatenate([flat, np.repeat(lengths(signals)[:, None] / spec.longest, points, axis=1)], axis=1)
    return np.asarray(flat, np.float32)


def _shapes(signals: Signals, spec: SignalSpec) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Return which signals vary, and these on a common grid with mean 0 and root mean square 1 over it, (m, F)."""
    grid = to_grid(signals, min(spec.longest, POINTS)).astype(np.float64)
    grid = grid - grid.mean(2, keepdims=True)
    flat = grid.reshape(len(signals), -1)
    spread = np.sqrt((flat**2).mean(1))
    at = np.flatnonzero(spread > 0)
    return at, (flat[at] / spread[at, None] / np.sqrt(flat.shape[1])).astype(np.float32)


def duplicates(signals: Signals, spec: SignalSpec, near: bool, ids: Ids | None = None, reach: float = NEAR) -> Codes:
    """Cluster signals with their copies, and with near ones: the same curve in other units or with fewer digits."""
    known = content_ids(signals) if ids is None else ids
    exact: Codes = np.unique(known.astype(str), return_inverse=True)[1].astype(np.int64)
    at, shapes = _shapes(signals, spec) if near and len(signals) > 1 else (exact[:0], np.zeros((0, 1), np.float32))
    if not len(at):
        return exact
    pairs = _pairs(shapes, shapes, reach)
    rows = np.concatenate([exact[at[pairs[0]]], exact])
    columns = np.concatenate([exact[at[pairs[1]]], exact])
    size = int(exact.max()) + 1
    graph = csr_array((np.ones(len(rows), bool), (rows, columns)), shape=(size, size))
    joined = connected_components(graph, directed=False)[1][exact]
    return np.unique(joined, return_inverse=True)[1].astype(np.int64)


def _pairs(shapes: NDArray[np.float32], known: NDArray[np.float32], reach: float) -> NDArray[np.int64]:
    """Return the pairs (2, p) of near copies."""
    search = NearestNeighbors(radius=reach, algorithm="brute").fit(known)
    found = []
    for start in range(0, len(shapes), BLOCK):
        close = search.radius_neighbors(shapes[start : start + BLOCK], return_distance=False)
        rows = np.repeat(np.arange(start, start + len(close)), [len(each) for each in close])
        found.append(np.stack([rows, np.concatenate([*close, np.zeros(0, np.int64)]).astype(np.int64)]))
    return np.concatenate([np.zeros((2, 0), np.int64), *found], axis=1)


class SignalOriginals:
    """Signals of which copies are looked for."""

    def __init__(self, signals: Signals, spec: SignalSpec, ids: Ids | None = None, reach: float = NEAR) -> None:
        self.ids = content_ids(signals) if ids is None else ids
        self._spec, self._known, self._reach = spec, _shapes(signals, spec)[1], reach

    def copies(self, samples: Signals, ids: Ids | None = None) -> NDArray[np.bool_]:
        """Mark the signals (n,) that are copies of one of these, exact or near; ``ids`` are their hashes, if known."""
        known = content_ids(samples) if ids is None else ids
        found: NDArray[np.bool_] = np.isin(known.astype(str), self.ids.astype(str))
        if not len(samples):
            return found
        at, shapes = _shapes(samples, self._spec)
        if len(at) and len(self._known):
            found[at[_pairs(shapes, self._known, self._reach)[0]]] = True
        return found
