"""How many threads of a CPU torch computes on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


@contextmanager
def one_thread(device: torch.device) -> Iterator[None]:
    """Compute on one thread, where the device is a CPU.

    Networks this small gain little from a second one, and lose fourfold as soon as something else runs beside: two
    threads wait for one another at every layer. And sums come out the same on any machine.
    """
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1 if device.type == "cpu" else threads)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
