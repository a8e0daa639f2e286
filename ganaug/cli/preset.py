"""``ganaug preset``: how many draws are made, and how much each arm is tuned."""

from __future__ import annotations

import argparse
from dataclasses import fields
from typing import Any

from ganaug.cli.edit import set_parameters
from ganaug.config import PRESETS, EvaluateParams, load_params
from ganaug.files import atomic_path


def run(arguments: argparse.Namespace) -> None:
    """Change the two parameters in params.yaml and nothing else."""
    path = arguments.folder / "params.yaml"
    load_params(path)  # refuses a file that is missing or broken
    draws, trials = PRESETS[arguments.preset]
    changes: dict[str, Any] = {"draws": list(range(draws))}
    if "trials" in {field.name for field in fields(EvaluateParams)}:
        changes["evaluate.trials"] = trials
    text = set_parameters(path.read_text(encoding="utf-8"), changes, str(path))
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
    print(f"{path}: {draws} draws, {trials} trials of each arm. Next:\n  dvc repro")
