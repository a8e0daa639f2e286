"""How many threads of a CPU are computed on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any

from threadpoolctl import threadpool_limits

if TYPE_CHECKING:
    import torch


@contextmanager
def one_thread(device: torch.device) -> Iterator[None]:
    """Compute on one thread, where the device is a CPU.

    Networks this small gain little from a second one, and lose fourfold or more as soon as something else runs beside:
    two threads wait for one another at every layer. And sums come out the same on any machine.
    """
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1 if device.type == "cpu" else threads)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def one_openmp_thread() -> AbstractContextManager[Any]:
    """Compute on one thread what scikit-learn spreads over OpenMP's: neighbours, gradient boosting.

    They wait for one another in a loop that holds the core: beside other work, boosting on two threads took 25 times as
    long as on one. BLAS, whose threads hold nothing, is left as it is.
    """
    limits: AbstractContextManager[Any] = threadpool_limits(1, user_api="openmp")
    return limits
