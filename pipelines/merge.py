"""Stage merge: put kept synthetic rows beside the real training rows of one draw."""

from __future__ import annotations

import argparse
import sys

from ganaug.config import load_params
from ganaug.data.exports import export
from ganaug.data.merge import coincidences, merge, shortfall
from ganaug.errors import guard


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draw", type=int, required=True)
    draw = parser.parse_args().draw
    params = load_params().merge
    out = f"data/augmented/{draw}"
    synthetic = f"data/synthetic/{draw}.parquet"
    found = merge(f"data/splits/{draw}", synthetic, out, policy=params.policy, amount=params.amount)
    if said := coincidences(found):
        print(f"ganaug: {synthetic}: {said}", file=sys.stderr)
    if missing := shortfall(found):
        print(f"ganaug: draw {draw}: {missing}", file=sys.stderr)
    for kind in params.exports:
        export(kind, out, f"exports/{draw}/{kind}")


if __name__ == "__main__":
    guard(main)
