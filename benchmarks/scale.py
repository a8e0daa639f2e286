"""Time and memory by the number of rows: synthetic ones in their stages, and all of Fashion-MNIST in the pipeline.

    python benchmarks/scale.py rows [--sizes 100000 300000 1000000]
    python benchmarks/scale.py prepare [--sizes 100000 300000 1000000]
    python benchmarks/scale.py pipeline FOLDER      # the four idx files of Fashion-MNIST
    python benchmarks/scale.py pipeline 1000000     # so many images as of prepare

- rows: so many 28x28 rows of a very small model are generated and scored, merged with 200 real ones, and exported as
  WebDataset shards. Time should grow in proportion to the rows, and memory hardly.
- prepare: so many 28x28 images, two of the built-in clothes of a class mixed and shifted, are read from idx files,
  looked through for copies, split and written. Pixels should take no memory; what is known of each row does.
- pipeline: every stage on six of seven images, with few steps of training: the rows are what is measured.

Every measurement is of a process of its own: its seconds, those of the processor (of which the imports take some),
and its peak resident size (to which torch and its kin contribute some hundred MiB).
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
REAL = 200
TRAINED = {"device": "cpu", "steps": 200, "width": 16, "batch_size": 64}
PIPELINE = {
    "repeats": [0],
    "prepare": {"per_class": None, "validation": 0.1},
    "train_gan": TRAINED,
    "generate": {"filters": ["copy"], "device": "cpu"},
    "merge": {"policy": "ratio", "amount": 0.2, "exports": ["webdataset"]},
    "evaluate": {"arms": ["real", "classical_gan"], "steps": 200, "device": "cpu"},
}


PIPELINE_STAGES = (
    "prepare", "train_gan", "generate", "fidelity", "merge", "evaluate", "evaluate --baselines", "report",
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    kinds = parser.add_subparsers(dest="kind", required=True)
    for name in ("rows", "prepare"):
        kinds.add_parser(name).add_argument("--sizes", type=int, nargs="+", default=[100_000, 300_000, 1_000_000])
    kinds.add_parser("pipeline").add_argument("source", metavar="FOLDER_OR_NUMBER")
    one = kinds.add_parser("one", help="one measurement, in its own process")
    one.add_argument("stage", choices=list(STAGES))
    one.add_argument("rows", type=int)
    arguments = parser.parse_args()
    if arguments.kind == "one":
        STAGES[arguments.stage](arguments.rows)
    elif arguments.kind == "rows":
        measure_rows(arguments.sizes, "model", ("generate", "merge", "export"))
    elif arguments.kind == "prepare":
        measure_rows(arguments.sizes, None, ("source", "prepare"))
    else:
        measure_pipeline(arguments.source)


def measure_rows(sizes: list[int], first: str | None, stages: tuple[str, ...]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        if first is not None:
            run(folder, __file__, "one", first, "0")
        print(
            "| rows | stage | s | CPU s | CPU ms/row | peak MiB | MB written |\n|---|---|---|---|---|---|---|",
            flush=True,
        )
        for size in sizes:
            for stage in stages:
                seconds, cpu, peak = run(folder, __file__, "one", stage, str(size))
                written = sum(path.stat().st_size for path in Path(folder, stage).rglob("*")) / 1e6
                print(
                    f"| {size:,} | {stage} | {seconds:.0f} | {cpu:.0f} | {1000 * cpu / size:.3f} | {peak:,.0f} "
                    f"| {written:,.0f} |",
                    flush=True,
                )


def measure_pipeline(source: str) -> None:
    repeat = ("--repeat", "0")
    with tempfile.TemporaryDirectory() as folder:
        if source.isdecimal():
            run(folder, __file__, "one", "source", source)
        where = Path(folder, "source") if source.isdecimal() else Path(source).resolve()
        prepare = PIPELINE["prepare"] | {"source": str(where)}
        Path(folder, "params.yaml").write_text(json.dumps(PIPELINE | {"prepare": prepare}), encoding="utf-8")
        print("| stage | s | CPU s | peak MiB |\n|---|---|---|---|", flush=True)
        for stage in PIPELINE_STAGES:
            name, *options = stage.split()
            options += repeat if name not in {"prepare", "report"} else ()
            seconds, cpu, peak = run(folder, str(ROOT / "pipelines" / f"{name}.py"), *options)
            print(f"| {stage} | {seconds:.0f} | {cpu:.0f} | {peak:,.0f} |", flush=True)


def run(folder: str, *command: str) -> tuple[float, float, float]:
    """Run a script in a folder; return its seconds, those of the processor, and its peak resident size in MiB."""
    began = time.perf_counter()
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with Path(folder, "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, *command], cwd=folder, env=environment, stdout=log, stderr=subprocess.STDOUT
        )
        _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(Path(folder, "log").read_text())
    return time.perf_counter() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def make_model(_: int) -> None:
    import numpy as np

    from ganaug import GANAugmenter
    from ganaug.data.prepare import prepare
    from ganaug.data.rows import read_rows

    prepare("fashion_mnist_mini", out="splits", report="prepare.json", per_class=REAL // 10)
    rows = read_rows("splits/0/train.parquet")
    augmenter = GANAugmenter(random_state=0, **TRAINED)
    augmenter.fit(rows.samples, np.array(rows.schema.classes)[rows.labels]).save("model")


def generate(count: int) -> None:
    import numpy as np

    from ganaug import load_augmenter
    from ganaug.data.rows import read_rows
    from ganaug.synthesis.generate import write_candidates
    from ganaug.synthesis.select import Selection

    rows = read_rows("splits/0/train.parquet")
    quotas = dict.fromkeys(rows.schema.classes, count // len(rows.schema.classes))
    augmenter = load_augmenter("model", "cpu")
    everything = Selection(filters=(), max_candidates=1.0)
    found = augmenter.candidates(rows.samples, np.array(rows.schema.classes)[rows.labels], quotas, everything)
    options = {"out": "generate/rows.parquet", "report": "generate/report.json", "stage": "generate"}
    write_candidates(found, rows, quotas, model="", **options)


def merge_rows(count: int) -> None:
    from ganaug.data.merge import merge

    merge("splits/0", "generate/rows.parquet", "merge", policy="ratio", amount=count / REAL)


def export_rows(_: int) -> None:
    from ganaug.modalities import modality_named
    from ganaug.modalities.exports import export

    export(modality_named("image"), "webdataset", "merge", "export")


def write_source(count: int) -> None:
    """Write so many images, a seventh of them to test, as the four idx files."""
    import numpy as np

    from ganaug.modalities.image.sources import open_source

    clothes = open_source("fashion_mnist_mini")
    padded = np.pad(np.asarray(clothes.items)[..., 0], ((0, 0), (2, 2), (2, 2)))
    views = np.lib.stride_tricks.sliding_window_view(padded, (28, 28), axis=(1, 2))  # of 5 x 5 shifts
    names = sorted(set(clothes.labels))
    classes = np.array([np.flatnonzero(np.array(clothes.labels) == name)[:400] for name in names])
    random = np.random.default_rng(0)
    Path("source").mkdir(exist_ok=True)
    for part, n in (("t10k", count // 7), ("train", count - count // 7)):
        labels = random.integers(0, len(names), n)
        with Path("source", f"{part}-labels-idx1-ubyte").open("wb") as file:
            file.write(bytes([0, 0, 8, 1]) + np.array([n], ">u4").tobytes() + labels.astype(np.uint8).tobytes())
        with Path("source", f"{part}-images-idx3-ubyte").open("wb") as file:
            file.write(bytes([0, 0, 8, 3]) + np.array([n, 28, 28], ">u4").tobytes())
            for start in range(0, n, 4096):
                codes = labels[start : start + 4096]
                pair = []
                for _ in range(2):
                    which = classes[codes, random.integers(0, 400, len(codes))]
                    down, across = random.integers(0, 5, (2, len(codes)))
                    pair.append(views[which, down, across])
                share = random.uniform(0, 1, (len(codes), 1, 1))
                file.write((share * pair[0] + (1 - share) * pair[1]).astype(np.uint8).tobytes())


def prepare_rows(_: int) -> None:
    from ganaug.data.prepare import prepare

    prepare("source", out="prepare", report="prepare.json", per_class=REAL // 10)


STAGES = {
    "model": make_model, "generate": generate, "merge": merge_rows, "export": export_rows,
    "source": write_source, "prepare": prepare_rows,
}  # fmt: skip

if __name__ == "__main__":
    main()
