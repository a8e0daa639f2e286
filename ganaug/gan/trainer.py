"""One training step of the two networks.

The discriminator D learns to tell real rows from generated ones; the generator G learns to be taken for real.
`Trainer.train_step` draws a batch of either kind, trains D on both, and trains G to fool D. `ganaug.gan.loop.run`
repeats the step, remembers the last good state, and goes back to it when something diverges.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from ganaug.errors import ConfigError, option
from ganaug.gan.augmentation import Augmentation
from ganaug.gan.conditioning import mismatch_loss, other_labels
from ganaug.gan.cuda_graph import StepGraph, obstacle, step_graphs
from ganaug.gan.ema import EMA
from ganaug.gan.generation import Autocast, Drawn, FromLatents, Generation
from ganaug.gan.losses import Objective
from ganaug.gan.regularizers import Penalty
from ganaug.gan.sampler import BalancedSampler, PairSampler
from ganaug.gan.schedule import Schedule
from ganaug.modalities.parts import Augment

if TYPE_CHECKING:
    from lightning_fabric import Fabric


class NetworkSetup(NamedTuple):
    """The two networks, the training rows, and the losses and rules of training."""

    generator: nn.Module  # (latents (n, Z), labels (n,), condition_scale) -> inputs (n, ...)
    discriminator: nn.Module  # (inputs, labels, condition_scale) -> logits, class logits or None: see `apply_head`
    rows: Callable[[Tensor], Tensor]  # row indices (n,) -> real inputs (n, ...), on the device
    sampler: BalancedSampler | PairSampler
    objective: Objective
    penalty: Penalty
    augment: Augment
    augmentation: Augmentation
    distance: Callable[[Tensor, Tensor], Tensor]  # inputs (n, ...) twice -> how far each is from the other (n,)
    labelled: Tensor | None = None  # which rows have a label (rows,), bool; None: all of them
    generation: Callable[[NetworkSetup, Schedule, Autocast], Generation] = FromLatents


class StepMetrics(NamedTuple):
    """What one step showed: scalars, means over the batch; of logits also mean squares, which tell their spread."""

    loss_discriminator: Tensor
    loss_generator: Tensor
    penalty: Tensor  # zero in steps without one
    real_logits: Tensor
    fake_logits: Tensor
    real_squares: Tensor
    fake_squares: Tensor


class Part(NamedTuple):
    """Rows (n,) of a batch that go through the networks at a time, and all that chance says of them."""

    batch: Drawn
    others: Tensor  # (n,) labels that the real rows do not have
    condition: Tensor  # (n,) how much each label counts
    seen_real: Tensor  # (n, A) what happens to the real rows before D sees them
    seen_fake: Tensor  # (n, A) to the generated ones
    seen_again: Tensor  # (n, A) to these when G learns
    chance: Tensor | None  # (n,) of the penalty, where there is one
    weight: float  # the share of the rows of this process


class Trainer:
    """Train two networks on data that lives on the device.

    Parameters
    ----------
    fabric : Fabric
        Device, precision, processes.
    setup : NetworkSetup
        Networks, rows and rules. The modules are on the device.
    schedule : Schedule
        The numbers.
    seed : int
        Of every random number drawn here. All processes draw the same numbers for the whole batch and take their share
        of the rows, so that a run does not depend on how many there are.

    Raises
    ------
    ConfigError
        The processes cannot share a batch evenly.
    """

    def __init__(self, fabric: Fabric, setup: NetworkSetup, schedule: Schedule, seed: int) -> None:
        if schedule.batch_size % fabric.world_size:
            raise ConfigError(
                f"{option('train_gan.batch_size')} is {schedule.batch_size}, which {fabric.world_size} processes "
                f"cannot share evenly: give a multiple of {fabric.world_size}."
            )
        self.fabric, self.setup, self.schedule = fabric, setup, schedule
        self.generation = setup.generation(setup, schedule, fabric.autocast)
        exact = torch.float32 if fabric.device.type == "cuda" else torch.float64  # the former is all that Adam takes
        # what changes from step to step: tensors, which a replay reads anew
        self.learning_rate, self.condition, self.probability = torch.zeros(3, dtype=exact, device=fabric.device)
        self.optimizer_g = self._adam(setup.generator)
        self.optimizer_d = self._adam(setup.discriminator)
        self.ema = EMA(setup.generator, schedule.ema_half_life * schedule.steps)
        self.random = torch.Generator(device=fabric.device).manual_seed(seed)
        self.step = 0
        self.rate_scale = 1.0  # halved by every rollback
        self.graphs: dict[bool, StepGraph] = {}  # steps with and without a penalty, once recorded

    def _adam(self, module: nn.Module) -> torch.optim.Adam:
        parameters = list(module.parameters())
        adam = torch.optim.Adam(parameters, lr=self.learning_rate, betas=self.schedule.betas, fused=True)
        for p in parameters:  # as Adam's first step does, which a graph must not repeat
            step = torch.zeros((), device=p.device)
            adam.state[p] = {"step": step, "exp_avg": torch.zeros_like(p), "exp_avg_sq": torch.zeros_like(p)}
        return adam

    def record(self) -> str | None:
        """Record the steps as CUDA graphs, where there is a GPU: from now on they are replayed. No number changes.

        Returns
        -------
        str or None
            Why it cannot be done; the steps are then launched kernel by kernel. None: it is done, or there is no GPU.
        """
        self.graphs = {}
        if self.fabric.device.type != "cuda":
            return None
        reason = obstacle(self)
        if reason is None:
            try:
                self.graphs = step_graphs(self)
            except RuntimeError as error:
                reason = str(error).strip().split("\n")[0]
        return reason

    def train_step(self) -> StepMetrics:
        """Train D and G once. Rows i of the real and of the generated batch share their label.

        Where the real row has no label, D sees both without looking at any: its unconditional logit learns from them.
        """
        augmentation, now = self.setup.augmentation, self.schedule.at(self.step)
        self.learning_rate.fill_(now.learning_rate * self.rate_scale)
        self.condition.fill_(now.condition)
        self.probability.fill_(augmentation.probability(self.step / self.schedule.steps))
        penalised = self.step % self.schedule.penalty_interval == 0
        graph = self.graphs.get(penalised)
        *metrics, sign = self.train_networks(penalised) if graph is None else graph()
        augmentation.observe(sign)
        self.step += 1
        self.ema.update(self.setup.generator, self.step)
        return StepMetrics(*metrics)

    def train_networks(self, penalised: bool) -> Tensor:
        """Do all of a step that a GPU does alone: draw a batch, train D, with its penalty or without, and train G.

        A batch in several parts sums their gradients, so that memory is for one part. It is then generated twice, for
        D and for G, as G learns from what D has become.

        Returns
        -------
        Tensor
            The `StepMetrics`, and the mean sign of the logits of real rows.
        """
        parts = self._parts(penalised)
        whole = len(parts) == 1
        setup, found, states = self.setup, [], []
        before = setup.penalty.state
        setup.discriminator.requires_grad_(True)
        self.optimizer_d.zero_grad(set_to_none=True)
        for part in parts:
            real = setup.rows(part.batch.indices)
            with torch.set_grad_enabled(whole):
                fake, further_loss = self.generation.make(part.batch, real, self.condition)
            setup.penalty.state = dict(before)
            found.append(self.discriminator_step(part, real, fake.detach(), penalised))
            states.append(setup.penalty.state)
        if penalised:
            setup.penalty.state = self._averages(states, parts)
        self._descend(self.optimizer_d)

        setup.discriminator.requires_grad_(False)
        self.optimizer_g.zero_grad(set_to_none=True)
        metrics = []
        for part, (real_logits, loss_d, penalty) in zip(parts, found, strict=True):
            if not whole:
                fake, further_loss = self.generation.make(part.batch, setup.rows(part.batch.indices), self.condition)
            fake_logits, loss_g = self.generator_step(part, fake, real_logits, further_loss)
            means = [logits.mean() for logits in (real_logits, fake_logits, real_logits.square(), fake_logits.square())]
            sign = self._mean(real_logits.sign().mean())
            metrics.append(torch.stack([loss_d, loss_g, penalty, *means, sign]) * part.weight)
        self._descend(self.optimizer_g)
        return torch.stack(metrics).sum(0)

    def _parts(self, penalised: bool) -> list[Part]:
        """Draw a batch; return what this process works on, one part after the other."""
        setup, n, fabric = self.setup, self.schedule.batch_size, self.fabric
        batch = self.generation.draw(n, self.random)
        others = other_labels(batch.labels, len(setup.sampler.counts), self.random)
        real, fake, again = setup.augment.draw(3 * n, self.probability, self.random).chunk(3)
        chance = torch.rand(n, generator=self.random, device=fabric.device) if penalised else None
        parts = []
        for i in range(self.schedule.parts):
            share = slice(fabric.global_rank + i * fabric.world_size, None, fabric.world_size * self.schedule.parts)
            mine = batch.share(share)
            condition = self.condition.float().expand(mine.labels.shape)
            if setup.labelled is not None:
                condition = condition * setup.labelled[mine.indices]
            weight = len(mine.labels) * fabric.world_size / n
            drawn = None if chance is None else chance[share]
            parts.append(Part(mine, others[share], condition, real[share], fake[share], again[share], drawn, weight))
        return parts

    def discriminator_step(
        self, part: Part, real: Tensor, fake: Tensor, penalised: bool
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Have D learn to tell real rows from generated ones (n, ...), which go through it as one batch, and labels.

        Returns
        -------
        Tensor, Tensor, Tensor
            The logits of the real rows (n,), the loss, and the penalty.
        """
        labels, condition_scale = part.batch.labels, part.condition.repeat(3)
        real, fake = self.setup.augment(real, part.seen_real), self.setup.augment(fake, part.seen_fake)
        with self.fabric.autocast():
            logits, classes = self.setup.discriminator(
                torch.cat([real, fake]), torch.cat([labels, labels, part.others]), condition_scale
            )
        real_logits, fake_logits, mismatched = logits.float().chunk(3)
        loss = self.setup.objective.discriminator(real_logits, fake_logits)
        loss = loss + self.schedule.mismatch_weight * mismatch_loss(real_logits, mismatched)
        if classes is not None:
            loss = loss + _classification(classes[: len(labels)], labels, part.condition)
        penalty = loss.new_zeros(())
        if penalised:
            penalty = self._penalty(real, fake, part, condition_scale)
        weight = self.schedule.penalty_weight * self.schedule.penalty_interval
        ((loss + weight * penalty) * part.weight).backward()  # type: ignore[no-untyped-call]
        return real_logits.detach(), loss.detach(), penalty.detach()

    def _penalty(self, real: Tensor, fake: Tensor, part: Part, condition_scale: Tensor) -> Tensor:
        """Return D's penalty at real and generated rows (n, ...), as D sees them."""
        labels = part.batch.labels.repeat(2)
        forward = self.setup.discriminator.forward  # past torch.compile, which cannot differentiate twice

        def critic(inputs: Tensor) -> Tensor:
            logits: Tensor = forward(inputs, labels[: len(inputs)], condition_scale[: len(inputs)])[0]
            return logits.float()

        assert part.chance is not None
        with self.fabric.autocast():
            return self.setup.penalty(critic, real, fake, part.chance)

    def _averages(self, states: list[dict[str, Tensor]], parts: list[Part]) -> dict[str, Tensor]:
        """Return the averages of a penalty over the parts of a batch, and over the processes."""
        if len(parts) == 1:
            return {name: self._mean(value) for name, value in states[0].items()}
        weights = [part.weight for part in parts]
        return {
            name: self._mean(torch.stack([w * state[name] for w, state in zip(weights, states, strict=True)]).sum(0))
            for name in states[0]
        }

    def generator_step(
        self, part: Part, fake: Tensor, real_logits: Tensor, further_loss: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Have G learn to make D, which stands still, take its rows for real, and what ``further_loss`` asks for."""
        labels = part.batch.labels
        seen = self.setup.augment(fake, part.seen_again)
        with self.fabric.autocast():
            logits, classes = self.setup.discriminator(seen, labels, part.condition)
        fake_logits = logits.float()
        loss = self.setup.objective.generator(real_logits, fake_logits)
        if classes is not None:
            loss = loss + _classification(classes, labels, part.condition)
        ((loss + further_loss) * part.weight).backward()  # type: ignore[no-untyped-call]
        return fake_logits.detach(), loss.detach()

    def _descend(self, optimizer: torch.optim.Optimizer) -> None:
        parameters = optimizer.param_groups[0]["params"]
        if self.fabric.world_size > 1:
            self._average([p.grad for p in parameters if p.grad is not None])
        torch.nn.utils.clip_grad_norm_(parameters, self.schedule.clip)
        optimizer.step()

    def _average(self, tensors: list[Tensor]) -> None:
        """Average tensors over the processes in place, as one message."""
        flat: Tensor = self.fabric.all_reduce(torch.cat([t.flatten() for t in tensors]), reduce_op="mean")
        for tensor, part in zip(tensors, torch.split(flat, [t.numel() for t in tensors]), strict=True):
            tensor.copy_(part.view_as(tensor))

    def averaged(self, values: Tensor) -> list[float]:
        """Return a vector as floats, averaged over the processes."""
        return [float(v) for v in self._mean(values)]

    def _mean(self, values: Tensor) -> Tensor:
        return values if self.fabric.world_size == 1 else self.fabric.all_reduce(values, reduce_op="mean")

    def state(self) -> dict[str, Tensor]:
        """Return a copy, on the CPU, of everything that a resumed run needs, as named tensors."""
        tensors = {"step": torch.tensor([self.step]), "rate_scale": torch.tensor([self.rate_scale])}
        tensors["random"] = self.random.get_state()
        for name, module in self._modules().items():
            tensors |= {f"{name}.{key}": t for key, t in module.state_dict().items()}
        for name, optimizer in self._optimizers().items():
            for i, moments in optimizer.state_dict()["state"].items():
                tensors |= {f"{name}.{i}.{key}": t for key, t in moments.items()}
        for name, keeper in self._keepers().items():
            tensors |= {f"{name}.{key}": t for key, t in keeper.state.items()}
        return {key: t.detach().to("cpu", copy=True) for key, t in tensors.items()}

    def restore(self, tensors: dict[str, Tensor]) -> None:
        """Go back, or on, to a state returned by `state`; what is recorded is forgotten."""
        self.graphs = {}
        self.step, self.rate_scale = int(tensors["step"]), float(tensors["rate_scale"])
        self.random.set_state(tensors["random"])
        for name, module in self._modules().items():
            module.load_state_dict(under(tensors, name))
        for name, optimizer in self._optimizers().items():
            saved = under(tensors, name)
            for i, parameter in enumerate(optimizer.param_groups[0]["params"]):
                for key, moment in optimizer.state[parameter].items():
                    moment.copy_(saved[f"{i}.{key}"])
        for name, keeper in self._keepers().items():
            keeper.state = {k: t.clone() for k, t in under(tensors, name).items()}

    def is_finite(self) -> bool:
        """Tell whether every weight is a number."""
        weights: list[Tensor] = [p for module in self._modules().values() for p in module.parameters()]
        return bool(torch.stack(torch._foreach_norm(weights)).isfinite().all())

    def _modules(self) -> dict[str, nn.Module]:
        return {"generator": self.setup.generator, "discriminator": self.setup.discriminator, "ema": self.ema.module}

    def _keepers(self) -> dict[str, Penalty | Augmentation]:
        return {"penalty": self.setup.penalty, "augmentation": self.setup.augmentation}

    def _optimizers(self) -> dict[str, torch.optim.Optimizer]:
        return {"optimizer_g": self.optimizer_g, "optimizer_d": self.optimizer_d}


def _classification(classes: Tensor, labels: Tensor, condition: Tensor) -> Tensor:
    """Cross entropy of class logits (n, K), each row as much as its label counts."""
    return (condition * cross_entropy(classes.float(), labels, reduction="none")).mean()


def under(tensors: dict[str, Tensor], name: str) -> dict[str, Tensor]:
    """Return the tensors whose names start with ``name.``, without it."""
    return {key[len(name) + 1 :]: t for key, t in tensors.items() if key.startswith(f"{name}.")}
