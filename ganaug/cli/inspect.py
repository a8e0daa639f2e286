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
from ganaug.data.reading import about, told
from ganaug.data.rows import read_images, read_schema, read_table
from ganaug.errors import DataError
from ganaug.modalities.image.load import Survey, common_shape, survey
from ganaug.modalities.image.reading import Shape, UnreadableError, fit_image
from ganaug.modalities.image.sources import Source, open_source

Strips = list[tuple[str, NDArray[np.uint8]]]  # class names with some of their images (n, H, W, C)
SHOWN = 8  # images of a class in the picture
CLASSES = 20  # of which images are shown
NAMED = 3  # rows set aside that are named in the table


class Found(NamedTuple):
    """What there is to say and to show."""

    facts: dict[str, Any]
    classes: list[dict[str, Any]]  # one row a class
    strips: Callable[[], Strips]
    reading: dict[str, Any] | None = None  # see `ganaug.data.reading.about`


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
        from ganaug.modalities.image.picture import draw

        draw(arguments.picture, found.strips())
    facts = {"what": arguments.what, **found.facts}
    lines = [table([[name, _cell(value)] for name, value in facts.items()]), "", class_table(found.classes)]
    lines += told(found.reading) if found.reading else []
    show(arguments, {**facts, **(found.reading or {}), "classes": found.classes}, "\n".join(lines))


def _model(folder: Path) -> Found:
    from ganaug.augmenter import GANAugmenter

    augmenter = GANAugmenter.load(folder, "cpu")
    height, width, channels = (*augmenter.shape_, 1)[:3]
    networks = {"generator": augmenter.generator_, "discriminator": augmenter.discriminator_}
    facts = {
        "kind": "model",
        "height": height,
        "width": width,
        "channels": channels,
        "steps": int(augmenter.history_["step"].iloc[-1]),
        **{f"{name}_weights": sum(w.numel() for w in network.parameters()) for name, network in networks.items()},
        **{name: getattr(augmenter, name) for name in ("objective", "penalty", "conditioning", "prior")},
        "seed": augmenter.seed_,
        "id": augmenter.model_id_,
    }

    def strips() -> Strips:
        some = augmenter.classes_[:CLASSES]
        made, _ = augmenter.sample(y=np.repeat(some, SHOWN), random_state=0)
        return list(zip(map(str, some), made.reshape(len(some), SHOWN, height, width, channels), strict=True))

    return Found(facts, [{"class": str(name)} for name in augmenter.classes_], strips)


def _is_ours(path: Path) -> bool:
    try:
        read_schema(path)
    except DataError:  # a manifest, or a damaged file, of which its reader will say more
        return False
    return True


def _rows(path: Path) -> Found:
    """Describe a file of ganaug's own form."""
    schema, names = read_schema(path), pq.read_schema(path).names
    table = read_table(path, ["label", "synthetic", *({"kept", "model"} & set(names))])
    kept = table.get("kept", table["synthetic"] | True)
    kinds = {"real": ~table["synthetic"], "synthetic": table["synthetic"] & kept, "dropped": ~kept}
    facts = {
        "kind": "rows",
        "height": schema.height,
        "width": schema.width,
        "channels": schema.channels,
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
        found = read_images(path, (at for rows in named.values() for at in rows))
        return [
            (f"{schema.classes[code]}, {kind}", np.stack([found[at] for at in rows]))
            for (code, kind), rows in sorted(named.items())
        ]

    return Found(facts, classes, strips)


def _source(what: str, reading: PrepareParams) -> Found:
    """Describe data that is not ganaug's; of most images only the headers are read."""
    source = open_source(what, reading.columns)
    found = survey(source, 1.0, reading.pixel_range)
    shapes = found.shapes
    shape = common_shape(list(shapes.values()), None, None)
    codes = {name: code for code, name in enumerate(source.classes)}
    labels = np.array([codes[source.labels[i]] for i in shapes])
    parts = np.array([source.splits[i] if source.splits else "rows" for i in shapes])
    facts = {
        "kind": "images",
        **dict(zip(("height", "width", "channels"), shape, strict=True)),
        "images": len(shapes),
        "pixels": str(found.ranges),
        "of_other_size": sum(other[:2] != shape[:2] for other in shapes.values()),
        "groups": len(set(source.groups or ()) - {None}),
    }
    classes = count_classes(source.classes, labels, parts)
    passed = {
        **about(source, len(shapes), found.rejected, found.further),
        "unreadable": [f"{name}: {reason}" for name, reason in found.rejected],
        "skipped": [f"{name}: {reason}" for name, reason in source.skipped],
    }
    return Found(facts, classes, lambda: _source_strips(source, found, labels, shape), passed)


def _source_strips(source: Source, found: Survey, labels: NDArray[np.int64], shape: Shape) -> Strips:
    readable = list(found.shapes)

    def tile(at: int) -> NDArray[np.uint8]:
        try:
            return fit_image(found.ranges.to_levels(source.pixels.read(readable[at])), shape)
        except UnreadableError:  # its header could be read
            return np.zeros(shape, np.uint8)

    chosen = _first(labels, len(source.classes))
    return [(source.classes[code], np.stack([tile(at) for at in rows])) for code, rows in chosen.items()]


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
