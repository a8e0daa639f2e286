"""What can be typed after ``ganaug``: the commands, their options, examples of each."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import Any, NoReturn

from ganaug import __version__
from ganaug.cli.options import LOOKING, READING, SELECTION, SPLITTING, TRAINING, add_parameters, typed
from ganaug.config import PRESETS, GenerateParams, PrepareParams, TrainGanParams, suggestion
from ganaug.config.types import Factor, Positive, Seed, export_forms
from ganaug.errors import ConfigError

SHELLS = ("bash", "zsh")
SOURCE = (
    "table or texts (.csv, .tsv, .parquet), signals (.npz, .tsv, .ts, .parquet), folder of images or "
    "texts, manifest, .npz, folder of the four idx files, or built-in name"
)
OUT = "a .parquet file, or a folder"
EXIT_CODES = (
    "exit codes:\n"
    "  0    done\n"
    "  2    bad input: one line on stderr says what is wrong, where, and what to do\n"
    "  130  interrupted: the same command goes on where it stopped"
)


class Parser(argparse.ArgumentParser):
    """A parser that shows examples and raises `ConfigError`, which becomes one line and exit code 2."""

    def __init__(self, *, examples: tuple[str, ...] = (), **options: Any) -> None:
        shown = "\n  ".join(("examples:", *examples)) if examples else ""
        super().__init__(
            formatter_class=argparse.RawDescriptionHelpFormatter,
            epilog="\n\n".join(filter(None, (shown, EXIT_CODES))),
            allow_abbrev=False,
            **options,
        )
        self.examples = examples

    def error(self, message: str) -> NoReturn:
        """Refuse what was typed."""
        wrong = re.search(r"invalid choice: '([^']*)' \(choose from (.*)\)", message)
        hint = suggestion(wrong[1], re.findall(r"[\w-]+", wrong[2])) if wrong else ""
        raise ConfigError(f"{message}{hint}; see {self.prog} --help")

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> tuple[argparse.Namespace, list[str]]:  # type: ignore[override]
        """Parse words, and refuse at once, with the help that is to the point, what a command does not know."""
        parsed, unknown = super().parse_known_args(args, namespace)
        if unknown:
            options = [flag for action in self._actions for flag in action.option_strings]
            self.error(f"{unknown[0]} is nothing that {self.prog} knows{suggestion(unknown[0], options)}")
        return parsed, unknown


def build_parser() -> Parser:
    """Return the parser of the whole command line; ``command`` names the module in `ganaug.cli` that runs."""
    parser = Parser(
        prog="ganaug",
        description="Train a GAN on scarce labelled samples, add the good ones it makes, learn whether that helped.",
        examples=("ganaug init --data photos && dvc repro", "ganaug augment photos augmented.parquet --ratio 2"),
    )
    parser.add_argument("--version", action="version", version=f"ganaug {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True, title="commands")
    for add in (_init, _preset, _augment, _sample, _inspect, _report, _completion):
        add(commands)
    return parser


def _command(commands: Any, name: str, does: str, *examples: str) -> Parser:
    parser: Parser = commands.add_parser(name, help=does, description=f"{does}.", examples=examples)
    return parser


def _add_json(parser: Parser) -> None:
    parser.add_argument("--json", action="store_true", help="print one JSON object on stdout")


def _add_format(parser: Parser) -> None:
    forms = dict.fromkeys(("parquet", *export_forms()))
    parser.add_argument(
        "--format", choices=forms, help="of a folder. Default: image_folder, tables and texts: csv, signals: npz"
    )


def _init(commands: Any) -> None:
    parser = _command(
        commands,
        "init",
        "Write a DVC pipeline for your data, with parameters that fit it, into a folder",
        "ganaug init --data photos                # into this folder",
        "ganaug init gan --data data/photos       # into a subfolder, say of an existing DVC project",
        "ganaug init --data rows.csv --columns path=file,label=kind",
        "ganaug init --data photos --force        # over files that are there already",
    )
    parser.add_argument("folder", metavar="DIR", nargs="?", type=Path, default=Path(), help="where to; default: here")
    parser.add_argument("--data", metavar="PATH", required=True, help=SOURCE)
    parser.add_argument("--force", action="store_true", help="overwrite files that differ, instead of showing how")
    add_parameters(parser, "how to read the data (prepare in params.yaml)", PrepareParams, SPLITTING)


def _preset(commands: Any) -> None:
    parser = _command(
        commands,
        "preset",
        "Set in params.yaml how many repeats are made and how much each arm is tuned",
        "ganaug preset standard && dvc repro",
        "ganaug preset publish gan",
    )
    parser.add_argument("preset", metavar="PRESET", choices=tuple(PRESETS), help=", ".join(PRESETS))
    parser.add_argument("folder", metavar="DIR", nargs="?", type=Path, default=Path(), help="folder of params.yaml")


def _augment(commands: Any) -> None:
    parser = _command(
        commands,
        "augment",
        "Train a GAN on labelled samples and write them with the good ones it makes, without DVC",
        "ganaug augment photos augmented.parquet --ratio 2",
        "ganaug augment photos augmented --format image_folder --balance",
        "ganaug augment rows.npz more.parquet --steps 500 --device cpu --model models/gan",
        "ganaug augment digits digits.parquet --steps 20 --json",
        """ganaug augment photos more.parquet --filters '["copy", {"confidence": {"threshold": 0.8}}]'""",
    )
    parser.add_argument("source", metavar="SOURCE", help=SOURCE)
    parser.add_argument("out", metavar="OUT", type=Path, help=OUT)
    _add_format(parser)
    amounts = parser.add_mutually_exclusive_group()
    amounts.add_argument(
        "--ratio",
        type=typed(Factor, "--ratio"),
        default=1.0,
        metavar="R",
        help="synthetic samples for each real one, class by class. Default: 1",
    )
    amounts.add_argument("--balance", action="store_true", help="bring every class up to the largest one")
    amounts.add_argument(
        "--at-least",
        type=typed(Positive, "--at-least"),
        metavar="N",
        help="bring every class up to N samples",
    )
    amounts.add_argument(
        "--cells",
        type=typed(Positive, "--cells"),
        metavar="N",
        help="bring every class in each group (a site, a device) up to N samples, by samples of the class in the style "
        "of the group",
    )
    parser.add_argument("--model", metavar="DIR", type=Path, help="also save the model, for ganaug sample")
    _add_json(parser)
    add_parameters(parser, "how to read SOURCE (prepare in params.yaml)", PrepareParams, READING)
    add_parameters(parser, "the GAN (train_gan in params.yaml)", TrainGanParams, TRAINING)
    add_parameters(parser, "which samples to keep (generate in params.yaml)", GenerateParams, SELECTION)


def _sample(commands: Any) -> None:
    parser = _command(
        commands,
        "sample",
        "Generate samples with a saved model, unselected",
        "ganaug sample models/gan/0 --per-class 100 --out new.parquet",
        "ganaug sample models/gan/0 --per-class 100 --out new --seed 1 --json",
    )
    parser.add_argument("model", metavar="MODEL", type=Path, help="folder of a saved model")
    parser.add_argument(
        "--per-class",
        type=typed(Positive, "--per-class"),
        required=True,
        metavar="N",
        help="samples of each class",
    )
    parser.add_argument("--out", metavar="OUT", type=Path, required=True, help=OUT)
    _add_format(parser)
    parser.add_argument(
        "--truncation",
        type=typed(Factor, "--truncation"),
        default=1.0,
        metavar="T",
        help="scale of the latents; below 1: typical samples, less variety. Default: 1",
    )
    parser.add_argument("--seed", type=typed(Seed, "--seed"), default=0, metavar="N", help="Default: 0")
    parser.add_argument("--device", default="auto", metavar="DEVICE", help="auto, cpu, cuda, cuda:N. Default: auto")
    _add_json(parser)


def _inspect(commands: Any) -> None:
    parser = _command(
        commands,
        "inspect",
        "Show what a saved model or a data set is: a table of facts and, on request, a picture",
        "ganaug inspect photos --picture photos.png",
        "ganaug inspect models/gan/0 --picture samples.png",
        "ganaug inspect data/synthetic/0.parquet --json",
    )
    parser.add_argument("what", metavar="MODEL|DATA", help=f"folder of a saved model, or data: {SOURCE}")
    parser.add_argument(
        "--picture", metavar="FILE.png", type=Path, help="write a grid of samples of each class, of images"
    )
    _add_json(parser)
    add_parameters(parser, "how to read the data (prepare in params.yaml)", PrepareParams, LOOKING)


def _report(commands: Any) -> None:
    parser = _command(
        commands,
        "report",
        "Write the report of a finished run, also without DVC",
        "ganaug report",
        "ganaug report gan --json",
    )
    parser.add_argument("folder", metavar="DIR", nargs="?", type=Path, default=Path(), help="where the pipeline ran")
    _add_json(parser)


def _completion(commands: Any) -> None:
    parser = _command(
        commands,
        "completion",
        "Print a script that teaches a shell to complete ganaug's commands and options",
        'eval "$(ganaug completion bash)"                      # this shell, or in ~/.bashrc',
        "ganaug completion zsh > ~/.zsh/completions/_ganaug",
    )
    parser.add_argument("shell", metavar="SHELL", choices=SHELLS, help="bash or zsh")
