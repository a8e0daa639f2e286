"""The first stage: from a source to the splits of every repeat, and a report of what was found on the way."""

from __future__ import annotations

import hashlib
import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ganaug.data import integrity
from ganaug.data.cells import Cells
from ganaug.data.clusters import join_clusters
from ganaug.data.folders import fresh_folder
from ganaug.data.reading import about
from ganaug.data.rows import Rows, RowWriter, Schema
from ganaug.data.splits import Indices, make_splits
from ganaug.errors import DataError
from ganaug.modalities import modality_for
from ganaug.modalities.base import Modality
from ganaug.modalities.choose import AUTO, check_options
from ganaug.modalities.loaded import Loaded
from ganaug.utils.files import write_json
from ganaug.utils.progress import Progress
from ganaug.utils.samples import let_go

PARTS = ("train", "validation", "test", "pool")
LISTED = 100  # names, or clusters of names, in a list of the report


def prepare(
    source: str | Path,
    *,
    out: str | Path = "data/splits",
    report: str | Path = "reports/prepare.json",
    repeats: Sequence[int] = (0,),
    modality: str = AUTO,
    per_class: int | Mapping[str, int] | None = None,
    validation: float = 0.2,
    test: float = 0.2,
    groups: str = "apart",
    columns: Mapping[str, str] | None = None,
    near_duplicates: bool = True,
    seed: int = 0,
    **reading: Any,
) -> dict[str, Any]:
    """Write ``{out}/{repeat}/{train,validation,test,pool}.parquet`` for each repeat, and the report.

    Rows that are copies of one another, exact or near, share a split. Exact copies with different labels are kept out.
    The same source and arguments give the same bytes. The folder ``out`` is replaced as a whole.

    Parameters
    ----------
    source : str or path-like
        A built-in name or a path.
    modality : str, default="auto"
        What a row is; ``"auto"``: told from the source.
    columns, reading : mappings
        How the modality reads the source: see `ganaug.config.PrepareParams`.
    repeats, per_class, validation, test, seed : see `ganaug.data.splits.make_splits`
    groups : {"apart", "shared", "cells"}, default="apart"
        Whether rows of a group share a split, or only copies do; ``"cells"``: only copies, but cells (a class in a
        group) are held out of training, see `ganaug.data.held_cells.hold_out`.
    near_duplicates : bool, default=True
        Whether near duplicates count as copies, or exact ones only (right for pictures of one scene in which small
        things differ). The report records it, and the leak guards go by it.
    out, report : path-like
        Where to write.

    Returns
    -------
    dict
        The report: modality and why, what it says of the source, classes, mode, rows by repeat, split and class, cells
        of the training rows (`ganaug.data.cells.Cells.about`), copies, what was set aside or passed over and why.

    Raises
    ------
    DataError
        If the source cannot be read, or is too small for the splits asked for.
    """
    columns = columns or {}
    kind, why = modality_for(source, columns, modality)
    check_options(kind, reading)
    loaded = kind.load(source, {"columns": columns, "near_duplicates": near_duplicates, **reading})
    rows = rows_of(kind, loaded)
    leak = kind.copies_leak(loaded.spec)
    copies = kind.duplicates(rows.samples, loaded.spec, near_duplicates, rows.hashes) if leak else np.arange(len(rows))
    if loaded.recordings is not None:
        copies = join_clusters(copies, loaded.recordings)
    contested = integrity.conflicts(rows)
    usable = np.flatnonzero(~contested)
    try:
        splits = make_splits(
            rows.labels[usable],
            rows.schema.classes,
            repeats=repeats,
            per_class=per_class,
            validation=validation,
            test=test,
            units=join_clusters(copies, _numbers(rows.groups))[usable] if groups == "apart" else copies[usable],
            given=loaded.splits[usable],
            cells_of=_numbers(rows.groups)[usable] if groups == "cells" else None,
            seed=seed,
        )
    except DataError as error:
        raise DataError(f"{source}: {error}{_kept_out(loaded, contested)}") from error
    parts = {
        repeat: {part: usable[getattr(split, part)] for part in PARTS}
        for repeat, split in sorted(splits.repeats.items())
    }
    found = {
        "modality": kind.name,
        "modality_reason": why,
        **loaded.facts,
        "classes": list(loaded.classes),
        "source": _about_source(rows, loaded),
        **about(loaded, kind.unit),
        "mode": splits.mode,
        "mode_reason": splits.reason,
        "repeats": {str(repeat): _about_repeat(rows, at) for repeat, at in parts.items()},
        "groups": groups,
        "near_duplicates": near_duplicates,
        "copied": kind.copied,
        "copies": {"exact": _clusters(loaded, _numbers(rows.ids)), "near": _clusters(loaded, copies)},
        "contested": _listed(loaded, np.flatnonzero(contested)),
        "left_out": _listed(loaded, usable[splits.left_out]),
        "rejected": [{"name": name, "reason": reason} for name, reason in loaded.rejected],
        "skipped": [{"name": name, "reason": reason} for name, reason in loaded.skipped],
    }
    with fresh_folder(out, "*/train.parquet") as folder:
        _write(folder, rows, parts)
        write_json(report, found)
    return found


def _kept_out(loaded: Loaded, contested: NDArray[np.bool_]) -> str:
    """Add to a message about too few rows that some are not usable."""
    if not contested.any():
        return ""
    name = loaded.names[np.argmax(contested)]
    return f" {contested.sum()} rows are kept out, as their exact copies have other labels, {name!r} for one."


def _write(folder: Path, rows: Rows, parts: Mapping[int, Mapping[str, Indices]]) -> None:
    """Write the files of every repeat, having proved that nothing held out is among the rest."""
    contents = rows.contents()
    total = sum(len(at) for split in parts.values() for at in split.values())
    written: dict[bytes, Path] = {}
    with Progress("prepare: writing", total, "rows") as progress:
        for repeat, split in parts.items():
            files = {part: folder / str(repeat) / f"{part}.parquet" for part in PARTS}
            held = {files[part]: contents[split[part]] for part in ("validation", "test")}
            integrity.assert_disjoint({files[part]: contents[split[part]] for part in ("train", "pool")}, held)
            integrity.assert_disjoint(*({path: found} for path, found in held.items()))
            for part, at in split.items():
                same = written.setdefault(at.tobytes(), files[part])
                if same.exists():  # repeats share their test set and more
                    files[part].parent.mkdir(exist_ok=True)
                    shutil.copyfile(same, files[part])
                else:
                    _write_rows(files[part], rows, at)
                progress.advance(len(at))


def _write_rows(path: Path, rows: Rows, at: Indices) -> None:
    with RowWriter(path, rows.schema) as writer:
        for start in range(0, len(at), writer.row_group):
            writer.write(rows.take(at[start : start + writer.row_group]))
            let_go(rows.samples)


def _numbers(values: NDArray[np.object_]) -> Indices:
    """Number equal strings alike, from 0; None is -1."""
    return pd.factorize(values)[0].astype(np.int64)


def _counts(rows: Rows, at: Indices) -> dict[str, int]:
    counts = np.bincount(rows.labels[at], minlength=len(rows.schema.classes))
    return dict(zip(rows.schema.classes, counts.tolist(), strict=True))


def rows_of(modality: Modality, loaded: Loaded) -> Rows:
    """Make rows of what was loaded; of those that are equal by chance, the id tells which copy it is."""
    rows = Rows.build(
        Schema(modality, loaded.spec, loaded.classes), loaded.samples, loaded.labels, groups=loaded.groups
    )
    if not modality.copies_leak(loaded.spec):
        seen: Counter[str] = Counter()
        for i, content in enumerate(rows.ids.tolist()):
            seen[content] += 1
            rows.ids[i] = content if seen[content] == 1 else f"{content}-{seen[content]}"
    return rows


def _about_source(rows: Rows, loaded: Loaded) -> dict[str, Any]:
    digest = hashlib.blake2b(digest_size=16)
    for i, row in enumerate(zip(rows.ids, rows.labels.tolist(), loaded.splits, rows.groups, strict=True)):
        digest.update((f"\n{row!r}" if i else repr(row)).encode())
    return {
        "hash": digest.hexdigest(),
        "rows": {part: _counts(rows, np.flatnonzero(loaded.splits == part)) for part in sorted(set(loaded.splits))},
    }


def _about_repeat(rows: Rows, parts: Mapping[str, Indices]) -> dict[str, Any]:
    train = parts["train"]
    return {
        "rows": {part: _counts(rows, at) for part, at in parts.items()},
        "unused": len(rows) - sum(len(at) for at in parts.values()),
        "cells": Cells.of(rows.schema.classes, rows.labels[train], rows.groups[train]).about(),
    }


def _clusters(loaded: Loaded, clusters: Indices) -> dict[str, Any]:
    """Count the clusters of several rows, and name the first ones' rows."""
    sizes = np.bincount(clusters)
    several = np.flatnonzero(sizes > 1)
    names = [_listed(loaded, np.flatnonzero(clusters == cluster))["names"] for cluster in several[:LISTED]]
    return {"clusters": len(several), "rows": int(sizes[several].sum()), "names": names}


def _listed(loaded: Loaded, at: Indices) -> dict[str, Any]:
    return {"rows": len(at), "names": [loaded.names[i] for i in at[:LISTED]]}
