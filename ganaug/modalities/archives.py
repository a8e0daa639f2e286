"""What a NumPy archive holds, by its headers alone: images and signals both come in .npz."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

SIDES = range(8, 129)  # pixels of an image


def holds_signals(path: Path) -> str:
    """Say why an .npz holds signals and no images: floats of a shape that these do not have; else empty.

    Raises
    ------
    OSError or ValueError
        It cannot be read.
    """
    with np.load(path, allow_pickle=False) as archive:
        names = {name.lower(): name for name in archive.files}
        name = names.get("x") or names.get("x_train")
        if name is None:
            return ""
        with archive.zip.open(f"{name}.npy") as file:
            version = np.lib.format.read_magic(file)
            if version not in _HEADERS:
                return ""
            shape, _, dtype = _HEADERS[version](file)
    return f"floats of shape {shape}" if dtype.kind == "f" and not image_like(shape) and len(shape) in (2, 3) else ""


def image_like(shape: tuple[int, ...]) -> bool:
    """Tell whether an array (n, a, b) may be images, of a x b pixels."""
    return len(shape) == 3 and shape[1] in SIDES and shape[2] in SIDES


_HEADERS: dict[tuple[int, int], Any] = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}
