"""``ganaug inspect``: what a saved model or a data set is, in a table and a picture."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ganaug.cli.options import LOOKING, parameters
from ganaug.cli.show import class_table, count_classes, show, table
from ganaug.config import PrepareParams
from ganaug.data.cells import Cells, cells_text
from ganaug.data.reading import about, told
from ganaug.data.rows import read_samples, read_schema, read_table
from ganaug.errors import DataError
from ganaug.modalities import modality_for
from ganaug.modalities.base import Modality
from ganaug.modalities.loaded import Spec
from ganaug.utils.samples import Samples, take

Strips = list[tuple[str, Samples]]  # class names with some of their samples
SHOWN = 8  # samples of a class in the picture
CLASSES = 20  # of which samples are shown
NAMED = 3  # rows set aside that are named in the table


class Found(NamedTuple):
    """What there is to say and to show."""

    modality: Modality
    spec: Spec
    facts: dict[str, Any]
    classes: list[dict[str, Any]]  # one row a class
    strips: Callable[[], Strips]
    reading: dict[str, Any] | None = None  # see `ganaug.data.reading.about`
    cells: dict[str, Any] | None = None  # see `ganaug.data.cells.Cells.about`


def run(arguments: argparse.Namespace) -> None:
    """Print the facts; write the picture where one was asked for."""
    path = Path(arguments.what)
    if (path / "model.safetensors").exists():
        found = _model(path)
    elif path.is_file() and path.suffix == ".parquet" and _is_ours(path):
        found = _rows(path)
    else:
        found = _source(arguments.what, parameters(PrepareParams, arguments, LOOKING))
    if arguments.picture is not None:
        found.modality.picture(arguments.picture, found.strips(), found.spec)
    facts = {"what": arguments.what, **found.facts}
    lines = [table([[name, _cell(value)] for name, value in facts.items()]), "", class_table(found.classes)]
    lines += _told_of_cells(found.cells) if found.cells else []
    lines += told(found.reading) if found.reading else []
    said = {**facts, **(found.reading or {}), "classes": found.classes}
    show(arguments, said | ({"cells": found.cells} if found.cells else {}), "\n".join(lines))


def _model(folder: Path) -> Found:
    from ganaug.augmenter import GANAugmenter

    augmenter = GANAugmenter.load(folder, "cpu")
    networks = {"generator": augmenter.generator_, "discriminator": augmenter.discriminator_}
    facts = {
        "kind": "model",
        "modality": augmenter.modality_.name,
        **augmenter.modality_.facts(augmenter.spec_),
        "steps": int(augmenter.history_["step"].iloc[-1]),
        "networks_width": augmenter.width_,
        **{f"{name}_weights": sum(w.numel() for w in network.parameters()) for name, network in networks.items()},
        **{name: getattr(augmenter, name) for name in ("objective", "penalty", "conditioning", "prior")},
        "seed": augmenter.seed_,
        "id": augmenter.model_id_,
    }

    def strips() -> Strips:
        some = augmenter.classes_[:CLASSES]
        made, _ = augmenter.sample(y=np.repeat(some, SHOWN), random_state=0)
        samples = augmenter.modality_.conform(made, augmenter.spec_)
        return [(str(name), take(samples, slice(i * SHOWN, (i + 1) * SHOWN))) for i, name in enumerate(some)]

    return Found(
        augmenter.modality_, augmenter.spec_, facts, [{"class": str(name)} for name in augmenter.classes_], strips
    )


def _is_ours(path: Path) -> bool:
    try:
        read_schema(path)
    except DataError:  # a manifest, or a damaged file, of which its reader will say more
        return False
    return True


def _rows(path: Path) -> Found:
    """Describe a file of ganaug's own form."""
    schema, names = read_schema(path), pq.read_schema(path).names
    table = read_table(path, ["label", "synthetic", "group", *({"kept", "model"} & set(names))])
    kept = table.get("kept", table["synthetic"] | True)
    kinds = {"real": ~table["synthetic"], "synthetic": table["synthetic"] & kept, "dropped": ~kept}
    facts = {
        "kind": "rows",
        "modality": schema.modality.name,
        **schema.modality.facts(schema.spec),
        **{kind: int(marked.sum()) for kind, marked in kinds.items()},
        "models": sorted(set(table.get("model", ())) - {""}),
    }
    classes = [
        {"class": name, **{kind: int((marked & (table["label"] == code)).sum()) for kind, marked in kinds.items()}}
        for code, name in enumerate(schema.classes)
    ]

    def strips() -> Strips:
        labels, n = table["label"].to_numpy(), len(schema.classes)
        chosen = {kind: _first(np.where(kinds[kind], labels, -1), n) for kind in ("real", "synthetic")}
        named = {(code, kind): rows for kind, of_class in chosen.items() for code, rows in of_class.items()}
        return [
            (f"{schema.classes[code]}, {kind}", read_samples(path, rows))
            for (code, kind), rows in sorted(named.items())
        ]

    real = table[kinds["real"]]
    cells = Cells.of(schema.classes, real["label"].to_numpy(), real["group"].to_numpy(object)).about()
    return Found(schema.modality, schema.spec, facts, classes, strips, cells=cells)


def _source(what: str, reading: PrepareParams) -> Found:
    """Describe data that is not ganaug's; samples are decoded only where they have to be."""
    modality, why = modality_for(what, reading.columns, reading.modality)
    options = reading.model_dump()
    loaded = modality.survey(what, {**options, "max_unreadable": 1.0})
    split = bool(loaded.split_folders) or (loaded.splits != "train").any()
    facts = {
        "kind": modality.unit,
        "modality": f"{modality.name} ({why})" if why else modality.name,
        **modality.facts(loaded.spec),
        modality.unit: len(loaded.labels),
        **{name: value for name, value in loaded.facts.items() if isinstance(value, (str, int))},
        "groups": len(set(loaded.groups.tolist()) - {None}),
    }
    parts = loaded.splits if split else np.full(len(loaded.labels), "rows")
    classes = count_classes(loaded.classes, loaded.labels, parts)
    passed = {
        **about(loaded, modality.unit),
        "unreadable": [f"{name}: {reason}" for name, reason in loaded.rejected],
        "skipped": [f"{name}: {reason}" for name, reason in loaded.skipped],
    }

    def strips() -> Strips:
        chosen = _first(loaded.labels, len(loaded.classes))
        return [(loaded.classes[code], loaded.some(rows)) for code, rows in chosen.items()]

    train = loaded.splits == "train"
    cells = Cells.of(loaded.classes, loaded.labels[train], loaded.groups[train]).about()
    return Found(modality, loaded.spec, facts, classes, strips, passed, cells)


def _told_of_cells(about: dict[str, Any]) -> list[str]:
    """Return in lines how many rows of each class there are in each group; of many groups, the worst cells alone."""
    shown = about["mixed"] and about["table"]
    rows = (
        [["rows by group", *about["names"]], *([name, *row] for name, row in about["table"].items())] if shown else []
    )
    return ["", *([table(rows)] if rows else []), cells_text(about)]


def _first(labels: NDArray[np.int64], n_classes: int) -> dict[int, list[int]]:
    """Return the positions of the first rows of each of the first classes that have rows."""
    found = {code: np.flatnonzero(labels == code)[:SHOWN].tolist() for code in range(min(CLASSES, n_classes))}
    return {code: rows for code, rows in found.items() if rows}


def _cell(value: Any) -> str:
    """Write a fact in the table: of a list its length and first items."""
    if not isinstance(value, list):
        return str(value)
    more = "; ..." if len(value) > NAMED else ""
    return f"{len(value)}" + (f" ({'; '.join(value[:NAMED])}{more})" if value else "")
