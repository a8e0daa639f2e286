"""Stage merge: put kept synthetic rows beside the real training rows of one repeat."""

from __future__ import annotations

import argparse
import sys

from ganaug.config import load_params
from ganaug.modalities.image.exports import export
from ganaug.data.merge import coincidences, merge, shortfall
from ganaug.errors import guard


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, required=True)
    repeat = parser.parse_args().repeat
    params = load_params().merge
    out = f"data/augmented/{repeat}"
    synthetic = f"data/synthetic/{repeat}.parquet"
    found = merge(f"data/splits/{repeat}", synthetic, out, policy=params.policy, amount=params.amount)
    if said := coincidences(found):
        print(f"ganaug: {synthetic}: {said}", file=sys.stderr)
    if missing := shortfall(found):
        print(f"ganaug: repeat {repeat}: {missing}", file=sys.stderr)
    for kind in params.exports:
        export(kind, out, f"exports/{repeat}/{kind}")


if __name__ == "__main__":
    guard(main)
