"""The schema of params.yaml: one frozen dataclass a section, validated wherever it is made.

Each parameter is declared once, by `ganaug.section.param`: its default, the values it takes, what it does. Validation
and the messages read that declaration, and so can whatever lists the parameters.
"""

from __future__ import annotations

import math
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ganaug import __version__
from ganaug.errors import ConfigError
from ganaug.kinds import (
    FLAG,
    TEXT,
    Kind,
    choice,
    either,
    importable,
    integer,
    listing,
    names_for,
    number,
    optional,
    pair,
    registered,
)
from ganaug.section import Section, param, section
from ganaug.together import check_together

# Names that torch-laden modules define; repeated so that a parameter file is read in no time.
OBJECTIVES = ("relativistic", "non_saturating", "hinge", "least_squares", "minimax", "wasserstein_gp")
PENALTIES = ("r1_r2", "r1", "r2", "gradient_penalty", "lecam", "none")
CONDITIONINGS = ("projection", "acgan", "concat")
AUGMENTATIONS = ("diffaugment", "ada", "none")
CRITERIA = ("accuracy", "kid")
PRIORS = ("auto", "anchored", "normal")
INVARIANCES = (
    "translate", "scale", "brightness", "contrast",
    "cutout", "flip_horizontal", "flip_vertical", "rotate", "saturation",
)  # fmt: skip
CLASSICAL = ("flip_horizontal", "flip_vertical", "rotate", "saturation")
PRECISIONS = ("auto", "32-true", "bf16-mixed")
ARMS = (
    "real", "classical", "mixup", "oracle",
    "gan", "classical_gan", "mixup_gan", "unfiltered", "shuffled", "synthetic",
)  # fmt: skip
MOST_TRIALS = 6
LOOKS = 10  # at the criterion
MOST_ROWS = 10**9  # of a class
EXTRACTORS = ("in_domain", "efficientnet_lite0")
MAX_SIDE, MIN_SIDE = 128, 8  # pixels
PRESETS = {"quick": (3, 2), "standard": (10, 4), "publish": (20, 6)}  # repeats, and settings tried for each arm

SEED = integer(0, 2**31 - 1)
DEVICE = Kind(
    "'auto', 'cpu', 'cuda' or 'cuda:N'",
    lambda v: isinstance(v, str) and re.fullmatch(r"auto|cpu|cuda(:\d+)?", v) is not None,
    names=("auto", "cpu", "cuda"),
)
SHARE = number(0, 1, open_ends=True)
SHARE_OR_ROWS = Kind(
    "a share of the rows (above 0 and below 1) or a whole number of rows a class from 1",
    lambda v: integer(1).accepts(v) or (isinstance(v, float) and SHARE.accepts(v)),
)
PIXEL_RANGE = Kind(
    "a list of two numbers, the first below the second",
    lambda v: (
        isinstance(v, (list, tuple)) and len(v) == 2 and all(number(-math.inf).accepts(x) for x in v) and v[0] < v[1]
    ),
    lambda v, name: tuple(v),
)


def _filters(value: Any, name: str) -> tuple[Any, ...]:
    from ganaug.synthesis.filters import named_filters  # here, as it loads more than a parameter file needs

    named_filters(value, name)
    return tuple(value)


FILTERS = Kind(
    "a list of filters, each a name or a name with its options", lambda v: isinstance(v, (list, tuple)), _filters
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
    near_duplicates: bool = param(
        True,
        FLAG,
        "Whether near duplicates are copies, which share a split; false: exact ones only, right for pictures of one "
        "scene in which small things differ.",
    )
    pixel_range: tuple[float, float] | None = param(
        None,
        optional(PIXEL_RANGE),
        "The pixels that are black and white, as 0, 4095; null: told from the type of all pixels and the largest.",
    )
    max_unreadable: float = param(0.05, number(0, 1), "Stop when more than this share of the rows cannot be read.")
    seed: int = param(0, SEED, "Seed of the splits; the repeat is added to it.")


@dataclass(frozen=True)
class TrainGanParams(Section):
    """The two networks and their training."""

    name = "train_gan"

    steps: int | str = param(
        "auto", either(choice("auto"), integer(1)), "Optimiser steps of each network; auto: from rows and device."
    )
    batch_size: int = param(64, integer(2), "Rows of either kind in a step.")
    learning_rate: float = param(
        0.0025, number(0, 1, open_ends=True), "Of both optimisers; linearly down over the second half."
    )
    objective: str = param("relativistic", registered("objective", *OBJECTIVES), "What the two networks minimise.")
    penalty: str = param(
        "auto",
        registered("penalty", "auto", *PENALTIES),
        "What keeps the discriminator smooth; auto: what goes with the objective.",
    )
    penalty_weight: float = param(0.1, number(0), "Factor of the penalty, where there is one.")
    conditioning: str = param(
        "projection", registered("conditioning", *CONDITIONINGS), "How the discriminator sees the label."
    )
    augmentation: str = param(
        "diffaugment",
        registered("augmentation", *AUGMENTATIONS),
        "How probable the changes below are: ramped in, adaptive (under non_saturating, hinge or minimax), or none.",
    )
    invariances: tuple[str, ...] = param(
        INVARIANCES[:4],
        listing(choice(*INVARIANCES)),
        "Changes that keep a label true; real and generated images undergo them before the discriminator looks. "
        "Saturation is for colour; an empty list is as augmentation none.",
    )
    prior: str = param(
        "auto",
        choice(*PRIORS),
        "Where latents come from; anchored: around one latent for each training row, which keeps rare kinds of rows; "
        "normal; auto: anchored up to 2,000 labelled rows.",
    )
    width: int = param(64, integer(1), "Channels at the coarsest grid of the networks; below 8 it counts as 8.")
    depth: int = param(1, integer(1), "Residual blocks a resolution.")
    criterion: str = param(
        "none",
        registered("criterion", "none", *CRITERIA),
        "What chooses the generator among its states in the second half of training, on validation rows; "
        "kid: class-wise distance of features; accuracy: of a classifier trained on samples; none: the last state.",
    )
    patience: int | None = param(
        None,
        optional(integer(1, LOOKS - 1)),
        f"Stop after so many of {LOOKS} looks at the criterion without a better one; null: never. Needs a criterion.",
    )
    warm_start: str | None = param(
        None,
        optional(TEXT),
        "Folder of a saved model to start from, of the same width, "
        "depth, conditioning and image shape; null: from scratch.",
    )
    compile: bool = param(
        False, FLAG, "Compile the networks (torch.compile): minutes at first, hardly a gain; no CUDA graphs."
    )
    device: str = param("auto", DEVICE, "Where to train.")
    precision: str = param(
        "auto",
        choice(*PRECISIONS),
        "Number format; auto: bfloat16 where the hardware has it, as elsewhere it is slower.",
    )
    seed: int = param(0, SEED, "Seed of the GAN; the repeat is added to it.")

    def __post_init__(self) -> None:
        super().__post_init__()
        check_together(asdict(self))


@dataclass(frozen=True)
class GenerateParams(Section):
    """How many rows to sample, and which to keep."""

    name = "generate"

    per_class: int | str = param(
        "auto",
        either(choice("auto"), integer(1, MOST_ROWS)),
        "Rows to keep for each class; auto: as many as merge takes. A number that is less than that is refused.",
    )
    max_candidates: float = param(4.0, number(1), "Rows sampled at most, times the rows to keep.")
    filters: tuple[Any, ...] = param(
        ("copy", "confidence"),
        FILTERS,
        "What a row must pass to be kept, in this order: copy, confidence, realism, density, diversity, quota, or what "
        "another package adds; a name, or {name: {option: value}}.",
    )
    device: str = param("auto", DEVICE, "Where to sample.")


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
    amount: float = param(
        10.0, number(0, MOST_ROWS), "What the policy asks for, of ratio and at_least; 0 adds nothing."
    )
    exports: tuple[str, ...] = param(
        (), listing(choice("image_folder", "webdataset", "csv")), "Other forms to write, under exports/<repeat>/."
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.policy == "at_least" and self.amount % 1:
            raise ConfigError(
                f"merge.amount is {self.amount:g}, but policy 'at_least' counts rows: give a whole number"
            )


@dataclass(frozen=True)
class Mixing(Section):
    """A way for synthetic rows to enter the training of a classifier."""

    name = "evaluate.mixing"

    share: float = param(0.0, number(0, 1), "Share of each batch that is synthetic; 0: none.")
    weight: float = param(
        1.0, number(0, open_ends=True), "Weight of the loss of a synthetic row, above 0; a real one's is 1."
    )
    min_confidence: float = param(0.0, number(0, 1), "Leave out rows whose label the teacher finds less probable.")
    pretrain: float = param(0.0, number(0, 1), "Share of the steps, at the start, on synthetic rows alone.")

    @property
    def synthetic(self) -> bool:
        """Whether synthetic rows enter at all."""
        return self.share > 0 or self.pretrain > 0


@dataclass(frozen=True)
class EvaluateParams(Section):
    """The downstream classifiers, and what each arm gets alike."""

    name = "evaluate"

    arms: tuple[str, ...] = param(ARMS, listing(choice(*ARMS), least=1), "The training sets to compare.")
    classifiers: tuple[str, ...] = param(
        ("small_cnn",),
        listing(TEXT, least=1),
        "Downstream classifiers, of which the first gives the verdict: small_cnn, "
        "sklearn.linear_model.LogisticRegression(C=10), "
        "features:sklearn.linear_model.LogisticRegression(C=10), timm:resnet18, module:function.",
    )
    trials: int = param(
        2, integer(1, MOST_TRIALS), "Settings tried for each arm, of which validation rows choose one in each repeat."
    )
    mixing: tuple[Mixing, ...] = param(
        (
            Mixing(share=0.25),
            Mixing(),
            Mixing(share=0.5),
            Mixing(share=0.25, min_confidence=0.9),
            Mixing(pretrain=0.3),
            Mixing(share=0.25, weight=0.5),
            Mixing(share=0.1),
        ),
        listing(section(Mixing), least=1),
        "Settings of the arms that have synthetic rows, in the order tried.",
    )
    steps: int = param(1000, integer(1), "Optimiser steps, the same for each arm.")
    batch_size: int = param(32, integer(1), "Rows in a batch.")
    invariances: tuple[str, ...] = param(
        (), listing(choice(*CLASSICAL)), "What the classical augmentation may do beyond shifts, tone and a hole."
    )
    jobs: int | str = param(
        "auto", either(choice("auto"), integer(1)), "Trainings side by side, a thread each; auto: one a core."
    )
    device: str = param("auto", DEVICE, "Where to train the classifiers.")
    seed: int = param(0, SEED, "Seed of the classifiers; the repeat is added to it.")

    def __post_init__(self) -> None:
        super().__post_init__()
        ways = [way if way.synthetic else Mixing() for way in self.mixing]
        for at, way in enumerate(ways):
            if way in ways[:at]:
                raise ConfigError(
                    f"evaluate.mixing[{at}] does the same as evaluate.mixing[{ways.index(way)}]; without share and "
                    "pretrain no synthetic row enters, whatever else is set: list each way once"
                )
        control = "shuffled" in self.arms  # a control without synthetic rows would control nothing
        found = len([way for way in ways if way.synthetic or not control])
        if self.trials > found:
            takes = " in which synthetic rows enter, which the arm shuffled takes" if control else ""
            raise ConfigError(
                f"evaluate.trials is {self.trials}, but evaluate.mixing lists {found} ways{takes}: every arm is tuned "
                "alike, so list as many or try fewer"
            )


@dataclass(frozen=True)
class FidelityParams(Section):
    """How near synthetic rows come to real ones."""

    name = "fidelity"

    extractor: str = param(
        "in_domain",
        importable(*EXTRACTORS),
        "Features that are compared; in_domain: of a classifier trained on the training rows; efficientnet_lite0: of a "
        "network trained on ImageNet; module:function: of what your function returns.",
    )
    device: str = param("auto", DEVICE, "Where to extract them.")
    seed: int = param(0, SEED, "Seed of that classifier and of the choice of rows; the repeat is added to it.")


@dataclass(frozen=True)
class ReportParams(Section):
    """The report."""

    name = "report"

    title: str | None = param(None, optional(TEXT), "Heading of the report; null: made from the source.")
    membership: bool = param(
        False,
        FLAG,
        "Also attack the synthetic rows: can training rows be told from test rows by them? No privacy test.",
    )


@dataclass(frozen=True)
class Params(Section):
    """All of params.yaml."""

    ganaug_version: str | None = param(
        None,
        optional(TEXT),
        "Release of ganaug that the stages run with; another one is refused, and a new one runs them again. null: any.",
    )
    repeats: tuple[int, ...] = param(
        (0, 1, 2), listing(SEED, least=1), "Repetitions: each has its own split, GAN and classifiers."
    )
    prepare: PrepareParams = param(PrepareParams, section(PrepareParams), "Rows and splits.")
    train_gan: TrainGanParams = param(TrainGanParams, section(TrainGanParams), "The GAN.")
    generate: GenerateParams = param(GenerateParams, section(GenerateParams), "Sampling and selection.")
    merge: MergeParams = param(MergeParams, section(MergeParams), "Augmented splits.")
    evaluate: EvaluateParams = param(EvaluateParams, section(EvaluateParams), "Classifiers.")
    fidelity: FidelityParams = param(FidelityParams, section(FidelityParams), "Comparison of synthetic with real rows.")
    report: ReportParams = param(ReportParams, section(ReportParams), "The report.")


def load_params(path: str | Path = "params.yaml", *, any_version: bool = False) -> Params:
    """Read and check a parameter file (YAML 1.2).

    Parameters
    ----------
    path : path-like, default="params.yaml"
        The file. What it leaves out takes its default.
    any_version : bool, default=False
        Whether to read a file that was made for another release of ganaug.

    Returns
    -------
    Params

    Raises
    ------
    ConfigError
        The file is missing or no YAML, is for another release, or a parameter in it is unknown, mistyped or out of
        range.
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
    except (YAMLError, ValueError, RecursionError) as error:  # no date, no number, brackets without end
        raise ConfigError(f"{path} is not YAML: {' '.join(str(error).split())}") from None
    try:
        params: Params = section(Params).parse(content, "the file")
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None
    if not any_version and params.ganaug_version not in (None, __version__):
        raise ConfigError(
            f"{path}: ganaug_version is {params.ganaug_version!r}, but {__version__} is installed; install that one, "
            f"or write {__version__} there, and dvc repro runs every stage again"
        )
    return params
