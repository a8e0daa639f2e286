"""What training, sampling and several repeats cost on a GPU, beside what the card could do.

    python benchmarks/gpu.py --out FOLDER [--small] [--sections matmul trainer ...] [--seconds 360]

- matmul: TFLOP/s of a large bfloat16 matrix product, the yardstick of the next;
- trainer: images/s of the trainer, kernel by kernel, and of a bare loop of the same networks and losses, by pixels and
  width, and the TFLOP/s that they come to, counted;
- graphs: steps/s of the trainer, kernel by kernel and replayed as a CUDA graph, which is what a fit does, and those of
  a replayed bare loop; seconds that recording takes, and whether both trainers end as the same bytes;
- sampling: images/s of `ganaug.synthesis.sample.sample`, and of the bare generator;
- fit: seconds of a fit with the default settings, and of training one classifier, on the card and on the CPU;
- repeats: steps/s of several GANs one after another, and as one batched model, without and with CUDA graphs;
- processes: the same of trainers in processes side by side;
- compile: images/s of the trainer with and without `torch.compile`, and seconds until it is compiled.

Every section has its own limit of time, and a setting that fails is a row that says why. Tables are printed, and after
every row all is written to FOLDER/gpu.json. Takes at most six and a half minutes; with --small, the same in a minute
on a CPU.
"""

from __future__ import annotations

import argparse
import json
import queue
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.multiprocessing as processes
from batched import batched_loop, captured
from gpu_timing import OutOfTime, Row, clock, limited, machine, rates, table, tried
from speed import CLASSES, BareLoop, N, make_setup
from torch.utils.flop_counter import FlopCounterMode

from ganaug import GANAugmenter
from ganaug.config.names import MAX_SIDE
from ganaug.gan.fabric import has_fast_bfloat16, make_fabric
from ganaug.gan.schedule import Schedule, auto_steps
from ganaug.gan.trainer import NetworkSetup, Trainer
from ganaug.modalities.image.classifier import train_classifier
from ganaug.modalities.image.sources.builtin import fashion_mnist_mini
from ganaug.synthesis.sample import BLOCK, sample

INTERVAL = Schedule(1).penalty_interval  # steps are timed by so many, of which one has a penalty
SCHEDULE = Schedule(100_000)
MIDDLE = SCHEDULE.steps // 2  # a step at which nothing is ramped in any more
GRAPH = ", CUDA graph"
WAIT = 60.0  # seconds for processes to start


@dataclass(frozen=True)
class Scale:
    """How much is measured."""

    matmul: int = 8192
    sides: tuple[int, ...] = (32, 64, 128, 256)
    widths: tuple[int, ...] = (64, 128)
    seconds: float = 2.0  # of each rate
    graphed: tuple[tuple[int, int, int], ...] = ((28, 64, 1), (32, 64, 3), (64, 64, 3), (128, 64, 3))
    sampled: int = 32 * BLOCK
    sampled_sides: tuple[int, ...] = (32, 128)
    compiled: tuple[tuple[int, int], ...] = ((32, 64), (128, 128))
    backend: str = "inductor"
    gans: tuple[int, ...] = (1, 3, 8)
    base_width: int = 64
    fit_seconds: float = 600.0  # of each fit; what would take longer is cut and extrapolated
    cpu_seconds: float = 12.0


SMALL = Scale(256, (16, 1024), (8,), 0.2, ((16, 8, 1),), BLOCK, (16,), ((16, 8),), "aot_eager", (1, 2), 8, 2.0, 2.0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--seconds", type=int, default=360, help="of all sections, at most")
    parser.add_argument("--sections", nargs="+", choices=SECTIONS, default=list(SECTIONS), metavar="SECTION")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    scale, began = SMALL if arguments.small else Scale(), time.perf_counter()
    torch.backends.cudnn.deterministic = True  # as in a fit, see ganaug.gan.loop
    found: Row = {"machine": machine(), "sections": {}}
    print(table("machine", [found["machine"]]), flush=True)
    for name in arguments.sections:
        section, limit = SECTIONS[name]
        rows = found["sections"][name] = []
        left = arguments.seconds - int(time.perf_counter() - began)
        with suppress(OutOfTime):  # which may also come while a row is written
            for row in limited(section(scale, found["sections"]), max(1, min(limit, left))):
                rows.append(row)
                (arguments.out / "gpu.json").write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
        print(table(name, rows), flush=True)


def steps_of(trainer: Trainer, steps: int = INTERVAL) -> Callable[[], None]:
    def train() -> None:
        for _ in range(steps):
            trainer.train_step()

    return train


def setup_of(side: int, width: int, channels: int = 3) -> NetworkSetup:
    """Set up the default training, on 200 noisy images: what it costs does not depend on what they show."""
    images = np.random.default_rng(0).integers(0, 256, (200, side, side, channels), dtype=np.uint8)
    return make_setup(images, np.arange(200) % CLASSES, width)


def trainer_of(setup: NetworkSetup, record: bool = False) -> Trainer:
    """Return a trainer that launches its steps kernel by kernel, or has recorded them where there is a GPU."""
    trainer = Trainer(make_fabric(), setup, SCHEDULE, 0)
    trainer.step = MIDDLE
    if record:
        recorded(trainer)
    return trainer


def recorded(trainer: Trainer) -> None:
    reason = trainer.record()
    if reason is not None:
        raise RuntimeError(reason)


def matmul(scale: Scale, _: Row) -> Iterator[Row]:
    device = make_fabric().device
    kind = torch.bfloat16 if has_fast_bfloat16(device) else torch.float32
    a, b = torch.randn(2, scale.matmul, scale.matmul, device=device, dtype=kind)
    rate = rates(scale.seconds, product=lambda: [a @ b for _ in range(10)])["product"]
    yield {"side": scale.matmul, "kind": str(kind), "TFLOP/s": 20 * scale.matmul**3 * rate / 1e12}


def training(scale: Scale, before: Row) -> Iterator[Row]:
    peak = yardstick(before)
    for side in scale.sides:
        for width in scale.widths:
            setting = {"pixels": side, "width": width}
            if side > MAX_SIDE:
                yield setting | {"failed": f"skipped: images have at most {MAX_SIDE} pixels a side"}
            else:
                yield tried(setting, partial(against_bare, side, width, scale.seconds, peak))


def yardstick(before: Row) -> float:
    """Return the TFLOP/s of the matrix product, 0 where it was not measured."""
    return next((row["TFLOP/s"] for row in before.get("matmul", []) if "TFLOP/s" in row), 0.0)


def against_bare(side: int, width: int, seconds: float, peak: float) -> Row:
    trainer = trainer_of(setup_of(side, width))
    flops = flops_of(trainer)
    loop = BareLoop(make_fabric(), setup_of(side, width), SCHEDULE)

    def free() -> None:
        with torch.backends.cudnn.flags(enabled=True, benchmark=True, deterministic=False):
            loop.train(INTERVAL)

    found = rates(seconds, trainer=steps_of(trainer), bare=lambda: loop.train(INTERVAL), free=free)
    rate = found["trainer"] * INTERVAL
    tera = flops * rate / 1e12
    return {
        "images/s": rate * N,
        "bare loop": found["bare"] * INTERVAL * N,
        "ratio": found["trainer"] / found["bare"],
        "bare loop, any cuDNN": found["free"] * INTERVAL * N,
        "ms a step": 1000 / rate,
        "GFLOP a step": flops / 1e9,
        "TFLOP/s": tera,
        "% of matmul": 100 * tera / peak if peak else "",
    }


def flops_of(trainer: Trainer) -> float:
    """Count the floating-point operations of a step, the mean of one with a penalty and those without."""
    trainer.step = MIDDLE - MIDDLE % INTERVAL
    counted = []
    for _ in range(2):
        with FlopCounterMode(display=False) as counter:
            trainer.train_step()
        counted.append(counter.get_total_flops())
    return (counted[0] + (INTERVAL - 1) * counted[1]) / INTERVAL


def graphs(scale: Scale, _: Row) -> Iterator[Row]:
    for side, width, channels in scale.graphed:
        yield tried({"pixels": side, "width": width}, partial(replayed, side, width, channels, scale.seconds))


def replayed(side: int, width: int, channels: int, seconds: float) -> Row:
    new = partial(setup_of, side, width, channels)
    plain, graph = trainer_of(new()), trainer_of(new())
    took = clock(lambda: recorded(graph))
    for trainer in (plain, graph):
        steps_of(trainer, 2 * INTERVAL)()
    states = plain.state(), graph.state()
    runs = {"plain": steps_of(plain), "graph": steps_of(graph)}
    if torch.cuda.is_available():
        runs["bare"] = captured(BareLoop(make_fabric(), new(), SCHEDULE), INTERVAL)
    found = {name: rate * INTERVAL for name, rate in rates(seconds, **runs).items()}
    return {
        "steps/s": found["plain"],
        "CUDA graph": found["graph"],
        "bare loop, CUDA graph": found.get("bare", ""),
        "times as fast": found["graph"] / found["plain"],
        "seconds to record": took,
        "same bytes": all(torch.equal(states[0][name], states[1][name]) for name in states[0]),
    }


def sampling(scale: Scale, _: Row) -> Iterator[Row]:
    for side in scale.sampled_sides:
        yield tried({"pixels": side, "width": scale.base_width}, partial(sampled, side, scale))


def sampled(side: int, scale: Scale) -> Row:
    generator = setup_of(side, scale.base_width).generator.eval().requires_grad_(False)
    device = next(generator.parameters()).device
    labels = np.arange(scale.sampled) % CLASSES
    codes = torch.from_numpy(labels[:BLOCK]).to(device)
    latents = torch.randn(BLOCK, generator.prior.size, device=device)

    def bare() -> None:
        for _ in range(0, scale.sampled, BLOCK):
            generator(latents, codes)

    found = rates(scale.seconds, ours=lambda: [len(rows) for rows in sample(generator, labels, 0)], bare=bare)
    ours, alone = (found[name] * scale.sampled for name in ("ours", "bare"))
    return {"images/s": ours, "bare generator": alone, "ratio": ours / alone}


def fitting(scale: Scale, _: Row) -> Iterator[Row]:
    source = fashion_mnist_mini()
    codes = np.unique(source.labels, return_inverse=True)[1]
    rows = np.concatenate([np.flatnonzero(codes == code)[:20] for code in range(CLASSES)])
    images, codes = np.stack([source.pixels.read(int(row)) for row in rows]), codes[rows]
    devices = ["cuda", "cpu"] if torch.cuda.is_available() else ["cpu"]
    for what in ("fit", "classifier"):
        for device in devices:
            limit = scale.cpu_seconds if device == "cpu" else scale.fit_seconds

            def fit(steps: int, device: str = device) -> object:
                return GANAugmenter(steps=steps, device=device, width=scale.base_width, random_state=0).fit(
                    images, codes
                )

            def classify(steps: int, device: str = device) -> object:
                return train_classifier(images, codes, CLASSES, steps=steps, device=device)

            run, steps = (fit, auto_steps(len(rows), device)) if what == "fit" else (classify, 1000)
            yield tried({"what": what, "device": device}, partial(timed, run, steps, limit))


def timed(run: Callable[[int], object], steps: int, limit: float) -> Row:
    """Time a training of so many steps, or of as many as take no longer than the limit, and extrapolate."""
    few = max(1, steps // 100)
    run(few)
    each = clock(lambda: run(few)) / few
    played = max(few, min(steps, int(limit / each)))
    seconds = clock(lambda: run(played)) * steps / played
    return {"steps": steps, "of which measured": played, "seconds": seconds, "ms a step": 1000 * seconds / steps}


def repeats(scale: Scale, _: Row) -> Iterator[Row]:
    """Measure GANs of 28 x 28 gray pixels, as those of the default run."""
    new = partial(setup_of, 28, scale.base_width, 1)
    for graph in graph_or_not():
        one = tried({}, lambda graph=graph: rates(scale.seconds, rate=steps_of(trainer_of(new(), graph))))
        for count in scale.gans:
            how = "trainers one after another" + GRAPH * graph
            yield repeat(how, count, lambda count=count, one=one: one["rate"] / count)

    def bare(count: int, graph: bool) -> float:
        setups = [new() for _ in range(count)]
        make = (
            partial(BareLoop, make_fabric(), setups[0]) if count == 1 else partial(batched_loop, make_fabric(), setups)
        )
        loop = make(SCHEDULE)
        train = captured(loop, INTERVAL) if graph else partial(loop.train, INTERVAL)
        return rates(scale.seconds, loop=train)["loop"]

    for graph in graph_or_not():
        for count in scale.gans:
            what = ("a bare loop" if count == 1 else "a batched bare loop") + GRAPH * graph
            yield repeat(what, count, partial(bare, count, graph))


def graph_or_not() -> tuple[bool, ...]:
    return (False, True) if torch.cuda.is_available() else (False,)


def apart(scale: Scale, _: Row) -> Iterator[Row]:
    for graph in graph_or_not()[::-1]:
        for count in scale.gans[1:]:
            how = "trainers in processes side by side" + GRAPH * graph
            yield repeat(how, count, partial(side_by_side, count, scale, graph))


def repeat(how: str, count: int, measure: Callable[[], float]) -> Row:
    """Return a row of how fast so many GANs train, from the calls of `INTERVAL` steps a second of each."""

    def row() -> Row:
        each = measure() * INTERVAL
        return {"steps/s of each": each, "steps/s of all": each * count}

    return tried({"how": how, "GANs": count}, row)


def side_by_side(count: int, scale: Scale, graph: bool) -> float:
    """Return the mean rate of trainers in processes of their own."""
    context = processes.get_context("spawn")
    barrier, found = context.Barrier(count, timeout=WAIT), context.Queue()
    arguments = (barrier, found, scale, graph)
    started = [context.Process(target=_beside_others, args=arguments, daemon=True) for _ in range(count)]
    for process in started:
        process.start()
    try:
        return statistics.mean(found.get(timeout=WAIT + 10 * scale.seconds) for _ in started)
    except queue.Empty:
        raise RuntimeError(f"{count} processes gave no rate in time") from None
    finally:
        for process in started:
            process.kill()


def _beside_others(barrier: Any, found: Any, scale: Scale, graph: bool) -> None:
    torch.set_num_threads(1)
    torch.backends.cudnn.deterministic = True
    train = steps_of(trainer_of(setup_of(28, scale.base_width, 1), graph))
    clock(train)
    barrier.wait()
    found.put(rates(2 * scale.seconds, trainer=train)["trainer"])


def compiling(scale: Scale, before: Row) -> Iterator[Row]:
    for side, width in scale.compiled:
        yield tried({"pixels": side, "width": width}, partial(compiled, side, width, scale))


def compiled(side: int, width: int, scale: Scale) -> Row:
    trainers = [trainer_of(setup_of(side, width)) for _ in range(2)]
    trainers[0].setup.generator.compile(backend=scale.backend)
    trainers[0].setup.discriminator.compile(backend=scale.backend)
    first = clock(steps_of(trainers[0]))
    found = rates(scale.seconds, compiled=steps_of(trainers[0]), plain=steps_of(trainers[1]))
    ours, plain = (found[name] * INTERVAL * N for name in ("compiled", "plain"))
    return {"images/s": ours, "without compile": plain, "ratio": ours / plain, "seconds of the first steps": first}


SECTIONS: dict[str, tuple[Callable[[Scale, Row], Iterator[Row]], int]] = {  # the name, and seconds at most
    "matmul": (matmul, 20),
    "trainer": (training, 90),
    "graphs": (graphs, 60),
    "sampling": (sampling, 25),
    "fit": (fitting, 120),
    "repeats": (repeats, 60),
    "processes": (apart, 110),  # of their own: whatever has gone wrong on the card before leaves them alone
    "compile": (compiling, 60),
}

if __name__ == "__main__":
    main()
