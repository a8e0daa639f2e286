"""Stage report: the numbers, plots and page of the whole run."""

from __future__ import annotations

from ganaug.config import load_params
from ganaug.errors import guard
from ganaug.report.build import build_report
from ganaug.utils.progress import begin_stage


def main() -> None:
    params = load_params()
    begin_stage("report", params)
    build_report(params)


if __name__ == "__main__":
    guard(main)
