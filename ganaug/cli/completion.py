"""``ganaug completion``: a script that completes commands, options and file names, made by shtab."""

from __future__ import annotations

import argparse
from pathlib import Path

import shtab

from ganaug.cli.parser import build_parser

FILES = {"source", "data", "what"}  # arguments that may be paths, beside those that are always


def run(arguments: argparse.Namespace) -> None:
    """Print the script."""
    parser = build_parser()
    _complete_files(parser)
    print(shtab.complete(parser, arguments.shell))


def _complete_files(parser: argparse.ArgumentParser) -> None:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                _complete_files(command)
        elif action.type is Path or action.dest in FILES:
            action.complete = shtab.FILE  # type: ignore[attr-defined]
