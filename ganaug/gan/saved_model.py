"""A fitted augmenter on disk: the model with all that sampling needs, its history and sample grids beside it."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from safetensors import SafetensorError
from torch import nn

from ganaug.errors import ConfigError, ModelError
from ganaug.gan.model_files import load_model, save_model
from ganaug.modalities.image.pixels import picture_grid
from ganaug.modalities.image.setup import Architecture, costs

SHOWN = 8  # columns of a sample grid
MAX_LABEL = 2**16  # bytes


class Saved(NamedTuple):
    """What is kept of a fitted augmenter."""

    architecture: Architecture
    generator: nn.Module
    discriminator: nn.Module
    classes: NDArray[Any]  # (K,)
    shape: tuple[int, ...]  # of an image, as it was given
    seed: int
    midpoint: float  # the logit that counts as probability one half
    midpoint_unlabelled: float  # the same of the unconditional logit
    trained_on: dict[str, Any]  # digests of the rows
    rules: dict[str, Any]  # parameters of `ganaug.GANAugmenter` that shaped training
    history: pd.DataFrame


def write_saved(folder: Path, saved: Saved, snapshots: Mapping[int, NDArray[np.uint8]]) -> str:
    """Write a fitted augmenter, and sample grids through training by step; return the hash of its weights.

    Raises
    ------
    ModelError
        The folder cannot be written.
    """
    config = {
        "architecture": asdict(saved.architecture),
        "classes": saved.classes.tolist(),
        "class_type": saved.classes.dtype.str,
        "shape": list(saved.shape),
        "seed": saved.seed,
        "trained_on": saved.trained_on,
        "midpoint": saved.midpoint,
        "midpoint_unlabelled": saved.midpoint_unlabelled,
        "steps": int(saved.history["step"].iloc[-1]),
        "rules": saved.rules,
        "costs": costs(saved.architecture, saved.generator, saved.discriminator),
    }
    try:
        weights = save_model(folder, config, {"generator": saved.generator, "discriminator": saved.discriminator})
        saved.history.to_csv(folder / "history.csv", index=False, float_format="%.6g")
        shutil.rmtree(folder / "samples", ignore_errors=True)  # of a model that was here before
        (folder / "samples").mkdir()
        for step, images in snapshots.items():
            picture_grid(images, SHOWN).save(folder / "samples" / f"{step:06d}.png")
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
        The folder is no model of ganaug, or is damaged.
    """
    config, weights = load_model(folder)
    try:
        architecture = Architecture(**config["architecture"])
        modules = architecture.restore(weights)
        saved = Saved(
            architecture,
            modules["generator"],
            modules["discriminator"],
            _labels(config, architecture.n_classes),
            tuple(config["shape"]),
            int(config["seed"]),
            float(config["midpoint"]),
            float(config["midpoint_unlabelled"]),
            dict(config["trained_on"]),
            dict(config["rules"]),
            pd.read_csv(folder / "history.csv"),
        )
        midpoints = saved.midpoint, saved.midpoint_unlabelled
        if saved.shape not in (architecture.shape, architecture.shape[:2]) or not np.isfinite(midpoints).all():
            raise ValueError(f"shape {saved.shape}, midpoints {midpoints}")
    except (OSError, KeyError, TypeError, ValueError, RuntimeError, ConfigError) as error:
        raise misfit(folder, error) from error
    return saved, config["weights"]


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
