"""Stage prepare: read the source, split it for every draw, report what was found."""

from __future__ import annotations

from dataclasses import asdict

from ganaug.config import load_params
from ganaug.data.prepare import prepare
from ganaug.errors import guard


def main() -> None:
    params = load_params()
    prepare(draws=params.draws, **asdict(params.prepare))


if __name__ == "__main__":
    guard(main)
