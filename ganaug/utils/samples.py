"""Sequences of samples, whatever holds them: an array, a DataFrame, a list.

scikit-learn's `_safe_indexing` takes the same. Only a `ganaug.modalities.base.Modality` looks inside.
"""

from __future__ import annotations

import math
import mmap
import os
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ganaug.errors import WriteError

Samples = Any  # ndarray (n, ...), DataFrame (n, columns) or list of n
IN_MEMORY = 2**26  # bytes of an array
LARGE = 2**16  # numbers of a sample, say 128 x 128 pixels of 4 channels, beyond which fewer are looked at together


def at_a_time(rows: int, numbers: int) -> int:
    """Return how many samples of so many numbers each to look at together: ``rows``, and fewer of large ones."""
    return max(1, min(rows, rows * LARGE // max(1, numbers)))


def room(shape: tuple[int, ...], dtype: Any) -> NDArray[Any]:
    """Return an array to be filled: in memory, or of more than `IN_MEMORY` bytes in a file that goes when it does.

    The file has no name and lies where temporary ones do (``TMPDIR``); `WriteError` where there is no space for it.
    What has been read or written of it counts as memory of this process until `let_go`.
    """
    kind = np.dtype(dtype)
    size = math.prod(shape) * kind.itemsize
    if size <= IN_MEMORY or kind.hasobject:
        return np.empty(shape, kind)
    with tempfile.TemporaryFile() as file:
        try:
            file.truncate(size)
            if hasattr(os, "posix_fallocate"):  # a full disk is an error here, and would kill us later
                os.posix_fallocate(file.fileno(), 0, size)
        except OSError as error:
            raise WriteError(error.errno, error.strerror, f"{size:,} bytes in {tempfile.gettempdir()}") from None
        # no np.memmap: joblib would have other processes open its file, which has no name
        return np.frombuffer(mmap.mmap(file.fileno(), size), kind).reshape(shape)


def let_go(samples: Samples) -> None:
    """Have samples that are in a file, see `room`, leave memory; they come back as they are looked at."""
    held = samples
    while isinstance(held, np.ndarray):
        held = held.base
    if isinstance(held, memoryview):
        held = held.obj
    if isinstance(held, mmap.mmap) and hasattr(held, "madvise"):
        held.madvise(mmap.MADV_DONTNEED)


def take(samples: Samples, at: Any) -> Samples:
    """Return the samples at these positions, of a boolean mask or of a slice, in that order; of an array see `room`."""
    if isinstance(samples, np.ndarray):
        return samples[at] if isinstance(at, slice) else _taken(samples, np.asarray(at))
    if isinstance(samples, pd.DataFrame):
        return samples.iloc[at].reset_index(drop=True)
    if isinstance(at, slice):
        return samples[at]
    positions = np.asarray(at)
    return [samples[i] for i in (np.flatnonzero(positions) if positions.dtype == bool else positions)]


def _taken(samples: NDArray[Any], at: NDArray[Any]) -> NDArray[Any]:
    """Return elements of an array, read and written a portion at a time where they are many."""
    count, each = int(at.sum()) if at.dtype == bool else len(at), samples[:1].nbytes
    if count * each <= IN_MEMORY:
        return samples[at] if count else samples[:0].copy()
    positions = np.flatnonzero(at) if at.dtype == bool else at
    taken: NDArray[Any] = gather((samples[some] for some in _portions(positions, each)), count)
    return taken


def _each_portion(parts: Sequence[NDArray[Any]]) -> Iterator[NDArray[Any]]:
    return (some for part in parts for some in _portions(part, part[:1].nbytes))


def _portions(sequence: Any, each: int) -> Iterator[Any]:
    """Cut a sequence in parts of which the samples, of so many bytes each, take a part of `IN_MEMORY`."""
    portion = max(1, IN_MEMORY // (4 * max(1, each)))
    return (sequence[start : start + portion] for start in range(0, len(sequence), portion))


def nbytes(samples: Samples) -> int:
    """Return about how many bytes samples take in memory."""
    if isinstance(samples, np.ndarray):
        return samples.nbytes
    if isinstance(samples, pd.DataFrame):
        return int(samples.memory_usage(deep=True, index=False).sum())
    return sum(map(sys.getsizeof, samples))


def gather(parts: Iterable[Samples], n: int) -> Samples:
    """Join the n samples of parts as they come, at least one part; an array is never there twice, see `room`."""
    stream = iter(parts)
    first = next(stream)
    if not isinstance(first, np.ndarray):
        return concat([first, *stream])
    joined, done = room((n, *first.shape[1:]), first.dtype), 0
    for part in chain([first], stream):
        joined[done : done + len(part)] = part
        done += len(part)
        let_go(joined)
        let_go(part)
    return joined


def concat(parts: Sequence[Samples]) -> Samples:
    """Join samples of one kind, at least one part; an empty part says which kind it is."""
    if isinstance(parts[0], np.ndarray):
        few = sum(part.nbytes for part in parts) <= IN_MEMORY or len({part.dtype for part in parts}) > 1
        return np.concatenate(parts) if few else gather(_each_portion(parts), sum(map(len, parts)))
    if isinstance(parts[0], pd.DataFrame):
        filled = [part for part in parts if len(part)] or parts[:1]  # empty columns would change types
        return pd.concat(filled, ignore_index=True)
    return [sample for part in parts for sample in part]
