"""``ganaug sample``: samples from a saved model."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

from ganaug.augmenter import GANAugmenter
from ganaug.cli.output import MARK, check_output, publish, write_empty
from ganaug.cli.show import show
from ganaug.data.rows import Rows, RowWriter, Schema
from ganaug.utils.files import write_json
from ganaug.utils.progress import Progress

CHUNK = 2048  # samples made at once: memory does not grow with their number


def run(arguments: argparse.Namespace) -> None:
    """Generate the samples, in portions, and put them where they are wanted."""
    out: Path = arguments.out
    augmenter = GANAugmenter.load(arguments.model, arguments.device)
    modality = augmenter.modality_
    form = check_output(out, arguments.format, modality)
    schema = Schema(modality, augmenter.spec_, tuple(map(str, augmenter.classes_)))
    n = arguments.per_class * len(schema.classes)
    about = {"models": [augmenter.model_id_], "seed": arguments.seed, "truncation": arguments.truncation}
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{out.name}.", dir=out.parent) as scratch:
        splits = Path(scratch)
        with (
            RowWriter(splits / "train.parquet", schema, pa.schema([("model", pa.string())])) as writer,
            Progress("sample", n, modality.unit) as progress,
        ):
            for rows in _portions(augmenter, schema, arguments):
                writer.write(rows, {"model": np.full(len(rows), augmenter.model_id_, object)})
                progress.advance(len(rows))
        for part in ("validation", "test"):
            write_empty(splits / f"{part}.parquet", schema)
        write_json(splits / MARK, about)
        publish(splits, out, form, modality)
    facts = {"out": str(out), "format": form, "rows": n, "classes": list(schema.classes), **about}
    show(arguments, facts, f"{out}: {arguments.per_class:,} {modality.unit} of each of {len(schema.classes)} classes")


def _portions(augmenter: GANAugmenter, schema: Schema, arguments: argparse.Namespace) -> Iterator[Rows]:
    """Yield the samples class by class; each portion has a seed of its own."""
    codes = np.repeat(np.arange(len(schema.classes)), arguments.per_class)
    starts = range(0, len(codes), CHUNK)
    seeds = np.random.SeedSequence(arguments.seed).generate_state(len(starts))
    for start, seed in zip(starts, seeds.tolist(), strict=True):
        labels = codes[start : start + CHUNK]
        samples, _ = augmenter.sample(
            y=augmenter.classes_[labels], truncation=arguments.truncation, random_state=int(seed)
        )
        samples = schema.modality.conform(samples, schema.spec)
        yield Rows.build(schema, samples, labels, synthetic=True)
