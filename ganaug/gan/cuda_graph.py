"""Training steps as CUDA graphs: all that a step does on a GPU is recorded once, and then replayed at one call.

A step launches some thousand small kernels, which takes the host several times as long as the GPU computes them. What
changes from step to step is on the device, in tensors that are filled before a replay; what a step decides on the host,
whether it has a penalty, has a graph for each answer.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

if TYPE_CHECKING:
    from ganaug.gan.trainer import NetworkSetup, Trainer

KNOWN = ("ganaug", "torch")  # packages that do nothing on the host in a step that the next might do otherwise


class StepGraph:
    """A trainer's step, recorded as it runs with or without a penalty.

    Parameters
    ----------
    trainer : Trainer
        A trainer that has taken such a step before: the first sets up libraries, which cannot be recorded.
    penalised : bool
        Whether the step has a penalty.
    pool
        Handle of the memory that the graphs of a trainer share, as no two run at a time.
    """

    def __init__(self, trainer: Trainer, penalised: bool, pool: Any) -> None:
        penalty = trainer.setup.penalty
        kept = {name: t.to(trainer.fabric.device) for name, t in penalty.state.items()}
        penalty.state = dict(kept)
        self.graph = torch.cuda.CUDAGraph()
        self.graph.register_generator_state(trainer.random)  # a replay draws on from where it is
        with _recording(trainer.optimizer_g, trainer.optimizer_d), torch.cuda.graph(self.graph, pool=pool):
            self.output = trainer.train_networks(penalised)
            for name, tensor in kept.items():  # where the next replay reads it
                tensor.copy_(penalty.state[name])
        penalty.state = kept

    def __call__(self) -> Tensor:
        """Replay the step; return what `Trainer.train_networks` does, a copy."""
        self.graph.replay()
        return self.output.clone()


def step_graphs(trainer: Trainer) -> dict[bool, StepGraph]:
    """Record the steps of a trainer on a GPU, with and without a penalty, and leave its state as it was.

    Raises
    ------
    RuntimeError
        They cannot be recorded.
    """
    before, side = trainer.state(), torch.cuda.Stream()  # type: ignore[no-untyped-call]
    side.wait_stream(torch.cuda.current_stream())
    try:
        with torch.cuda.stream(side):
            for waiting in ("default", "error"):  # a recording that has to wait for the GPU does not fail as cleanly
                with _when_waiting(waiting):
                    for penalised in (True, False):
                        trainer.train_networks(penalised)
    finally:
        torch.cuda.current_stream().wait_stream(side)
        trainer.restore(before)
    pool = torch.cuda.graph_pool_handle()
    try:
        return {penalised: StepGraph(trainer, penalised, pool) for penalised in (True, False)}
    except BaseException:
        trainer.random = torch.Generator(trainer.fabric.device)  # the old one is left recording
        trainer.restore(before)
        raise


def obstacle(trainer: Trainer) -> str | None:
    """Say why the steps of a trainer on a GPU cannot be recorded, None if nothing is known to be in the way."""
    setup: NetworkSetup = trainer.setup
    if trainer.fabric.world_size > 1:
        return "several processes work together"
    if any(network._compiled_call_impl is not None for network in (setup.generator, setup.discriminator)):
        return "the networks are compiled"
    rules = (*setup.objective[:2], setup.penalty, setup.augment, setup.rows, setup.distance, setup.generation)
    for part in (*rules, *setup.generator.modules(), *setup.discriminator.modules()):
        module = str(getattr(part, "func", part).__module__)  # of a partial function, the function's
        if module.split(".")[0] not in KNOWN:
            return f"what {module} does on the host cannot be recorded"
    return None


@contextmanager
def _recording(*optimizers: torch.optim.Optimizer) -> Iterator[None]:
    """Tell optimisers that they are recorded, which they want to know, and warn of where they are not."""
    groups = [group for optimizer in optimizers for group in optimizer.param_groups]
    for group in groups:
        group["capturable"] = True
    try:
        yield
    finally:
        for group in groups:
            group["capturable"] = False


@contextmanager
def _when_waiting(what: str) -> Iterator[None]:
    """Do so when the host waits for the GPU: nothing ("default") or raise a RuntimeError ("error")."""
    before = torch.cuda.get_sync_debug_mode()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that the mode is a prototype
        torch.cuda.set_sync_debug_mode(what)
    try:
        yield
    finally:
        torch.cuda.set_sync_debug_mode(before)
