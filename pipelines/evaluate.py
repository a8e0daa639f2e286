"""Stage evaluate: train and measure the arms of one repeat; with --baselines, the arms without synthetic rows."""

from __future__ import annotations

import argparse

from ganaug.config import load_params
from ganaug.errors import guard
from ganaug.repeats.arms import Augmented, Baselines
from ganaug.repeats.beside import run
from ganaug.utils.progress import begin_stage


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, required=True)
    parser.add_argument("--baselines", action="store_true")
    arguments = parser.parse_args()
    params, kind = load_params(), Baselines if arguments.baselines else Augmented
    begin_stage(kind.stage, params, arguments.repeat)
    run(kind(arguments.repeat, params))


if __name__ == "__main__":
    guard(main)
