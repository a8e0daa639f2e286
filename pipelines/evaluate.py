"""Stage evaluate: train and judge the arms of one draw; with --baselines, the arms without synthetic rows."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path

from ganaug.config import load_params
from ganaug.errors import guard
from ganaug.evaluation.arms import references
from ganaug.evaluation.evaluate import run_arms


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draw", type=int, required=True)
    parser.add_argument("--baselines", action="store_true")
    arguments = parser.parse_args()
    draw, options = arguments.draw, asdict(load_params().evaluate)
    arms, seed = options.pop("arms"), options.pop("seed") + arguments.draw
    baselines = references(arms)
    others = [arm for arm in arms if arm not in baselines]
    splits, out, chosen = (
        ("splits", "baselines", baselines) if arguments.baselines else ("augmented", "augmented", others)
    )
    Path("eval", out, str(draw)).mkdir(parents=True, exist_ok=True)  # dvc wants it even if no arm is chosen
    run_arms(f"data/{splits}/{draw}", chosen, draw, seed=seed, **options)


if __name__ == "__main__":
    guard(main)
