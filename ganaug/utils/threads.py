"""How many threads of a CPU are computed on."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any

from threadpoolctl import threadpool_limits

if TYPE_CHECKING:
    import torch

VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")  # libraries read them when they are loaded


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


@contextmanager
def one_thread_of_any() -> Iterator[None]:
    """Compute on one thread, whatever library does it, also one loaded meanwhile, or in a process started meanwhile.

    For work of which there is more beside it: three processes that multiplied matrices on two threads each took 1.7
    times as long, on two idle cores, as on one each.
    """
    before = {name: os.environ.get(name) for name in VARIABLES}
    os.environ.update(dict.fromkeys(VARIABLES, "1"))
    try:
        with threadpool_limits(1):
            yield
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})
