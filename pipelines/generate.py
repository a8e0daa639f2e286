"""Stage generate: sample rows from the GAN of one draw, score them, keep the good ones."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from ganaug.config import load_params
from ganaug.errors import guard
from ganaug.synthesis.generate import generate


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draw", type=int, required=True)
    draw = parser.parse_args().draw
    options = asdict(load_params().generate)
    generate(
        f"models/gan/{draw}",
        f"data/splits/{draw}/train.parquet",
        out=f"data/synthetic/{draw}.parquet",
        report=f"reports/generate/{draw}.json",
        seed=options.pop("seed") + draw,
        **options,
    )


if __name__ == "__main__":
    guard(main)
