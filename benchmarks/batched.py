"""Several small GANs as one batched model, and a loop of them as one CUDA graph: for benchmarks/gpu.py.

A measurement, not a way to train: all GANs here see the same rows, and share the anchors of the first.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any

import torch
from lightning_fabric import Fabric
from speed import BareLoop
from torch import Tensor, nn
from torch.func import functional_call, stack_module_state, vmap
from torch.overrides import TorchFunctionMode

from ganaug.gan.schedule import Schedule
from ganaug.gan.trainer import NetworkSetup


class Batched(nn.Module):
    """K networks of one shape as one, by way of vmap.

    Rows come by portion (real, generated, ...), network and row, flattened; the outputs go back in that order. The
    gradient of their sum is that of each network, since none sees the rows of another.

    Parameters
    ----------
    networks : sequence of nn.Module
        The K networks.
    n : int
        Rows of each network in a portion.
    """

    def __init__(self, networks: Sequence[nn.Module], n: int) -> None:
        super().__init__()
        weights, _ = stack_module_state(list(networks))
        self.names, self.weights = list(weights), nn.ParameterList(weights.values())
        self.shape = [copy.deepcopy(networks[0]).to("meta")]  # in a list: its weights are none of ours
        self.count, self.n = len(networks), n
        self.prior = getattr(networks[0], "prior", None)

    def forward(self, inputs: Tensor, labels: Tensor, strength: float = 1.0) -> Any:
        """Map rows (p * K * n, ...) and labels (q * K * n,) to outputs; a discriminator's come in a pair, as its do."""

        def one(weights: dict[str, Tensor], x: Tensor, y: Tensor) -> Tensor:
            found = functional_call(self.shape[0], weights, (x, y, strength))
            return found[0] if self.prior is None else found

        with AnyLayout():
            weights = dict(zip(self.names, self.weights, strict=True))
            found = vmap(one)(weights, self._by_network(inputs), self._by_network(labels))
        found = found.unflatten(1, (-1, self.n)).transpose(0, 1).flatten(0, 2)
        return (found, None) if self.prior is None else found

    def _by_network(self, rows: Tensor) -> Tensor:
        return rows.unflatten(0, (-1, self.count, self.n)).transpose(0, 1).flatten(1, 2)


class AnyLayout(TorchFunctionMode):
    """Leave the memory layout as it is, which vmap cannot change."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return args[0] if func is torch.Tensor.contiguous else func(*args, **kwargs or {})


def batched_loop(fabric: Fabric, setups: Sequence[NetworkSetup], schedule: Schedule) -> BareLoop:
    """Return a loop that trains several setups as one."""
    n, device = schedule.batch_size, fabric.device
    generator, discriminator = (
        Batched([getattr(setup, name) for setup in setups], n).to(device) for name in ("generator", "discriminator")
    )
    setup = setups[0]._replace(generator=generator, discriminator=discriminator)
    return BareLoop(fabric, setup, schedule, n * len(setups))


def captured(loop: BareLoop, steps: int) -> Callable[[], None]:
    """Record so many steps of a loop as a CUDA graph, after some that are not; what is returned replays them."""
    for adam in loop.adams:
        adam.param_groups[0]["capturable"] = True
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        loop.train(steps)
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    graph.register_generator_state(loop.random)
    with torch.cuda.graph(graph):
        loop.train(steps)

    def replay() -> None:
        assert loop is not None  # kept, as a graph does not hold the memory that it reads
        graph.replay()

    return replay
