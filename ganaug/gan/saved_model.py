"""A fitted augmenter on disk: the model with all that sampling needs, its history and sample grids beside it."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from torch import nn

from ganaug.data.rows import Rows, RowWriter, digest, read_rows
from ganaug.errors import ConfigError, DataError, ModelError
from ganaug.gan.model_files import load_model, save_model
from ganaug.gan.networks import costs, restore
from ganaug.gan.translation import RowPrior
from ganaug.modalities import MODALITIES, modality_named
from ganaug.modalities.base import Modality
from ganaug.modalities.loaded import Spec
from ganaug.modalities.parts import Architecture, Codec
from ganaug.utils.samples import Samples

SHOWN = 8  # columns of a sample grid
MAX_LABEL = 2**16  # bytes
ROWS = "rows.parquet"


class Saved(NamedTuple):
    """What is kept of a fitted augmenter."""

    modality: Modality
    spec: Spec
    codec: Codec
    architecture: Architecture
    generator: nn.Module
    discriminator: nn.Module
    classes: NDArray[Any]  # (K,)
    seed: int
    midpoint: float  # the logit that counts as probability one half
    midpoint_unlabelled: float  # the same of the unconditional logit
    trained_on: dict[str, Any]  # digests of the rows
    rules: dict[str, Any]  # parameters of `ganaug.GANAugmenter` that shaped training
    history: pd.DataFrame
    rows: Rows | None = None  # of which a translating generator makes others


def write_saved(folder: Path, saved: Saved, snapshots: Mapping[int, Samples]) -> str:
    """Write a fitted augmenter, and sample grids through training by step; return the hash of its weights.

    Raises
    ------
    ModelError
        The folder cannot be written.
    """
    codec, arrays = saved.codec.state()
    config = {
        "modality": saved.modality.name,
        "spec": saved.spec.to_json(),
        "codec": codec,
        "architecture": asdict(saved.architecture),  # type: ignore[call-overload]
        "classes": saved.classes.tolist(),
        "class_type": saved.classes.dtype.str,
        "seed": saved.seed,
        "trained_on": saved.trained_on,
        "midpoint": saved.midpoint,
        "midpoint_unlabelled": saved.midpoint_unlabelled,
        "steps": int(saved.history["step"].iloc[-1]),
        "rules": saved.rules,
        "costs": costs(saved.architecture, saved.generator, saved.discriminator),
        "rows": saved.rows is not None,
    }
    try:
        modules = {"generator": saved.generator, "discriminator": saved.discriminator}
        (folder / ROWS).unlink(missing_ok=True)  # of a model that was here before
        if saved.rows is not None:
            with RowWriter(folder / ROWS, saved.rows.schema) as writer:
                writer.write(saved.rows)
        weights = save_model(folder, config, modules, arrays)
        saved.history.to_csv(folder / "history.csv", index=False, float_format="%.6g")
        shutil.rmtree(folder / "samples", ignore_errors=True)  # of a model that was here before
        (folder / "samples").mkdir()
        for step, samples in snapshots.items():
            saved.modality.save_grid(samples, saved.spec, folder / "samples" / f"{step:06d}", SHOWN)
    except (OSError, SafetensorError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ModelError(
            f"Cannot write the model to {folder} ({reason}): choose a folder with room to write."
        ) from error
    return weights


def read_saved(folder: Path) -> tuple[Saved, str]:
    """Read what `write_saved` wrote, and the hash of its weights.

    Raises
    ------
    ModelError
        The folder is no model of ganaug, is damaged, or is of a modality that no installed package adds.
    """
    config, weights = load_model(folder)
    if (name := str(config.get("modality"))) not in MODALITIES:
        raise ModelError(
            f"{folder} was trained on samples of the modality {name!r}, which nothing installed here knows: "
            "install the package that adds it."
        )
    try:
        modality = modality_named(name)
        spec = modality.spec_of(config["spec"])
        arrays = {name: tensor.numpy() for name, tensor in weights.get("codec", {}).items()}
        codec = modality.codec_of(spec, config["codec"], arrays)
        architecture = modality.architecture_of(config["architecture"])
        modules = restore(architecture, weights)
        rows = None
        if config.get("rows"):
            rows = _rows(folder / ROWS, modality, spec, config["trained_on"]["labelled"], architecture.n_classes)
            cast(RowPrior, modules["generator"].prior).keep(
                codec, codec.to_arrays(rows.samples), rows.labels, architecture.n_classes
            )
        saved = Saved(
            modality,
            spec,
            codec,
            architecture,
            modules["generator"],
            modules["discriminator"],
            _labels(config, architecture.n_classes),
            int(config["seed"]),
            float(config["midpoint"]),
            float(config["midpoint_unlabelled"]),
            dict(config["trained_on"]),
            dict(config["rules"]),
            pd.read_csv(folder / "history.csv"),
            rows,
        )
        midpoints = saved.midpoint, saved.midpoint_unlabelled
        with torch.device("meta"):  # as the numbers may come from anyone's file
            made = modality.architecture(codec, architecture.n_classes, saved.rules, 0).example().shape
            if architecture.example().shape != made or not np.isfinite(midpoints).all():
                raise ValueError(f"inputs of shape {tuple(made)}, midpoints {midpoints}")
    except (OSError, KeyError, TypeError, ValueError, RuntimeError, ConfigError, DataError) as error:
        raise misfit(folder, error) from error
    return saved, config["weights"]


def _rows(path: Path, modality: Modality, spec: Spec, known: str, n_classes: int) -> Rows:
    """Return the rows that a model keeps; `DataError` or `ValueError` if they are not those that it was trained on."""
    rows = read_rows(path)
    same = rows.schema.modality.name == modality.name and rows.schema.spec == spec
    found = np.bincount(rows.labels, minlength=n_classes)
    if not same or digest(modality.ids(rows.samples)) != known or len(found) != n_classes or not found.all():
        raise ValueError(f"{path.name} holds other rows than it was trained on")
    return rows


def misfit(folder: Path, error: Exception) -> ModelError:
    """Say that a saved model is none of this version's, and why."""
    reason = textwrap.shorten(str(error), 300)
    return ModelError(f"{folder} does not fit this version of ganaug ({reason}): train it again.")


def _labels(config: Mapping[str, Any], n: int) -> NDArray[Any]:
    """Return the classes (n,) that a model's configuration names; `ValueError` or `TypeError` if they are no such."""
    kind = np.dtype(config["class_type"])
    if kind.itemsize > MAX_LABEL:
        raise ValueError(f"labels of {kind.itemsize} bytes")
    labels = np.array(config["classes"], dtype=kind)
    if labels.shape != (n,):
        raise ValueError(f"classes of shape {labels.shape} for {n} outputs")
    return labels
