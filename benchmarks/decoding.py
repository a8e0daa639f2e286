"""How often a stage decodes, hashes and encodes the same sample: `python benchmarks/decoding.py pipelines/smoke.yaml`.

Runs every stage's script in this process, in a folder of its own, and counts by content. With `--rows N` also how long
merge, evaluate (classifiers of one step), fidelity and report take on N random images of 28 x 28 pixels.
"""

from __future__ import annotations

import argparse
import os
import runpy
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from ruamel.yaml import YAML

from ganaug.modalities import modality_named
from ganaug.modalities.choose import MODALITIES

ROOT = Path(__file__).parents[1]
STAGES = (
    "prepare", "train_gan --repeat {}", "generate --repeat {}", "merge --repeat {}",
    "evaluate --repeat {} --baselines", "evaluate --repeat {}", "fidelity --repeat {}", "report",
)  # fmt: skip
KINDS = ("decoded", "hashed", "encoded")


def count() -> dict[str, Counter[str]]:
    """Have the modalities count from now on: by kind, how often each content."""
    counts = {kind: Counter[str]() for kind in KINDS}
    for kind in {type(modality_named(name)) for name in MODALITIES}:
        _count(kind, counts)
    return counts


def _count(kind: Any, counts: dict[str, Counter[str]]) -> None:
    ids, decode, encode = kind.ids, kind.from_arrow, kind.to_arrow

    def hashed(self: Any, samples: Any) -> Any:
        found = ids(self, samples)
        counts["hashed"].update(found)
        return found

    def decoded(self: Any, batch: Any, spec: Any) -> Any:
        samples = decode(self, batch, spec)
        counts["decoded"].update(ids(self, samples))
        return samples

    def encoded(self: Any, samples: Any, spec: Any) -> Any:
        counts["encoded"].update(ids(self, samples))
        return encode(self, samples, spec)

    kind.ids, kind.from_arrow, kind.to_arrow = hashed, decoded, encoded


def run(params: dict[str, Any], counts: dict[str, Counter[str]] | None) -> None:
    """Run all stages here, and print a line for each."""
    YAML(typ="safe", pure=True).dump(params, Path("params.yaml"))
    for stage in STAGES:
        for repeat in params["repeats"] if "{}" in stage else [0]:
            script, *words = stage.format(repeat).split()
            sys.argv = [script, *words]
            start = time.perf_counter()
            runpy.run_path(str(ROOT / f"pipelines/{script}.py"), run_name="__main__")
            told = f"{time.perf_counter() - start:8.2f} s"
            for kind, found in (counts or {}).items():
                most = max(found.values(), default=0)
                told += f"   {kind} {found.total():7,} of {len(found):6,}, most {most:2}"
                found.clear()
            print(f"{stage.format(repeat):32} {told}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("params", type=Path)
    parser.add_argument("--rows", type=int)
    arguments = parser.parse_args()
    params = YAML(typ="safe", pure=True).load(arguments.params)
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        if arguments.rows:
            random = np.random.default_rng(0)
            labels = np.arange(arguments.rows) % 10
            images = random.integers(0, 256, (arguments.rows, 28, 28), np.uint8)
            np.savez("rows.npz", X=images, y=labels)
            params["repeats"] = [0]
            params["prepare"] |= {"source": "rows.npz", "per_class": None, "near_duplicates": False}
            params["train_gan"]["steps"] = 3
            params["generate"] |= {"filters": []}
            params["merge"]["amount"] = 1.0
            params["evaluate"] |= {
                "steps": 1,
                "trials": 1,
                "arms": ["real", "oracle", "gan", "unfiltered", "synthetic"],
                "mixing": [{"share": 0.5}],
            }
        run(params, None if arguments.rows else count())


if __name__ == "__main__":
    main()
