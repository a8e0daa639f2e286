"""Stage merge: put kept synthetic rows beside the real training rows of one repeat."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ganaug.config import load_params
from ganaug.data.merge import coincidences, merge, shortfall
from ganaug.data.rows import read_schema
from ganaug.errors import guard
from ganaug.modalities.exports import export
from ganaug.utils.progress import begin_stage


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, required=True)
    repeat = parser.parse_args().repeat
    whole = load_params()
    begin_stage("merge", whole, repeat)
    params = whole.merge
    out = f"data/augmented/{repeat}"
    synthetic = f"data/synthetic/{repeat}.parquet"
    found = merge(f"data/splits/{repeat}", synthetic, out, policy=params.policy, amount=params.amount)
    if said := coincidences(found):
        print(f"ganaug: {synthetic}: {said}", file=sys.stderr)
    if missing := shortfall(found):
        print(f"ganaug: repeat {repeat}: {missing}", file=sys.stderr)
    modality = read_schema(f"{out}/train.parquet").modality
    for kind in params.exports:
        export(modality, kind, Path(out), Path(f"exports/{repeat}/{kind}"))


if __name__ == "__main__":
    guard(main)
