"""Stage evaluate: train and measure the arms of one repeat; with --baselines, the arms without synthetic rows."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from ganaug.config import load_params
from ganaug.data.rows import read_schema
from ganaug.errors import guard
from ganaug.evaluation.downstream.arms import arms_named, resolved
from ganaug.evaluation.downstream.run import run_arms
from ganaug.evaluation.downstream.training_rows import real_labels
from ganaug.utils.files import remove_stale
from ganaug.utils.progress import begin_stage


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, required=True)
    parser.add_argument("--baselines", action="store_true")
    arguments = parser.parse_args()
    repeat, baselines = arguments.repeat, arguments.baselines
    rows = f"data/{'splits' if baselines else 'augmented'}/{repeat}"
    whole = load_params()
    begin_stage("baselines" if baselines else "evaluate", whole, repeat)
    train = f"{rows}/train.parquet"
    params = resolved(whole.evaluate, read_schema(train), [real_labels(train)])
    arms = [name for name, arm in arms_named(params.arms).items() if arm.synthetic != baselines]
    half = Path("baselines" if baselines else "augmented", str(repeat))
    Path("eval", half).mkdir(parents=True, exist_ok=True)  # dvc wants it even if no arm is chosen
    kept = Path(os.environ.get("DVC_ROOT", "."), ".ganaug", "evaluate")
    remove_stale(kept, "*/*.json", "*/.*.tmp")
    cache_dir = kept / str(repeat)
    if baselines:
        run_arms(rows, arms, repeat, params, pool=f"{rows}/pool.parquet", cache_dir=cache_dir, stage="baselines")
    else:
        synthetic = f"data/synthetic/{repeat}.parquet"
        run_arms(rows, arms, repeat, params, synthetic=synthetic, cache_dir=cache_dir)


if __name__ == "__main__":
    guard(main)
