"""Stage train_gan: fit the GAN of one repeat to its training split; on a CPU those of other repeats beside it."""

from __future__ import annotations

import argparse

from ganaug.config import load_params
from ganaug.errors import guard
from ganaug.repeats.beside import run
from ganaug.repeats.training import Training
from ganaug.utils.progress import begin_stage


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, required=True)
    repeat = parser.parse_args().repeat
    params = load_params()
    begin_stage("train_gan", params, repeat)
    run(Training(repeat, params))


if __name__ == "__main__":
    guard(main)
