"""A trained pair of networks on disk: ``config.json`` says what they are, ``model.safetensors`` holds the weights."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from ganaug.errors import DataError, ModelError
from ganaug.utils.files import atomic_path, read_json, write_json

FORMAT = "ganaug-model-3"
CONFIG, WEIGHTS = "config.json", "model.safetensors"


def save_model(
    folder: Path,
    config: Mapping[str, Any],
    modules: Mapping[str, nn.Module],
    arrays: Mapping[str, NDArray[Any]] | None = None,
) -> str:
    """Write weights and arrays, then the configuration with their hash, so that a half-written folder never loads.

    ``arrays`` are what the codec keeps; `load_model` gives them back as the tensors of a module called ``codec``.

    Returns the hash.
    """
    tensors = {f"{name}.{k}": t.contiguous() for name, m in modules.items() for k, t in m.state_dict().items()}
    tensors |= {
        f"codec.{name}": torch.from_numpy(np.ascontiguousarray(array)) for name, array in (arrays or {}).items()
    }
    with atomic_path(folder / WEIGHTS) as temporary:
        save_file(tensors, temporary, {"format": FORMAT})
        weights = _hash(temporary)
    write_json(folder / CONFIG, {**config, "format": FORMAT, "weights": weights})
    return weights


def load_model(folder: Path) -> tuple[dict[str, Any], dict[str, dict[str, Tensor]]]:
    """Read what `save_model` wrote: the configuration and, by module, the weights.

    Raises
    ------
    ModelError
        The folder is no model of ganaug, or is damaged.
    """
    try:
        config = read_json(folder / CONFIG)
        if not isinstance(config, dict) or config.get("format") != FORMAT:
            raise ModelError(f"{folder / CONFIG} does not describe a model of this version of ganaug: train it again.")
        if _hash(folder / WEIGHTS) != config.get("weights"):
            raise ModelError(f"{folder / WEIGHTS} is damaged or belongs to another model: train or copy it again.")
        tensors = load_file(folder / WEIGHTS)
    except (OSError, ValueError, DataError, SafetensorError) as error:
        raise ModelError(
            f"{folder} is not a readable model of ganaug ({error}): give a folder that save wrote."
        ) from error
    modules: dict[str, dict[str, Tensor]] = {}
    for key, tensor in tensors.items():
        name, _, rest = key.partition(".")
        modules.setdefault(name, {})[rest] = tensor
    return config, modules


def _hash(path: Path) -> str:
    return hashlib.blake2b(path.read_bytes(), digest_size=16).hexdigest()
