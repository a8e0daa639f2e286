"""Rows of files that several parts of a stage look at, decoded and hashed once as long as they fit into memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from filecmp import cmp
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ganaug.data.rows import Rows, iter_encoded, iter_rows, read_rows, read_samples, read_schema, read_table
from ganaug.utils.samples import Samples, nbytes, take

BATCH = 8192  # rows looked at together, so that memory does not grow with a file
LIMIT = 2**29  # bytes of samples that are kept


class RowCache:
    """Decoded rows by file; those not asked for longest go first.

    Files of one name that are the same byte for byte, as repeats may share their test rows, are one file.

    Parameters
    ----------
    limit : int
        Bytes of samples that are kept. A larger file is streamed whenever it is asked for.
    """

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._first: dict[Path, Path] = {}
        self._kept: dict[Path, tuple[int, list[Rows]]] = {}  # bytes, portions

    def first(self, path: Path) -> Path:
        """Return the first file of this name that was asked for and holds the same bytes."""
        if path not in self._first:
            earlier = [one for one in dict.fromkeys(self._first.values()) if one.name == path.name]
            same = (one for one in earlier if path.is_file() and cmp(one, path, shallow=False))
            self._first[path] = next(same, path)
        return self._first[path]

    def portions(self, path: Path) -> Iterator[Rows]:
        """Yield a file's rows in order, at most `BATCH` together."""
        first = self.first(path)
        if first in self._kept:
            self._kept[first] = self._kept.pop(first)  # the latest
            yield from self._kept[first][1]
            return
        parts: list[Rows] = []
        size = 0
        for rows in iter_rows(path, BATCH):
            size += nbytes(rows.samples)
            if size <= self._limit:
                parts.append(rows)
            else:
                parts.clear()
            yield rows
        if size <= self._limit:
            while size + sum(held for held, _ in self._kept.values()) > self._limit:
                del self._kept[next(iter(self._kept))]
            self._kept[first] = size, parts

    def rows(self, path: Path) -> Rows:
        """Return all rows of a file."""
        parts = list(self.portions(path))
        return Rows.joined(parts) if parts else read_rows(path)

    def hashes(self, path: Path) -> NDArray[np.object_]:
        """Return the content hashes of a file's rows (n,)."""
        return np.concatenate([np.empty(0, object), *(rows.hashes for rows in self.portions(path))])

    def samples(self, path: Path, wanted: Sequence[int]) -> Samples:
        """Return the samples at these positions of a file, see `ganaug.data.rows.read_samples`."""
        if self.first(path) not in self._kept:
            return read_samples(path, wanted)
        return take(self.rows(path).samples, np.asarray(wanted, np.int64))

    def copied(self, path: Path, sources: Sequence[Path]) -> NDArray[np.object_] | None:
        """Return the content hashes of a file's rows (n,) without decoding them, where these are copies.

        Parameters
        ----------
        path : Path
            A file whose rows are, in order, some of those of the sources, byte for byte.
        sources : sequence of Path
            Files of the same schema.

        Returns
        -------
        object array (n,) or None
            What the rows of the sources hash to; None where one of the file's rows is no copy.
        """
        names = (schema := read_schema(path)).modality.columns(schema.spec).names
        wanted = read_table(path, ["id"])["id"].tolist()
        stored = (pa.Table.from_batches([batch]) for batch in iter_encoded(path))
        rest, hashes = next(stored, None), list[NDArray[np.object_]]()
        done = 0
        for source in sources:
            known, start = self.hashes(source), 0
            for batch in iter_encoded(source):
                at = []
                for i, row in enumerate(batch.column("id").to_pylist()):
                    if done < len(wanted) and row == wanted[done]:
                        at.append(i)
                        done += 1
                while rest is not None and len(rest) < len(at):
                    rest = pa.concat_tables([rest, next(stored)])
                if rest is not None:
                    theirs = pa.Table.from_batches([batch.take(pa.array(at, pa.int64()))])
                    if not rest.slice(0, len(at)).select(names).equals(theirs.select(names)):
                        return None
                    rest = rest.slice(len(at))
                hashes.append(known[start : start + len(batch)][at])
                start += len(batch)
        return np.concatenate([np.empty(0, object), *hashes]) if done == len(wanted) else None
