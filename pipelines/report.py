"""Stage report: the numbers, plots and page of the whole run."""

from __future__ import annotations

from ganaug.config import load_params
from ganaug.errors import guard
from ganaug.report.build import build_report


def main() -> None:
    build_report(load_params())


if __name__ == "__main__":
    guard(main)
