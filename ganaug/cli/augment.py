"""``ganaug augment``: from labelled samples to more of them, in one process, without DVC.

The job works in a hidden folder beside its output and goes on from there when it is run again: from the checkpoint
while the GAN trains, from the saved model afterwards. The folder is removed when the output is in its place.
"""

from __future__ import annotations

import argparse
import shlex
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ganaug import __version__
from ganaug.augmenter import GANAugmenter
from ganaug.cli.options import READING, SELECTION, TRAINING, parameters
from ganaug.cli.output import check_output, publish
from ganaug.cli.show import class_table, count_classes, show, table
from ganaug.config import GenerateParams, PrepareParams, TrainGanParams
from ganaug.data.folders import check_ours, fresh_folder
from ganaug.data.integrity import conflicts
from ganaug.data.merge import CELLS, coincidences, demand, merge, shortfall
from ganaug.data.prepare import rows_of
from ganaug.data.reading import about, told
from ganaug.data.rows import Rows, RowWriter
from ganaug.errors import ConfigError, DataError
from ganaug.gan.checkpoint import fingerprint
from ganaug.gan.model_files import load_model
from ganaug.modalities import modality_for
from ganaug.modalities.base import Modality
from ganaug.modalities.choose import check_options
from ganaug.modalities.loaded import Loaded
from ganaug.synthesis.generate import write_candidates
from ganaug.synthesis.select import Selection

MODEL = "config.json"  # a file that the folder of a model holds


def run(arguments: argparse.Namespace) -> None:
    """Do the whole job and say what came of it."""
    out: Path = arguments.out
    how = parameters(PrepareParams, arguments, READING)
    modality, why = modality_for(arguments.source, how.columns, how.modality)
    check_options(modality, how.model_dump())
    form = check_output(out, arguments.format, modality, arguments.source)
    if arguments.model is not None:
        check_ours(arguments.model, MODEL)
    training = parameters(TrainGanParams, arguments, TRAINING).model_dump()
    selecting = parameters(GenerateParams, arguments, SELECTION)
    loaded = modality.load(arguments.source, how.model_dump())
    parts = _parts(modality, loaded)
    policy, amount = _policy(arguments)
    if policy == CELLS:
        training["generator"] = _styling(training["generator"], modality, parts["train"], arguments)
    if training["criterion"] != "none" and not len(parts["validation"]):
        raise ConfigError(
            f"--criterion {training['criterion']} chooses on validation rows, of which {arguments.source} has none: "
            "give a source with a validation split, or leave --criterion out"
        )
    reading = about(loaded, modality.unit)
    read = count_classes(loaded.classes, loaded.labels, loaded.splits)
    _say_first(reading, read)
    work = out.with_name(f".{out.name}.ganaug")
    folder = work / _key(training, parts)
    augmenter = _model(folder, training, parts)
    _write_candidates(augmenter, parts["train"], folder, selecting, policy, amount)
    _write_parts(folder / "splits", parts)
    found = merge(folder / "splits", folder / "synthetic.parquet", folder / "merged", policy=policy, amount=amount)
    if arguments.model is not None:
        with fresh_folder(arguments.model, MODEL) as fresh:
            shutil.copytree(folder / "model", fresh, dirs_exist_ok=True)
    publish(folder / "merged", out, form, modality)
    shutil.rmtree(work)
    left_out = len(loaded.labels) + len(loaded.rejected) - sum(map(len, parts.values()))
    found |= {"modality": modality.name, "modality_reason": why}
    found |= {name: value for name, value in loaded.facts.items() if isinstance(value, (str, int))}
    facts = {"out": str(out), "format": form, "left_out": left_out, **found, **reading, "source_classes": read}
    facts["next"] = f"ganaug init --data {shlex.quote(arguments.source)} && dvc repro"
    _say(arguments, facts)


def _parts(modality: Modality, loaded: Loaded) -> dict[str, Rows]:
    """Deal the rows into the splits that the source brings; without any, all rows are for training.

    Equal rows with several labels are left out, and training rows that are held out as well.
    """
    rows = rows_of(modality, loaded)
    usable = ~conflicts(rows)
    parts = {part: rows.take(usable & (loaded.splits == part)) for part in ("train", "validation", "test")}
    held_out = {content for part in ("validation", "test") for content in parts[part].ids}
    train = parts["train"] = parts["train"].take(np.array([content not in held_out for content in parts["train"].ids]))
    counts = np.bincount(train.labels, minlength=len(train.schema.classes))
    if not counts.all():
        raise DataError(
            f"class {train.schema.classes[int(counts.argmin())]!r} has no usable training row; add some, or remove it"
        )
    return parts


def _styling(generator: str, modality: Modality, train: Rows, arguments: argparse.Namespace) -> str:
    """Return the generator that fills cells; `ConfigError` where there is none, or nothing to fill."""
    if not modality.styled or generator == "latent":
        why = f"--generator is {generator}" if modality.styled else f"{modality.unit} have none here"
        raise ConfigError(f"--cells takes the style of a group, and {why}: use --at-least, or leave that out")
    if pd.isna(train.groups).all():
        raise ConfigError(
            f"--cells counts the {modality.unit} of each class in each group, and {arguments.source} names no groups: "
            "give it a column of them (--columns), or use --at-least"
        )
    if not demand(CELLS, arguments.cells, train.schema.classes, train.labels, train.groups).wanted.any():
        raise ConfigError(
            f"--cells is {arguments.cells}, and each class has as many in each group already: ask for more"
        )
    return "translation"


def _key(training: Mapping[str, Any], parts: Mapping[str, Rows]) -> str:
    """Hash all that the model depends on."""
    seen = (parts["train"], parts["validation"])
    settings = {**training, "classes": seen[0].schema.classes, "ganaug": __version__}
    if training["warm_start"] is not None:
        settings["warm_start"] = load_model(Path(training["warm_start"]))[0]["weights"]
    return fingerprint(
        settings, *(array for rows in seen for array in (rows.ids.astype(str), rows.labels, rows.groups.astype(str)))
    )


def _model(folder: Path, training: Mapping[str, Any], parts: Mapping[str, Rows]) -> GANAugmenter:
    """Train the GAN, or read the one that an interrupted job has trained."""
    if not (folder / "model").exists():
        options = dict(training)
        train, validation = parts["train"], parts["validation"]
        names = np.array(train.schema.classes)
        augmenter = GANAugmenter(
            random_state=options.pop("seed"),
            modality=train.schema.modality.name,
            checkpoint_dir=folder,
            verbose="augment: training",
            **options,
        )
        chosen_on = (validation.samples, names[validation.labels]) if len(validation) else None
        labels, spec = names[train.labels], train.schema.spec
        augmenter.fit(train.samples, labels, validation=chosen_on, spec=spec, groups=train.groups)
        with fresh_folder(folder / "model", MODEL) as fresh:
            augmenter.save(fresh)
    return GANAugmenter.load(folder / "model", training["device"])


def _write_candidates(
    augmenter: GANAugmenter, train: Rows, folder: Path, selecting: GenerateParams, policy: str, amount: float
) -> None:
    names = np.array(train.schema.classes)
    quotas = demand(policy, amount, train.schema.classes, train.labels, train.groups).quotas(train.schema.classes)
    selection = Selection(**{field.name: getattr(selecting, field.name) for field in fields(Selection)})
    augmenter.verbose = "augment: sampling"
    write_candidates(
        augmenter.candidates(train.samples, names[train.labels], quotas, selection),
        train,
        quotas,
        model=augmenter.model_id_,
        out=folder / "synthetic.parquet",
        report=folder / "synthetic.json",
        stage=augmenter.verbose,
    )


def _write_parts(folder: Path, parts: Mapping[str, Rows]) -> None:
    for part, rows in parts.items():
        with RowWriter(folder / f"{part}.parquet", rows.schema) as writer:
            writer.write(rows)


def _policy(arguments: argparse.Namespace) -> tuple[str, float]:
    """Return the name of the policy in `ganaug.data.merge` that was asked for, and its amount."""
    if arguments.balance:
        return "balance", 0.0
    if arguments.cells is not None:
        return CELLS, float(arguments.cells)
    if arguments.at_least is not None:
        return "at_least", float(arguments.at_least)
    return "ratio", arguments.ratio


def _say_first(reading: Mapping[str, Any], read: Sequence[Mapping[str, Any]]) -> None:
    """Say, before hours may pass, what is learnt from: to whoever watches, or where it may surprise."""
    lines = told(reading)
    if lines or sys.stderr.isatty():
        print(class_table(read), *lines, sep="\n", file=sys.stderr, flush=True)


def _say(arguments: argparse.Namespace, facts: Mapping[str, Any]) -> None:
    rows = [[each["class"], each["real"], each["got"], each["wanted"]] for each in facts["classes"]]
    lines = [class_table(facts["source_classes"]), *told(facts), ""]
    lines.append(table([["class", "real", "synthetic", "asked for"], *rows]))
    lines.append(facts["read_as"])
    if left_out := facts["left_out"]:
        lines.append(f"{left_out} rows of {arguments.source} left out: unreadable, or contradictory copies")
    if said := coincidences(facts):
        lines.append(said)
    real, synthetic = facts["rows"]["real"], facts["rows"]["synthetic"]
    lines.append(f"{arguments.out}: {real:,} real and {synthetic:,} synthetic training rows")
    lines.append(
        "Whether they help was not measured: use them beside classical augmentation, not in place of it, until it is. "
        "Which arm to use, whether synthetic rows belong in it, and what more labels would bring, says:\n"
        f"  {facts['next']}"
    )
    show(arguments, facts, "\n".join(lines))
    if missing := shortfall(facts):
        print(f"ganaug: {missing}", file=sys.stderr)
