"""``ganaug report``: the report of a finished run, without DVC."""

from __future__ import annotations

import argparse
import io
from contextlib import redirect_stdout

from ganaug.cli.show import show
from ganaug.config import load_params
from ganaug.report.build import build_report


def run(arguments: argparse.Namespace) -> None:
    """Write reports/ in the folder and print the verdict."""
    params = load_params(arguments.folder / "params.yaml", any_version=True)
    with redirect_stdout(io.StringIO()) as printed:
        summary = build_report(params, arguments.folder)
    show(arguments, summary, printed.getvalue().rstrip())
