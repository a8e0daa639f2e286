"""Does the memory of fidelity stay flat up to 100,000 rows, and how does its time grow?

    python benchmarks/fidelity.py [--rows 12500 25000 50000 100000] [--width 64]

First the distances of `ganaug.metrics.distances`, between two samples of so many rows and features: peak memory above
what the samples themselves take. Then the whole comparison of one repeat, with so many candidates of 28x28 and as many
test rows, of which a stated number is drawn: peak memory in all. Each figure comes from a process of its own; the ratio
is of times, to the one with the fewest rows.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pyarrow as pa

from ganaug.data.rows import Rows, RowWriter
from ganaug.evaluation.fidelity import measure_fidelity
from ganaug.metrics.distances import frechet_distance, kid, neighbourhood_metrics
from ganaug.modalities.image.schema import image_schema

SCHEMA = image_schema(28, 28, 1, tuple("abcdefghij"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[12_500, 25_000, 50_000, 100_000])
    parser.add_argument("--width", type=int, default=64)
    arguments = parser.parse_args()
    for measured in (kid, frechet_distance, neighbourhood_metrics, whole):
        first = None
        for rows in arguments.rows:
            megabytes, seconds = alone(measured, rows, arguments.width)
            first = first or seconds
            figures = f"{megabytes:5.0f} MB, {seconds:6.1f} s, x {seconds / first:.1f}"
            print(f"{measured.__name__:22} {rows:7,} rows: {figures}", flush=True)


def alone(measured: Callable[..., object], rows: int, width: int) -> tuple[float, float]:
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(one_figure, measured, rows, width).result()


def one_figure(measured: Callable[..., object], rows: int, width: int) -> tuple[float, float]:
    """Peak memory in MB and seconds; of a distance, beyond its samples."""
    with tempfile.TemporaryDirectory() as folder:
        if measured is whole:
            for name in ("train", "test", "synthetic"):
                write(Path(folder, f"{name}.parquet"), 200 if name == "train" else rows)
            arguments, before = (Path(folder),), 0.0
        else:
            random = np.random.default_rng(0)
            arguments = tuple(random.standard_normal((rows, width), np.float32) for _ in range(2))
            kid(*(sample[:10] for sample in arguments))  # libraries are loaded
            before = peak()
        began = time.perf_counter()
        measured(*arguments)
        return peak() - before, time.perf_counter() - began


def whole(folder: Path) -> None:
    measure_fidelity(folder, folder / "synthetic.parquet", 0, out=folder / "out.json", device="cpu")


def write(path: Path, rows: int) -> None:
    random = np.random.default_rng(rows)
    with RowWriter(path, SCHEMA, pa.schema([("kept", pa.bool_())])) as writer:
        for start in range(0, rows, 1000):
            n = min(1000, rows - start)
            images = random.integers(0, 256, (n, 28, 28, 1), dtype=np.uint8)
            part = Rows.build(SCHEMA, images, random.integers(0, 10, n))
            writer.write(part, {"kept": np.ones(n, bool)})


def peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
