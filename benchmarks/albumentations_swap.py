"""What `SyntheticSwap` and `GANVary` cost: their time beside other transforms, and the memory of DataLoader workers.

    python benchmarks/albumentations_swap.py [--pool 100000] [--calls 2000] [--repeats 15] [--workers 2]

- time: CPU time of a call on one 32x32 image, alone and in a `Compose`, and the ratio; both take turns, medians count;
- varying: CPU time of `GANVary` on one 32x32 image, and on each of 32 at once, beside Pillow's decoding and scaling of
  a photograph's JPEG (640x480), which a DataLoader does for every image anyway;
- memory: what a worker copies of the mapped pool (Linux), after it has read all of it.
"""

from __future__ import annotations

import argparse
import io
import os
import re
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image
from torch.utils.data import DataLoader, Dataset

from ganaug import GANAugmenter
from ganaug.data.rows import Rows, RowWriter
from ganaug.modalities.image.pool import Pool
from ganaug.modalities.image.schema import image_schema
from ganaug.plugins.albumentations import A, GANVary, SyntheticSwap

SIDE = (32, 32, 3)
SCHEMA = image_schema(*SIDE, tuple("abcdefghij"))
MIB = 2**20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pool", type=int, default=100_000)
    parser.add_argument("--calls", type=int, default=2000)
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_CACHE_HOME"] = folder
        path = Path(folder, "pool.parquet")
        write_noise(path, arguments.pool)
        began = time.perf_counter()
        Pool.open(path)
        first = time.perf_counter()
        Pool.open(path)
        print(f"opening: first {first - began:.1f} s, then {1e3 * (time.perf_counter() - first):.2f} ms")
        speed(path, arguments.calls, arguments.repeats)
        varying(Path(folder, "model"), arguments.calls // 20, arguments.repeats)
        memory(path, arguments.workers)


def write_noise(path: Path, n: int) -> None:
    random = np.random.default_rng(0)
    with RowWriter(path, SCHEMA) as writer:
        for start in range(0, n, 1000):
            images = random.integers(0, 256, (min(1000, n - start), *SIDE), dtype=np.uint8)
            writer.write(Rows.build(SCHEMA, images, random.integers(0, 10, len(images)), synthetic=True))


def speed(path: Path, calls: int, repeats: int) -> None:
    """Time both transforms in turns, on one image and in one process."""
    image = np.random.default_rng(0).integers(0, 256, SIDE, dtype=np.uint8)
    as_float = image.astype(np.float32) / 255
    cases = {
        "alone, p=1": (SyntheticSwap(path, p=1), A.HorizontalFlip(p=1), image),
        "alone, p=0.5": (SyntheticSwap(path, p=0.5), A.HorizontalFlip(p=0.5), image),
        "Compose, p=1": (A.Compose([SyntheticSwap(path, p=1)]), A.Compose([A.HorizontalFlip(p=1)]), image),
        "alone, p=1, float32": (SyntheticSwap(path, p=1), A.HorizontalFlip(p=1), as_float),
        "alone, p=1, alpha=0.5": (SyntheticSwap(path, alpha=0.5, p=1), A.HorizontalFlip(p=1), image),
    }
    for name, (swap, flip, pixels) in cases.items():
        times: dict[str, list[float]] = {"swap": [], "flip": []}
        for _ in range(repeats):
            times["swap"].append(seconds(swap, pixels, calls))
            times["flip"].append(seconds(flip, pixels, calls))
        ours, theirs = (1e6 * statistics.median(times[key]) for key in ("swap", "flip"))
        each = statistics.median(a / b for a, b in zip(*times.values(), strict=True))
        print(f"{name}: {ours:.1f} against {theirs:.1f} microseconds, ratio {each:.2f}", flush=True)


def varying(path: Path, calls: int, repeats: int) -> None:
    """Time `GANVary`, with a model of the default width, beside Pillow."""
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (64, *SIDE), dtype=np.uint8)
    GANAugmenter(generator="translation", steps=1, device="cpu").fit(images, np.arange(64) % 10).save(path)
    photograph, vary = io.BytesIO(), GANVary(path, p=1)
    noise = Image.fromarray(random.integers(0, 256, (60, 80, 3), dtype=np.uint8))
    noise.resize((640, 480), Image.Resampling.BICUBIC).save(photograph, "JPEG", quality=90)
    cases = {
        "GANVary, an image": (lambda: vary(image=images[0]), 1),
        "GANVary, of 32 at once": (lambda: vary(images=images[:32]), 32),
        "Pillow, decode 640x480 and scale": (lambda: Image.open(photograph).convert("RGB").resize((32, 32)), 1),
    }
    times: dict[str, list[float]] = {name: [] for name in cases}
    for _ in range(repeats):
        for name, (work, n) in cases.items():
            began = time.thread_time()
            for _ in range(max(1, calls // n)):
                work()
            times[name].append((time.thread_time() - began) / max(1, calls // n) / n)
    for name, each in times.items():
        print(f"{name}: {1e3 * statistics.median(each):.2f} ms", flush=True)


def seconds(transform: Callable[..., object], image: np.ndarray, calls: int) -> float:
    """Mean time of a call, with labels in turn."""
    names = SCHEMA.classes
    began = time.thread_time()
    for i in range(calls):
        transform(image=image, label=names[i % 10])
    return (time.thread_time() - began) / calls


class Touching(Dataset):
    """Each item reads every pixel of the pool through the transform, then says what the process holds of it."""

    def __init__(self, path: Path) -> None:
        self.swap = SyntheticSwap(path, p=1)

    def __len__(self) -> int:
        return 16

    def __getitem__(self, i: int) -> tuple[int, dict[str, int]]:
        pool = self.swap._pool
        for j in range(len(pool)):
            pool.image(j)
        return os.getpid(), mapped_memory()


def mapped_memory() -> dict[str, int]:
    """Bytes of this process's mapping of the pool: resident, its share of them (PSS), and copied (anonymous)."""
    block = re.search(r"images\.npy\n(.*?)VmFlags", Path("/proc/self/smaps").read_text(), re.DOTALL)[1]
    sizes = dict(re.findall(r"^(\w+): +(\d+) kB", block, re.MULTILINE))
    return {key: 1024 * int(sizes[key]) for key in ("Rss", "Pss", "Anonymous")}


def memory(path: Path, workers: int) -> None:
    """Let every worker, forked and spawned, read the whole pool."""
    dataset = Touching(path)
    print(f"pool: {dataset.swap._pool.samples.nbytes / MIB:.0f} MiB")
    for start in ("fork", "spawn"):
        loader = DataLoader(dataset, num_workers=workers, multiprocessing_context=start, batch_size=None)
        last = dict(loader)
        most = {key: max(held[key] for held in last.values()) / MIB for key in ("Rss", "Pss", "Anonymous")}
        print(
            f"{start}: each of {len(last)} workers has {most['Rss']:.0f} MiB of the pool resident, its share (PSS) is "
            f"{most['Pss']:.0f} MiB, copied {most['Anonymous']:.0f} MiB",
            flush=True,
        )


if __name__ == "__main__":
    main()
