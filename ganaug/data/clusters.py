"""Clusters of rows that have to stay together."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components


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
    found = components(np.concatenate(a), np.concatenate(b), nodes)[:n]
    _, first, inverse = np.unique(found, return_index=True, return_inverse=True)
    rank: NDArray[np.int64] = np.argsort(np.argsort(first))
    return rank[inverse]


def components(a: NDArray[np.int64], b: NDArray[np.int64], nodes: int) -> NDArray[np.int64]:
    """Number the connected components of a graph with edges a - b."""
    graph = coo_array((np.ones(len(a), bool), (a, b)), shape=(nodes, nodes))
    return connected_components(graph, directed=False)[1].astype(np.int64)  # type: ignore[no-any-return]
