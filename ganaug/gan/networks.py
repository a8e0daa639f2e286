"""What is done with the two networks of any modality: made again from weights, and counted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils.flop_counter import FlopCounterMode

from ganaug.gan.translation import RowPrior, StyledRows
from ganaug.modalities.parts import Architecture
from ganaug.utils.samples import at_a_time

NAMES = ("generator", "discriminator")


def rows_at_a_time(network: nn.Module, rows: int) -> int:
    """Return how many rows, of so many, go through a network together: fewer where its ``row_size`` is large."""
    return at_a_time(rows, getattr(network, "row_size", 1))


class Uninitialised(TorchFunctionMode):
    """Fill nothing by chance: what has no numbers needs none, and on it chance imports torch's compiler, a second."""

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Return the tensor that was to be filled; call any other function."""
        kwargs = kwargs or {}
        if func.__name__ in ("normal_", "uniform_"):
            return kwargs["tensor"] if "tensor" in kwargs else args[0]
        return func(*args, **kwargs)


def restore(architecture: Architecture, weights: Mapping[str, Mapping[str, Tensor]]) -> dict[str, nn.Module]:
    """Return ``generator`` and ``discriminator`` with these weights.

    Nothing is allocated before names and shapes are known to fit, as the numbers may come from anyone's file.

    Raises
    ------
    KeyError, RuntimeError, ValueError
        They do not fit.
    """
    depth = int(getattr(architecture, "depth", 0))
    if depth > len(weights[NAMES[0]]):
        raise ValueError(f"depth {depth} for {len(weights[NAMES[0]])} tensors")
    with torch.device("meta"), Uninitialised():
        for name, shapes in zip(NAMES, architecture.build(0), strict=True):
            shapes.load_state_dict(weights[name], assign=True)
    modules: dict[str, nn.Module] = dict(zip(NAMES, architecture.build(0), strict=True))
    for name, module in modules.items():
        module.load_state_dict(weights[name])
    return modules


def costs(architecture: Architecture, generator: nn.Module, discriminator: nn.Module) -> dict[str, dict[str, int]]:
    """Return, for each network, its ``parameters`` and the ``flops`` (floating-point operations) of one row forward."""
    device = next(generator.parameters()).device
    label = torch.zeros(1, dtype=torch.int64, device=device)
    latent = torch.zeros(1, architecture.latent, device=device)
    row = architecture.example().to(device)
    styled = isinstance(generator.prior, RowPrior)
    inputs = {"generator": StyledRows(row, row, latent) if styled else latent, "discriminator": row}
    found = {}
    for name, network in (("generator", generator), ("discriminator", discriminator)):
        with FlopCounterMode(display=False) as counter, torch.no_grad():
            network(inputs[name], label)
        parameters = sum(p.numel() for p in network.parameters())
        found[name] = {"parameters": parameters, "flops": counter.get_total_flops()}
    return found
