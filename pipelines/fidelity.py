"""Stage fidelity: compare the synthetic rows of one repeat with real rows, before and after selection."""

from __future__ import annotations

import argparse

from ganaug.config import load_params
from ganaug.errors import guard
from ganaug.evaluation.fidelity import measure_fidelity
from ganaug.utils.progress import begin_stage


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, required=True)
    repeat = parser.parse_args().repeat
    whole = load_params()
    begin_stage("fidelity", whole, repeat)
    options = whole.fidelity.model_dump()
    options["seed"] += repeat
    measure_fidelity(
        f"data/splits/{repeat}",
        f"data/synthetic/{repeat}.parquet",
        repeat,
        out=f"eval/fidelity/{repeat}.json",
        **options,
    )


if __name__ == "__main__":
    guard(main)
