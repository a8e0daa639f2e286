"""Stage fidelity: compare the synthetic rows of one repeat with real rows; on a CPU those of others beside them."""

from __future__ import annotations

import argparse

from ganaug.config import load_params
from ganaug.errors import guard
from ganaug.repeats.beside import run
from ganaug.repeats.comparison import Comparison
from ganaug.utils.progress import begin_stage


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, required=True)
    repeat = parser.parse_args().repeat
    params = load_params()
    begin_stage("fidelity", params, repeat)
    run(Comparison(repeat, params))


if __name__ == "__main__":
    guard(main)
