"""One file that holds a training in progress: weights, optimisers, average, random states, step. Never a pickle."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from ganaug.errors import ModelError
from ganaug.utils.files import atomic_path, remove_stale

FORMAT = "ganaug-checkpoint-1"


def fingerprint(settings: Mapping[str, Any], *arrays: np.ndarray) -> str:
    """Hash what determines a training run: its settings and the data it sees. 32 hex digits."""
    digest = hashlib.blake2b(json.dumps(settings, sort_keys=True, default=str).encode(), digest_size=16)
    for array in arrays:
        digest.update(repr((array.shape, array.dtype.str)).encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def checkpoint_in(folder: str | Path, run: str) -> Path:
    """Return where a folder has the checkpoint of the run with this fingerprint, and rid it of stale ones.

    A checkpoint goes when its model is saved. One whose run is never taken up, because settings or data have changed,
    goes with the first training in the same folder after `ganaug.utils.files.KEPT_DAYS`.
    """
    path = Path(folder, f"checkpoint-{run}.safetensors")
    with suppress(OSError):
        if path.exists():
            path.touch()  # taken up, so not stale
    remove_stale(folder, "checkpoint-*.safetensors", ".checkpoint-*.tmp")
    return path


def save_checkpoint(path: Path, tensors: Mapping[str, Tensor], run: str) -> None:
    """Write a checkpoint atomically.

    Parameters
    ----------
    path : Path
        Where to.
    tensors : mapping of str to Tensor
        The whole state.
    run : str
        Fingerprint of the run that may resume from it.

    Raises
    ------
    ModelError
        The file cannot be written, say because the disk is full; the last checkpoint is left as it was.
    """
    try:
        with atomic_path(path) as temporary:
            save_file({name: t.contiguous() for name, t in tensors.items()}, temporary, {"format": FORMAT, "run": run})
    except (OSError, SafetensorError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ModelError(
            f"Cannot write the checkpoint {path} ({reason}): free some space or allow writing there, then run again; "
            "training goes on from the last checkpoint."
        ) from error


def load_checkpoint(path: Path, run: str) -> dict[str, Tensor]:
    """Read a checkpoint of the run with this fingerprint.

    Raises
    ------
    ModelError
        The file is damaged, is no checkpoint of ganaug, or belongs to another run.
    """
    try:
        with safe_open(path, framework="pt") as file:
            about = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
    except (OSError, SafetensorError) as error:
        raise ModelError(f"The checkpoint {path} cannot be read ({error}): delete it to start afresh.") from error
    if about.get("format") != FORMAT:
        raise ModelError(f"{path} is no checkpoint of this version of ganaug: delete it to start afresh.")
    if about.get("run") != run:
        raise ModelError(
            f"The checkpoint {path} belongs to other data or settings: delete it, or work in another folder."
        )
    return tensors
