"""Arrays as tensors."""

from __future__ import annotations

from typing import Any

import torch
from numpy.typing import NDArray


def tensor_of(array: NDArray[Any], device: torch.device) -> torch.Tensor:
    """Return an array on a device, to be read only: on a CPU both share their memory, however large."""
    return torch.as_tensor(array if array.flags.writeable else array.copy(), device=device)
