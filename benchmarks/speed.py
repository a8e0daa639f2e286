"""What the machinery around the networks costs, as ratios measured in one run.

    python benchmarks/speed.py [--steps 24] [--repeats 5] [--rows 200000]

- trainer: images/s of the trainer over those of a bare loop of the same networks and losses;
- compile, only with --compile: images/s of the trainer with compiled networks over those without, and what it cost;
- arithmetic: GFLOP/s of the discriminator's forward pass and of a large matrix product, in the same precision;
- sampling: images/s of GANAugmenter's sampling over those of the bare generator, and with PNG and Parquet written;
- memory: peak resident size while the first tenth, and then all, of so many rows are generated, scored and written.

The two sides of a ratio take turns, and the median of the repeats counts.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from lightning_fabric import Fabric

from ganaug import GANAugmenter
from ganaug.data.rows import Rows, RowWriter
from ganaug.gan.augmentation import AUGMENTATIONS
from ganaug.gan.conditioning import mismatch_loss, other_labels
from ganaug.gan.fabric import make_fabric
from ganaug.gan.latents import ONE_IN
from ganaug.gan.losses import OBJECTIVES
from ganaug.gan.networks import costs
from ganaug.gan.regularizers import PENALTIES
from ganaug.gan.schedule import Schedule
from ganaug.gan.setup import network_setup
from ganaug.gan.trainer import NetworkSetup, Trainer
from ganaug.modalities import modality_named
from ganaug.modalities.image.augment import ImageAugment
from ganaug.modalities.image.codec import ImageCodec
from ganaug.modalities.image.schema import image_schema
from ganaug.modalities.image.setup import ImageArchitecture
from ganaug.synthesis.generate import write_candidates
from ganaug.synthesis.sample import BLOCK
from ganaug.synthesis.select import Selection

N, SIDE, CLASSES = 64, 28, 10


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=24)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--compile", action="store_true")
    arguments = parser.parse_args()
    torch.set_num_threads(1)  # as training and sampling do
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (200, SIDE, SIDE, 1), dtype=np.uint8)
    labels = np.arange(200) % CLASSES
    names = labels.astype(str)
    training(images, labels, arguments.steps, arguments.repeats)
    if arguments.compile:
        compiling(images, labels, arguments.steps, arguments.repeats)
    augmenter = GANAugmenter(steps=20, random_state=0).fit(images, names)
    arithmetic(augmenter, arguments.repeats)
    sampling(augmenter, arguments.repeats)
    memory(augmenter, images, names, arguments.rows)


def ratio(name: str, ours: Callable[[], None], bare: Callable[[], None], repeats: int, work: int, unit: str) -> None:
    """Time both in turns; print both rates and their ratio, medians."""
    times: dict[str, list[float]] = {"ours": [], "bare": []}
    for turn in range(repeats + 1):
        for side, run in (("ours", ours), ("bare", bare)):
            began = time.perf_counter()
            run()
            if turn:  # the first is a warm-up
                times[side].append(time.perf_counter() - began)
    ours_s, bare_s = (statistics.median(times[side]) for side in ("ours", "bare"))
    each = statistics.median(b / o for o, b in zip(times["ours"], times["bare"], strict=True))
    print(f"{name}: {work / ours_s:,.0f} against {work / bare_s:,.0f} {unit}, ratio {each:.2f}", flush=True)


def training(images: np.ndarray, labels: np.ndarray, steps: int, repeats: int) -> None:
    """Compare the trainer with a bare loop; both take the same number of steps from their own state."""
    schedule = Schedule(10_000)
    trainer = Trainer(make_fabric(), make_setup(images, labels), schedule, 0)
    bare = BareLoop(make_fabric(), make_setup(images, labels), schedule)
    ratio(
        "trainer against a bare loop", _steps(trainer, steps), lambda: bare.train(steps), repeats, steps * N, "images/s"
    )


def compiling(images: np.ndarray, labels: np.ndarray, steps: int, repeats: int) -> None:
    """Compare compiled networks with others, after the steps in which they are compiled."""
    trainers = [Trainer(make_fabric(), make_setup(images, labels), Schedule(10_000), 0) for _ in range(2)]
    trainers[0].setup.generator.compile()
    trainers[0].setup.discriminator.compile()
    began = time.perf_counter()
    _steps(trainers[0], 1)()
    print(f"the first compiled step: {time.perf_counter() - began:.0f} s", flush=True)
    compiled, plain = (_steps(trainer, steps) for trainer in trainers)
    ratio("compiled networks against others", compiled, plain, repeats, steps * N, "images/s")


def _steps(trainer: Trainer, steps: int) -> Callable[[], None]:
    def train() -> None:
        for _ in range(steps):
            trainer.train_step()

    return train


def make_setup(images: np.ndarray, labels: np.ndarray, width: int = 64) -> NetworkSetup:
    """Set up the default training, on images (n, H, W, C) in CLASSES classes."""
    objective, penalty = OBJECTIVES["relativistic"], PENALTIES["r1_r2"]()
    architecture = ImageArchitecture(*images.shape[1:], CLASSES, base_width=width, anchors=len(labels))
    augmentation = AUGMENTATIONS["diffaugment"](10_000)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    modality, codec = modality_named("image"), ImageCodec(architecture.shape)
    rules = objective, penalty, ImageAugment(), augmentation
    return network_setup(modality, codec, architecture, (images,), labels, *rules, 0, device)


class BareLoop:
    """The same arithmetic and nothing else: no average, no schedule, no balance, no measures. A batch has n rows."""

    def __init__(self, fabric: Fabric, setup: NetworkSetup, schedule: Schedule, n: int = N) -> None:
        self.fabric, self.setup, self.schedule, self.n, self.step = fabric, setup, schedule, n, 0
        self.random = torch.Generator(fabric.device).manual_seed(0)
        self.adams = [
            torch.optim.Adam(m.parameters(), lr=schedule.learning_rate, betas=schedule.betas, fused=True)
            for m in (setup.generator, setup.discriminator)
        ]

    def train(self, steps: int) -> None:
        setup, random, n = self.setup, self.random, self.n
        g, d = setup.generator, setup.discriminator
        for _ in range(steps):
            rows = torch.randint(200, (n,), generator=random, device=self.fabric.device)
            labels = rows % CLASSES
            latents = g.prior(g.prior.draw(n, random), labels)
            latents = torch.cat([g.prior.anchors[rows[: n // ONE_IN]], latents[n // ONE_IN :]])
            draws = setup.augment.draw(3 * n, 0.8, random)
            with self.fabric.autocast():
                fake = g(latents, labels, 1.0).float()
            d.requires_grad_(True)
            both = setup.augment(torch.cat([setup.rows(rows), fake.detach()]), draws[: 2 * n])
            twice = torch.cat([labels, labels])
            with self.fabric.autocast():
                logits = d(both, torch.cat([twice, other_labels(labels, CLASSES, random)]), 1.0)[0].float()
                real_logits, fake_logits, mismatched = logits.chunk(3)
                loss = setup.objective.discriminator(real_logits, fake_logits)
                loss = loss + self.schedule.mismatch_weight * mismatch_loss(real_logits, mismatched)
                if self.step % self.schedule.penalty_interval == 0:
                    loss = loss + 16 * setup.penalty(
                        lambda x, y=twice: d(x, y[: len(x)], 1.0)[0].float(), both[:n], both[n:], torch.rand(n)
                    )
            self.adams[1].zero_grad()
            loss.backward()
            self.adams[1].step()
            d.requires_grad_(False)
            with self.fabric.autocast():
                fake_logits = d(setup.augment(fake, draws[2 * n :]), labels, 1.0)[0].float()
            loss = setup.objective.generator(real_logits.detach(), fake_logits)
            anchored = setup.rows(rows[: n // ONE_IN])
            loss = loss + self.schedule.anchor_weight * setup.distance(fake[: n // ONE_IN], anchored).sum() / n
            self.adams[0].zero_grad()
            loss.backward()
            self.adams[0].step()
            self.step += 1


@torch.no_grad()
def arithmetic(augmenter: GANAugmenter, repeats: int) -> None:
    """Compare the discriminator's forward pass with the machine's own matrix product."""
    fabric = make_fabric()
    kind = torch.bfloat16 if fabric.strategy.precision.precision == "bf16-mixed" else torch.float32
    discriminator, n = augmenter.discriminator_, 128
    architecture = ImageArchitecture(SIDE, SIDE, 1, CLASSES)
    flops = n * costs(architecture, augmenter.generator_, discriminator)["discriminator"]["flops"]
    x, y = torch.randn(n, 1, SIDE, SIDE), torch.zeros(n, dtype=torch.int64)
    a = torch.randn(2048, 2048, dtype=kind)
    seconds: dict[str, list[float]] = {"forward": [], "matmul": []}
    for turn in range(repeats + 1):
        for name, run, count in (("forward", lambda: discriminator(x, y), 50), ("matmul", lambda: a @ a, 10)):
            began = time.perf_counter()
            with fabric.autocast():
                for _ in range(count):
                    run()
            if turn:
                seconds[name].append((time.perf_counter() - began) / count)
    forward = flops / statistics.median(seconds["forward"]) / 1e9
    matmul = 2 * 2048**3 / statistics.median(seconds["matmul"]) / 1e9
    print(f"discriminator forward, {kind}: {forward:.0f} of the machine's {matmul:.0f} GFLOP/s", flush=True)


def sampling(augmenter: GANAugmenter, repeats: int) -> None:
    """Compare sampling, and sampling with PNG and Parquet, with the bare generator."""
    n = 2048
    labels = np.arange(n) % CLASSES
    codes, latents = torch.from_numpy(labels), torch.randn(n, 64)
    schema = image_schema(SIDE, SIDE, 1, tuple(str(c) for c in range(CLASSES)))

    @torch.no_grad()
    def bare() -> None:
        for start in range(0, n, BLOCK):
            augmenter.generator_(latents[start : start + BLOCK], codes[start : start + BLOCK])

    def ours() -> None:
        augmenter.sample(y=labels.astype(str))

    ratio("sampling against the bare generator", ours, bare, repeats, n, "images/s")
    with tempfile.TemporaryDirectory() as folder:

        def written() -> None:
            images, _ = augmenter.sample(y=labels.astype(str))
            with RowWriter(Path(folder, "rows.parquet"), schema) as writer:
                writer.write(Rows.build(schema, images, labels, synthetic=True))

        ratio("sampling, PNG and Parquet against the bare generator", written, bare, repeats, n, "images/s")


def memory(augmenter: GANAugmenter, images: np.ndarray, names: np.ndarray, rows: int) -> None:
    """Generate, score and write rows; print the peak resident size as it stands after a tenth and after all."""
    schema = image_schema(SIDE, SIDE, 1, tuple(str(c) for c in range(CLASSES)))
    training_rows = Rows.build(schema, images, names.astype(np.int64))
    selection = Selection(filters=())
    with tempfile.TemporaryDirectory() as folder:
        for count in (rows // 10, rows):
            quotas = dict.fromkeys(schema.classes, count // CLASSES)
            began = time.perf_counter()
            write_candidates(
                augmenter.candidates(images, names, quotas, selection),
                training_rows,
                quotas,
                model="",
                out=Path(folder, "synthetic.parquet"),
                report=Path(folder, "report.json"),
                stage="generate",
            )
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            print(
                f"{count:,} rows: peak {peak:,.0f} MiB, {count / (time.perf_counter() - began):,.0f} rows/s", flush=True
            )


if __name__ == "__main__":
    main()
