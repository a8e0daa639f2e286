"""The schema of params.yaml: one frozen dataclass a section, validated wherever it is made.

Each parameter is declared once, by `param`: its default, the values it takes, what it does. Validation and the messages
read that declaration, and so can whatever lists the parameters.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from ganaug.errors import ConfigError

ARMS = ("real", "classical", "gan", "classical_gan", "synthetic")
MAX_SIDE, MIN_SIDE = 128, 8  # pixels

S = TypeVar("S", bound="Section")


@dataclass(frozen=True)
class Kind:
    """The values a parameter takes.

    Parameters
    ----------
    wants : str
        Those values in words; ends the message about any other.
    accepts : callable
        Tells whether a value read from YAML is one of them.
    convert : callable
        From what YAML gives to what the code gets; may raise `ConfigError`, given the value and the parameter's name.
    names : tuple of str, default=()
        The words among them, for suggestions.
    """

    wants: str
    accepts: Callable[[Any], bool]
    convert: Callable[[Any, str], Any] = lambda value, name: value
    names: tuple[str, ...] = ()

    def parse(self, value: Any, name: str) -> Any:
        """Return ``value`` as the code gets it; `ConfigError`, naming the parameter, when it is not of this kind."""
        if not self.accepts(value):
            hint = suggestion(value, self.names) if isinstance(value, str) else ""
            raise ConfigError(f"{name} is {value!r}; it must be {self.wants}{hint}")
        return self.convert(value, name)


def suggestion(word: str, known: Iterable[str]) -> str:
    """Return ``" (did you mean 'x'?)"`` where one of ``known`` looks like ``word``, else nothing."""
    close = difflib.get_close_matches(word, list(known), n=1)
    return f" (did you mean {close[0]!r}?)" if close else ""


def integer(low: int, high: int | None = None) -> Kind:
    """Whole numbers from ``low`` to ``high``, both included."""
    wants = f"a whole number from {low}" + ("" if high is None else f" to {high}")
    top = math.inf if high is None else high
    return Kind(wants, lambda v: isinstance(v, int) and not isinstance(v, bool) and low <= v <= top)


def number(low: float, high: float = math.inf, open_ends: bool = False) -> Kind:
    """Finite numbers from ``low`` to ``high``; ``open_ends`` leaves both ends out."""

    def accepts(value: Any) -> bool:
        if not isinstance(value, (int, float)) or isinstance(value, bool) or not math.isfinite(value):
            return False
        return low < value < high if open_ends else low <= value <= high

    start = f"above {low:g}" if open_ends else f"from {low:g}"
    end = "" if high == math.inf else f" and below {high:g}" if open_ends else f" to {high:g}"
    return Kind(f"a number {start}{end}", accepts, lambda value, name: float(value))


def choice(*names: str) -> Kind:
    """One of these words."""
    wants = repr(names[0]) if len(names) == 1 else f"one of {', '.join(map(repr, names))}"
    return Kind(wants, lambda v: isinstance(v, str) and v in names, names=names)


def either(first: Kind, second: Kind) -> Kind:
    """The values of two kinds."""
    return Kind(
        f"{first.wants} or {second.wants}",
        lambda v: first.accepts(v) or second.accepts(v),
        lambda v, name: (first if first.accepts(v) else second).convert(v, name),
        first.names + second.names,
    )


def optional(kind: Kind) -> Kind:
    """The values of ``kind``, and null."""
    return either(kind, Kind("null", lambda v: v is None))


def listing(kind: Kind, least: int = 0) -> Kind:
    """Lists, tuples in Python, of at least ``least`` different values of ``kind``."""

    def convert(value: Any, name: str) -> tuple[Any, ...]:
        items = tuple(kind.parse(item, f"{name}[{i}]") for i, item in enumerate(value))
        if len(set(items)) < len(items):
            raise ConfigError(f"{name} is {list(items)}; name each value once")
        return items

    count = f" of {least} or more values" if least else ""
    return Kind(
        f"a list{count}, each {kind.wants}", lambda v: isinstance(v, (list, tuple)) and len(v) >= least, convert
    )


def pair(kind: Kind) -> Kind:
    """Lists of two values of ``kind``."""

    def convert(value: Any, name: str) -> tuple[Any, Any]:
        return kind.parse(value[0], f"{name}[0]"), kind.parse(value[1], f"{name}[1]")

    return Kind(f"a list of two, each {kind.wants}", lambda v: isinstance(v, (list, tuple)) and len(v) == 2, convert)


def names_for(*keys: str) -> Kind:
    """Mappings from ``keys`` to text; a key left out stands for itself."""

    def convert(value: Any, name: str) -> dict[str, str]:
        check_keys(value, keys, name)
        return {key: TEXT.parse(value.get(key, key), f"{name}.{key}") for key in keys}

    return Kind(f"a mapping from {', '.join(keys)} to names", lambda v: isinstance(v, Mapping), convert)


def check_keys(given: Mapping[Any, Any], known: Iterable[str], where: str) -> None:
    """Refuse (`ConfigError`) keys of ``given`` that are not ``known``; ``where`` names the mapping."""
    known = list(known)
    for key in given:
        if key not in known:
            place = f"{where}.{key}" if where else f"{key}"
            hint = suggestion(str(key), known) or f"; known here: {', '.join(known)}"
            raise ConfigError(f"{place} is no parameter{hint}")


TEXT = Kind("text", lambda v: isinstance(v, str) and v != "")
FLAG = Kind("true or false", lambda v: isinstance(v, bool))
SEED = integer(0, 2**31 - 1)
DEVICE = Kind("'auto', 'cpu', 'cuda', 'cuda:0', ... or 'mps'", TEXT.accepts, names=("auto", "cpu", "cuda", "mps"))
SHARE = number(0, 1, open_ends=True)
SHARE_OR_ROWS = Kind(
    "a share of the rows (above 0 and below 1) or a whole number of rows a class from 1",
    lambda v: integer(1).accepts(v) or (isinstance(v, float) and SHARE.accepts(v)),
)


def param(default: Any, kind: Kind, doc: str) -> Any:
    """Declare a parameter: a dataclass field whose ``metadata`` holds its `Kind` and what it does."""
    metadata = {"kind": kind, "doc": doc}
    if isinstance(default, (dict, type)):
        return field(default_factory=default if isinstance(default, type) else default.copy, metadata=metadata)
    return field(default=default, metadata=metadata)


@dataclass(frozen=True)
class Section:
    """Base of the sections: checks and converts every field when an instance is made.

    Raises
    ------
    ConfigError
        A value is of the wrong type or out of range.
    """

    name: ClassVar[str] = ""

    def __post_init__(self) -> None:
        for f in fields(self):
            place = f"{self.name}.{f.name}" if self.name else f.name
            object.__setattr__(self, f.name, f.metadata["kind"].parse(getattr(self, f.name), place))

    @classmethod
    def read(cls: type[S], given: Mapping[Any, Any]) -> S:
        """Make the section from a mapping; a key left out takes its default, an unknown one is a `ConfigError`."""
        check_keys(given, (f.name for f in fields(cls)), cls.name)
        return cls(**given)


def section(kind: type[Section]) -> Kind:
    """A section: its dataclass, a mapping of its parameters, or null for all the defaults."""
    return Kind(
        "a mapping of parameters",
        lambda v: v is None or isinstance(v, (Mapping, kind)),
        lambda v, name: v if isinstance(v, kind) else kind.read(v or {}),
    )


@dataclass(frozen=True)
class PrepareParams(Section):
    """What the rows are and how they are split."""

    name = "prepare"

    source: str = param(
        "fashion_mnist_mini",
        TEXT,
        "The data: a built-in name (fashion_mnist_mini, digits), an image folder, a manifest (.csv, .parquet), "
        "an .npz, or a folder of the four idx files.",
    )
    size: tuple[int, int] | None = param(
        None, optional(pair(integer(MIN_SIDE, MAX_SIDE))), "Height and width in pixels; null: the source's most common."
    )
    channels: int | None = param(
        None,
        Kind("1, 3, 4 or null", lambda v: v is None or (type(v) is int and v in (1, 3, 4))),
        "1 gray, 3 RGB, 4 RGBA; null: the fewest that hold every image.",
    )
    per_class: int | None = param(
        20, optional(integer(1)), "Cut the training split to this many rows a class; null: all of them."
    )
    validation: float | int = param(0.2, SHARE_OR_ROWS, "Validation split: a share of the rows, or rows a class.")
    test: float | int = param(
        0.2, SHARE_OR_ROWS, "Test split, likewise; ignored where the source brings its own test rows."
    )
    columns: dict[str, str] = param(
        {"path": "path", "label": "label", "group": "group", "split": "split"},
        names_for("path", "label", "group", "split"),
        "A manifest's column names.",
    )
    max_unreadable: float = param(0.05, number(0, 1), "Stop when more than this share of the rows cannot be read.")
    seed: int = param(0, SEED, "Seed of the splits; the draw is added to it.")


@dataclass(frozen=True)
class TrainGanParams(Section):
    """The two networks and their game."""

    name = "train_gan"

    steps: int | str = param("auto", either(choice("auto"), integer(1)), "Generator updates; auto: set by the data.")
    batch_size: int = param(64, integer(2), "Rows in a batch.")
    objective: str = param("relativistic", TEXT, "The losses of the two networks.")
    penalty: str = param("r1_r2", TEXT, "What regularises the discriminator.")
    conditioning: str = param("projection", TEXT, "How the discriminator sees the class.")
    width: int = param(64, integer(1), "Channels at half resolution.")
    invariances: tuple[str, ...] = param(
        (), listing(TEXT), "Changes that leave the class as it is; applied to the training rows."
    )
    device: str = param("auto", DEVICE, "Where to train.")
    precision: str = param("auto", TEXT, "Number format in training.")
    seed: int = param(0, SEED, "Seed of training; the draw is added to it.")


@dataclass(frozen=True)
class GenerateParams(Section):
    """How many rows to sample, and which to keep."""

    name = "generate"

    per_class: int = param(200, integer(1), "Rows to keep for each class.")
    max_candidates: float = param(4.0, number(1), "Rows sampled at most, times the rows to keep.")
    min_confidence: float = param(0.5, number(0, 1), "Drop a row whose class the teacher finds less probable.")
    min_realism: float = param(0.0, number(0, 1), "Drop a row that the discriminator finds less probably real.")
    drop_copies: bool = param(True, FLAG, "Drop rows that repeat a training row.")
    device: str = param("auto", DEVICE, "Where to sample.")
    seed: int = param(0, SEED, "Seed of the samples; the draw is added to it.")


@dataclass(frozen=True)
class MergeParams(Section):
    """How synthetic rows join the training split."""

    name = "merge"

    policy: str = param(
        "ratio",
        choice("ratio", "balance", "at_least"),
        "ratio: synthetic rows = amount x the class's real rows; balance: up to the largest class; "
        "at_least: up to amount rows a class.",
    )
    amount: float = param(10.0, number(0), "What the policy asks for; 0 adds nothing.")
    exports: tuple[str, ...] = param(
        (), listing(choice("image_folder", "webdataset", "csv")), "Other forms to write, under exports/<draw>/."
    )


@dataclass(frozen=True)
class EvaluateParams(Section):
    """The downstream classifier, the same for each arm."""

    name = "evaluate"

    arms: tuple[str, ...] = param(ARMS, listing(choice(*ARMS), least=1), "The training sets to compare.")
    steps: int = param(800, integer(1), "Optimiser steps, the same for each arm.")
    batch_size: int = param(64, integer(1), "Rows in a batch.")
    real_share: float = param(0.5, number(0, 1), "Share of real rows in a batch, where an arm has both kinds.")
    invariances: tuple[str, ...] = param(
        (), listing(TEXT), "Changes that leave the class as it is, for the classical augmentation."
    )
    device: str = param("auto", DEVICE, "Where to train the classifiers.")
    seed: int = param(0, SEED, "Seed of the classifiers; the draw is added to it.")


@dataclass(frozen=True)
class ReportParams(Section):
    """The report."""

    name = "report"

    title: str | None = param(None, optional(TEXT), "Heading of the report; null: made from the source.")


@dataclass(frozen=True)
class Params(Section):
    """All of params.yaml."""

    draws: tuple[int, ...] = param(
        (0, 1, 2), listing(integer(0), least=1), "Repetitions: each has its own split, GAN and classifiers."
    )
    prepare: PrepareParams = param(PrepareParams, section(PrepareParams), "Rows and splits.")
    train_gan: TrainGanParams = param(TrainGanParams, section(TrainGanParams), "The GAN.")
    generate: GenerateParams = param(GenerateParams, section(GenerateParams), "Sampling and selection.")
    merge: MergeParams = param(MergeParams, section(MergeParams), "Augmented splits.")
    evaluate: EvaluateParams = param(EvaluateParams, section(EvaluateParams), "Classifiers.")
    report: ReportParams = param(ReportParams, section(ReportParams), "The report.")


def load_params(path: str | Path = "params.yaml") -> Params:
    """Read and check a parameter file (YAML 1.2).

    Parameters
    ----------
    path : path-like, default="params.yaml"
        The file. What it leaves out takes its default.

    Returns
    -------
    Params

    Raises
    ------
    ConfigError
        The file is missing or no YAML, or a parameter in it is unknown, mistyped or out of range.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    try:
        content = YAML(typ="safe", pure=True).load(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path} is missing; run from the folder that holds it") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}") from None
    except MarkedYAMLError as error:
        line = f" line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise ConfigError(f"{path}{line} is not YAML: {error.problem}") from None
    except YAMLError as error:
        raise ConfigError(f"{path} is not YAML: {' '.join(str(error).split())}") from None
    try:
        return section(Params).parse(content, "the file")  # type: ignore[no-any-return]
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None
