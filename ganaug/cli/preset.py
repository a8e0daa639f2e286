"""``ganaug preset``: how many repeats are made, which arms, and how much each is tuned."""

from __future__ import annotations

import argparse

from ganaug.cli.edit import set_parameters
from ganaug.config import PRESETS, load_params
from ganaug.utils.files import atomic_path


def run(arguments: argparse.Namespace) -> None:
    """Change the three parameters in params.yaml and nothing else."""
    path = arguments.folder / "params.yaml"
    load_params(path)  # refuses a file that is missing or broken
    repeats, trials, arms = PRESETS[arguments.preset]
    changes = {"repeats": list(range(repeats)), "evaluate.trials": trials, "evaluate.arms": arms}
    text = set_parameters(path.read_text(encoding="utf-8"), changes, str(path))
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
    from ganaug.cli.timing import run_time  # which loads torch

    takes = run_time(load_params(path), arguments.folder)
    print(f"{path}: {repeats} repeats, {trials} trials of each arm; {takes}. Next:\n  dvc repro")
