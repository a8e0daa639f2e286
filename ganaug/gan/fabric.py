"""Where training runs: one CPU, one GPU, or whatever `fabric run` and torchrun set up, with one code path."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

import torch
import torch.distributed as processes

from ganaug.errors import ConfigError, option

if TYPE_CHECKING:
    from lightning_fabric import Fabric

T = TypeVar("T")

PRECISIONS = ("auto", "32-true", "bf16-mixed")


def has_fast_bfloat16(device: torch.device) -> bool:
    """Tell whether a device multiplies bfloat16 in hardware (AVX-512 BF16 or AMX; compute capability 8 and up)."""
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device) >= (8, 0)
    capability = torch.backends.cpu.get_cpu_capability()
    return capability.startswith("AVX512") and torch.cpu._is_avx512_bf16_supported()


def make_fabric(device: str = "auto", precision: str = "auto") -> Fabric:
    """Return a launched Fabric.

    Parameters
    ----------
    device : str
        ``"auto"`` (CUDA if there is one, else CPU), ``"cpu"``, ``"cuda"`` or ``"cuda:1"``. Under `fabric run` or
        torchrun their devices, nodes and strategy count instead.
    precision : {"auto", "32-true", "bf16-mixed"}
        ``"auto"`` takes bfloat16 where the hardware multiplies it, which was faster on every such machine tried.

    Raises
    ------
    ConfigError
        The device is not there, or a name is unknown.
    """
    from lightning_fabric import Fabric  # which loads torch's compiler: seconds that only training has to spend

    logging.getLogger("lightning_fabric").setLevel(logging.WARNING)
    if precision not in PRECISIONS:
        raise ConfigError(f"{option('train_gan.precision')} is {precision!r}: choose one of {', '.join(PRECISIONS)}.")
    target = resolve_device(device)
    if precision == "auto":
        precision = "bf16-mixed" if has_fast_bfloat16(target) else "32-true"
    if "LT_CLI_USED" in os.environ:  # `fabric run`, whose options count and which has launched already
        return Fabric(precision=os.environ.get("LT_PRECISION", precision))
    if "TORCHELASTIC_RUN_ID" in os.environ:
        count, nodes = int(os.environ["LOCAL_WORLD_SIZE"]), int(os.environ.get("GROUP_WORLD_SIZE", 1))
        fabric = Fabric(accelerator=target.type, strategy="ddp", devices=count, num_nodes=nodes, precision=precision)
    else:
        devices = [target.index or 0] if target.type == "cuda" else 1
        fabric = Fabric(accelerator=target.type, devices=devices, precision=precision)
    fabric.launch()
    return fabric


def join_processes(device: str) -> torch.device:
    """Return the device of this process, after it has joined those that torchrun or `fabric run` started beside it."""
    if "TORCHELASTIC_RUN_ID" in os.environ or "LT_CLI_USED" in os.environ:
        joined: torch.device = make_fabric(device).device
        return joined
    return resolve_device(device)


def rank_and_size() -> tuple[int, int]:
    """Return the number of this process, from 0, and how many work together."""
    if processes.is_available() and processes.is_initialized():
        return processes.get_rank(), processes.get_world_size()
    return 0, 1


@contextmanager
def one_writer() -> Iterator[bool]:
    """Yield whether this process is the one to write files; the others that work with it wait until it is done."""
    rank, size = rank_and_size()
    try:
        yield rank == 0
    finally:
        if size > 1:
            processes.barrier()


def gathered(portions: Iterator[T]) -> Iterator[T]:
    """Yield the portions of all processes that work together, the same in each, holding one of each at a time."""
    _, size = rank_and_size()
    if size == 1:
        yield from portions
        return
    while True:
        each: list[T | None] = [None] * size
        processes.all_gather_object(each, next(portions, None))
        found = [portion for portion in each if portion is not None]
        if not found:
            return
        yield from found


def resolve_device(device: str) -> torch.device:
    """Turn a device's name into the device; `ConfigError` if it is unknown or not there."""
    if device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        target = torch.device(device)
    except (RuntimeError, TypeError) as error:
        raise ConfigError(f"{option('device')} is {device!r}: choose auto, cpu, cuda or cuda:N.") from error
    if target.type not in {"cpu", "cuda"}:
        raise ConfigError(f"{option('device')} is {device!r}: choose auto, cpu, cuda or cuda:N.")
    if target.type == "cuda" and (not torch.cuda.is_available() or (target.index or 0) >= torch.cuda.device_count()):
        raise ConfigError(
            f"{option('device')} is {device!r}, but this machine has no such CUDA device: choose auto or cpu."
        )
    return target
