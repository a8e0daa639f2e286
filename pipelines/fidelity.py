"""Stage fidelity: compare the synthetic rows of one draw with real rows, before and after selection."""

from __future__ import annotations

import argparse

from ganaug.config import load_params
from ganaug.errors import guard
from ganaug.evaluation.fidelity import measure_fidelity


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draw", type=int, required=True)
    draw = parser.parse_args().draw
    options = load_params().fidelity.model_dump()
    options["seed"] += draw
    measure_fidelity(
        f"data/splits/{draw}", f"data/synthetic/{draw}.parquet", draw, out=f"eval/fidelity/{draw}.json", **options
    )


if __name__ == "__main__":
    guard(main)
