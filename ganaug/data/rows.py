"""Labelled rows and their file form: one Parquet file a split, which `datasets.load_dataset` reads with no code.

Columns: the modality's, ``label`` int64, ``synthetic`` bool, ``id`` string (content hash), ``group`` string, then
whatever extra columns a stage adds. Files are streamed by row group, atomic, byte-deterministic. Pages have checksums,
so that a damaged byte is found by whoever reads its column, decoded or not.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import ArrayLike, NDArray

from ganaug.errors import DataError
from ganaug.modalities import modality_named
from ganaug.modalities.base import Modality
from ganaug.modalities.loaded import Spec
from ganaug.utils.files import atomic_path
from ganaug.utils.samples import Samples, concat, gather, take

VERSION = 2
UNREADABLE = (pa.ArrowException, OSError, ValueError)  # what pyarrow raises for damaged bytes
AGAIN = "run the stage that writes it again."

_COLUMNS = pa.schema([("label", pa.int64()), ("synthetic", pa.bool_()), ("id", pa.string()), ("group", pa.string())])

# Statistics would repeat whole samples, as the smallest and the largest.
_FORM = {"compression": "zstd", "write_page_checksum": True, "write_statistics": False}


@dataclass(frozen=True)
class Schema:
    """What every row of a data set has in common.

    Attributes
    ----------
    modality : Modality
        What a sample is.
    spec : Spec
        What all samples share.
    classes : tuple of str
        Class names; labels are positions in it.
    """

    modality: Modality
    spec: Spec
    classes: tuple[str, ...]


@dataclass
class Rows:
    """Labelled samples in memory.

    Attributes
    ----------
    schema : Schema
        What they share, and class names.
    samples : Samples (n)
        As the modality holds them.
    labels : ndarray of shape (n,), int64
        Positions in ``schema.classes``.
    synthetic : ndarray of shape (n,), bool
        True where a generator made the row.
    ids : ndarray of shape (n,), object
        Content hashes; of rows that are equal by chance, with the number of the copy.
    groups : ndarray of shape (n,), object
        Name of the group a row belongs to (a patient, a font family), or None.
    """

    schema: Schema
    samples: Samples
    labels: NDArray[np.int64]
    synthetic: NDArray[np.bool_]
    ids: NDArray[np.object_]
    groups: NDArray[np.object_]

    @classmethod
    def build(
        cls,
        schema: Schema,
        samples: Samples,
        labels: ArrayLike,
        *,
        synthetic: bool = False,
        groups: Sequence[str | None] | NDArray[np.object_] | None = None,
    ) -> Rows:
        """Make rows from samples and labels, and hash their content.

        Raises
        ------
        DataError
            If the samples are not as the schema says, or labels have another length or range.
        """
        n = len(samples)
        codes = np.asarray(labels, dtype=np.int64)
        if n:
            samples = schema.modality.check_stored(samples, schema.spec)
        if codes.shape != (n,) or (n and not 0 <= codes.min() <= codes.max() < len(schema.classes)):
            raise DataError(f"labels must be {n} positions among the {len(schema.classes)} classes, one a sample.")
        named = np.full(n, None, dtype=object)
        if groups is not None:
            named[:] = groups
        hashes = schema.modality.ids(samples)
        rows = cls(schema, samples, codes, np.full(n, synthetic), hashes.copy(), named)
        rows.hashes = hashes
        return rows

    @cached_property
    def hashes(self) -> NDArray[np.object_]:
        """Content hashes of the samples as they are, not as a file says (n,); taken once."""
        return self.schema.modality.ids(self.samples)

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, indices: ArrayLike) -> Rows:
        """Return the rows at ``indices`` (positions or a boolean mask), in that order."""
        at = np.asarray(indices)
        at = at if at.dtype == bool else at.astype(np.int64)
        taken = Rows(
            self.schema, take(self.samples, at), self.labels[at], self.synthetic[at], self.ids[at], self.groups[at]
        )
        if "hashes" in vars(self):
            taken.hashes = self.hashes[at]
        return taken

    @classmethod
    def joined(cls, parts: Sequence[Rows]) -> Rows:
        """Join rows of one schema, at least one part."""
        if len(parts) == 1:
            return parts[0]
        arrays = ([getattr(part, name) for part in parts] for name in ("labels", "synthetic", "ids", "groups"))
        rows = cls(parts[0].schema, concat([part.samples for part in parts]), *map(np.concatenate, arrays))
        if all("hashes" in vars(part) for part in parts):
            rows.hashes = np.concatenate([part.hashes for part in parts])
        return rows

    def contents(self) -> NDArray[np.object_]:
        """Return what tells rows apart (n,): `hashes`; of samples that may be equal by chance the numbered ids."""
        return self.hashes if self.schema.modality.copies_leak(self.schema.spec) else self.ids


def digest(ids: Iterable[str]) -> str:
    """Hash a set of content hashes, in whatever order they come: 32 hexadecimal digits."""
    return hashlib.blake2b("\n".join(sorted(ids)).encode(), digest_size=16).hexdigest()


class RowWriter:
    """Write rows to a Parquet file as a stream; the file appears, whole, when the block succeeds.

    Parameters
    ----------
    path : path-like
        The file to write.
    schema : Schema
        What every row shares.
    extra : pyarrow.Schema, optional
        Further columns.
    row_group : int, default=1024
        Rows buffered and written at once. The bytes of the file do not depend on how rows are dealt out to `write`.
    """

    def __init__(self, path: str | Path, schema: Schema, extra: pa.Schema | None = None, row_group: int = 1024) -> None:
        self.path = Path(path)
        self.schema = schema
        self.row_group = row_group
        fields = [*schema.modality.columns(schema.spec), *_COLUMNS, *(extra or [])]
        self._extra = [field.name for field in extra or []]
        self._columns = pa.schema(fields, metadata=_metadata(schema, fields))
        self._waiting: list[pa.RecordBatch] = []
        self._exit = ExitStack()

    def __enter__(self) -> RowWriter:
        temporary = self._exit.enter_context(atomic_path(self.path))
        self._file = self._exit.enter_context(pq.ParquetWriter(temporary, self._columns, **_FORM))
        self._exit.push(self._finish)
        return self

    def write(self, rows: Rows, extra: Mapping[str, NDArray[Any]] | None = None) -> None:
        """Append rows, with one array for each extra column.

        Raises
        ------
        DataError
            If the rows have another schema, or the extra columns are not those announced.
        """
        if rows.schema != self.schema:
            raise DataError(
                f"{self.path}: rows of {rows.schema.modality.describe(rows.schema.spec)} with classes "
                f"{', '.join(rows.schema.classes)} do not fit the file's schema."
            )
        samples = self.schema.modality.to_arrow(rows.samples, self.schema.spec)
        scalars = zip([rows.labels, rows.synthetic, rows.ids, rows.groups], _COLUMNS.types, strict=True)
        self._append([*samples, *(pa.array(values, kind) for values, kind in scalars)], extra)

    def copy(self, rows: pa.RecordBatch, extra: Mapping[str, NDArray[Any]] | None = None) -> None:
        """Append rows of another file of the same schema, as `iter_encoded` gives them; no sample is decoded."""
        self._append([rows.column(name) for name in _names(self.schema)], extra)

    def _append(self, arrays: list[pa.Array], extra: Mapping[str, NDArray[Any]] | None) -> None:
        extra = extra or {}
        if set(extra) != set(self._extra):
            raise DataError(f"{self.path}: expected the extra columns {self._extra}, got {sorted(extra)}.")
        arrays += [pa.array(extra[name], self._columns.field(name).type) for name in self._extra]
        if len(arrays[0]):
            self._waiting.append(pa.RecordBatch.from_arrays(arrays, schema=self._columns))
            self._flush(self.row_group)

    def _flush(self, at_least: int) -> None:
        """Write full row groups while ``at_least`` rows wait; keep the remainder."""
        if sum(map(len, self._waiting)) < at_least:
            return
        table = pa.Table.from_batches(self._waiting, self._columns)
        while len(table) >= at_least:
            self._file.write_table(table.slice(0, self.row_group), row_group_size=self.row_group)
            table = table.slice(self.row_group)
        self._waiting = table.to_batches()

    def _finish(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._flush(1)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._exit.__exit__(kind, error, trace)


def read_schema(path: str | Path) -> Schema:
    """Read the schema of a file written by `RowWriter`; `DataError` if it is missing, damaged or of another form."""
    with _open(path) as file:
        return _schema(file, path)


def iter_rows(path: str | Path, batch: int = 1024) -> Iterator[Rows]:
    """Stream a file's rows, at most ``batch`` at a time, in order."""
    schema = read_schema(path)
    for part in iter_encoded(path, batch=batch):
        try:
            rows = _rows(part, schema)
        except (DataError, TypeError, ValueError, MemoryError) as error:
            raise DataError(f"{path} is damaged ({error}); {AGAIN}") from error
        yield rows


def iter_encoded(path: str | Path, extra: Sequence[str] = (), batch: int = 1024) -> Iterator[pa.RecordBatch]:
    """Stream a file's rows, with these extra columns, as they are stored."""
    with _open(path) as file:
        names = _names(_schema(file, path))
        _check_columns(file, extra, path)
        try:
            yield from file.iter_batches(batch, columns=[*names, *extra])
        except UNREADABLE as error:
            raise DataError(f"{path} is damaged ({error}); {AGAIN}") from error


def read_rows(path: str | Path) -> Rows:
    """Read all rows of a file into memory."""
    with _open(path) as file:
        schema, n = _schema(file, path), file.metadata.num_rows
    if not n:
        return _empty(schema)
    scalars: list[tuple[NDArray[Any], ...]] = []

    def samples() -> Iterator[Samples]:
        for part in iter_rows(path):
            scalars.append((part.labels, part.synthetic, part.ids, part.groups))
            yield part.samples

    joined = gather(samples(), n)
    return Rows(schema, joined, *(np.concatenate(parts) for parts in zip(*scalars, strict=True)))


def read_samples(path: str | Path, wanted: Sequence[int] | NDArray[np.int64]) -> Samples:
    """Decode the samples at these positions of a file, and no others, in one pass; return them in that order."""
    schema, positions = read_schema(path), np.asarray(wanted, np.int64)
    at, back = np.unique(positions, return_inverse=True)
    names = schema.modality.columns(schema.spec).names
    parts = []
    with _open(path) as file:
        ends = np.cumsum([file.metadata.row_group(group).num_rows for group in range(file.num_row_groups)])
        groups = np.searchsorted(ends, at, side="right")
        for group in np.unique(groups).tolist():
            table = file.read_row_group(group, columns=names)
            here = at[groups == group] - (int(ends[group]) - len(table))
            parts.append(schema.modality.from_arrow(table.take(here).combine_chunks().to_batches()[0], schema.spec))
    return take(concat(parts), back) if parts else _empty(schema).samples


def read_table(path: str | Path, columns: Sequence[str]) -> pd.DataFrame:
    """Read scalar columns (labels, ids, scores) without decoding any sample.

    Raises
    ------
    DataError
        If the file is missing or damaged, or lacks a column.
    """
    with _open(path) as file:
        schema = _schema(file, path)
        _check_columns(file, columns, path)
        try:
            frame: pd.DataFrame = file.read(columns=list(columns)).to_pandas()
            if "label" in columns:
                _check_labels(frame["label"].to_numpy(), schema)
        except (DataError, *UNREADABLE) as error:
            raise DataError(f"{path} is damaged ({error}); {AGAIN}") from error
        return frame[list(columns)]


def _check_columns(file: pq.ParquetFile, columns: Sequence[str], path: str | Path) -> None:
    lacking = [name for name in columns if name not in file.schema_arrow.names]
    if lacking:
        raise DataError(f"{path} has no column {', '.join(lacking)}; it has {', '.join(file.schema_arrow.names)}.")


def _open(path: str | Path) -> pq.ParquetFile:
    if not Path(path).is_file():
        raise DataError(f"there is no file {path}; run the stage that writes it first.")
    try:
        # Buffered, what has been read would stay until the file is closed.
        return pq.ParquetFile(path, pre_buffer=False, page_checksum_verification=True)
    except UNREADABLE as error:
        raise DataError(f"{path} is not a readable Parquet file ({error}); {AGAIN}") from error


def _schema(file: pq.ParquetFile, path: str | Path) -> Schema:
    metadata = file.schema_arrow.metadata or {}
    if b"ganaug" not in metadata:
        raise DataError(f"{path} was not written by ganaug; give it to prepare as a source instead.")
    try:
        about = json.loads(metadata[b"ganaug"])
        if about["version"] != VERSION:
            raise DataError(
                f"{path} has version {about['version']} of the file form, this ganaug reads {VERSION}; {AGAIN}"
            )
        modality = modality_named(about["modality"])
        schema = Schema(modality, modality.spec_of(about["spec"]), tuple(about["classes"]))
        wanted = [*modality.columns(schema.spec), *_COLUMNS]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise DataError(f"{path} is damaged (its description: {error}); {AGAIN}") from error
    columns = {field.name: field.type for field in file.schema_arrow}
    lacking = [field.name for field in wanted if columns.get(field.name) != field.type]
    if lacking:
        raise DataError(f"{path} is damaged (columns missing or of another type: {', '.join(lacking)}); {AGAIN}")
    return schema


def _names(schema: Schema) -> list[str]:
    return [*schema.modality.columns(schema.spec).names, *_COLUMNS.names]


def _check_labels(codes: NDArray[Any], schema: Schema) -> None:
    if not ((codes >= 0) & (codes < len(schema.classes))).all():  # NaN, where a label is missing, fails too
        raise DataError("a label is missing or of no class")


def _rows(part: pa.RecordBatch, schema: Schema) -> Rows:
    codes = part.column("label").to_numpy(zero_copy_only=False)
    _check_labels(codes, schema)
    samples = schema.modality.from_arrow(part, schema.spec)
    labels, synthetic, ids, groups = (part.column(name).to_numpy(zero_copy_only=False) for name in _COLUMNS.names)
    return Rows(schema, samples, labels.astype(np.int64), synthetic.astype(bool), ids, groups)


def _empty(schema: Schema) -> Rows:
    columns = pa.schema([*schema.modality.columns(schema.spec), *_COLUMNS])
    return _rows(pa.RecordBatch.from_pylist([], columns), schema)


def _metadata(schema: Schema, fields: Sequence[pa.Field]) -> dict[str, str]:
    """Build the two keys: what `datasets` reads (kinds of samples, class names), and what we read."""
    features: dict[str, Any] = {field.name: {"dtype": _dtype(field.type), "_type": "Value"} for field in fields}
    features |= schema.modality.features(schema.spec)
    features["label"] = {"names": list(schema.classes), "_type": "ClassLabel"}
    about = {
        "version": VERSION,
        "modality": schema.modality.name,
        "spec": schema.spec.to_json(),
        "classes": list(schema.classes),
    }
    return {"huggingface": json.dumps({"info": {"features": features}}), "ganaug": json.dumps(about)}


def _dtype(kind: pa.DataType) -> str:
    """Name an Arrow type as `datasets` does."""
    return {"double": "float64", "float": "float32", "halffloat": "float16"}.get(str(kind), str(kind))
