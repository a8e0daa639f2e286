"""The sections of params.yaml: every parameter with its type, its default and what it does."""

from __future__ import annotations

from typing import Annotated, Any

from annotated_types import Ge, Gt, Le
from pydantic import AfterValidator, Field, ValidationInfo, model_validator

from ganaug.config.names import (
    ALL_INVARIANCES,
    ARMS,
    AUGMENTATIONS,
    CLASSICAL,
    CONDITIONINGS,
    CRITERIA,
    EXTRACTORS,
    GENERATORS,
    IMAGE_ARMS,
    LOOKS,
    MAX_SIDE,
    MIN_SIDE,
    MODALITIES,
    MOST_ROWS,
    MOST_TRIALS,
    OBJECTIVES,
    PENALTIES,
    PRECISIONS,
    PRIORS,
    SIGNAL_ARMS,
    SOUND_ARMS,
    TABLE_ARMS,
    TEXT_ARMS,
)
from ganaug.config.section import Section
from ganaug.config.together import check_cells, check_together
from ganaug.config.types import (
    Auto,
    Between,
    Channels,
    ColumnNames,
    Device,
    Factor,
    ListToTuple,
    Many,
    Pair,
    PixelRange,
    Positive,
    RowsOfClasses,
    Seed,
    Share,
    ShareOrRows,
    Some,
    Takes,
    Text,
    export_form,
    importable,
    of_modality,
    one_of,
    registered,
)
from ganaug.errors import ConfigError

Side = Annotated[int, Ge(MIN_SIDE), Le(MAX_SIDE)]


def _filters(given: tuple[Any, ...], info: ValidationInfo) -> tuple[Any, ...]:
    from ganaug.synthesis.filters import named_filters  # here, as it loads more than a parameter file needs

    named_filters(given, info.context or "generate.filters")
    return given


Filters = Annotated[
    tuple[Any, ...],
    ListToTuple,
    Takes("a list of filters, each a name or a name with its options"),
    AfterValidator(_filters),
]


class PrepareParams(Section):
    """What the rows are and how they are split."""

    name = "prepare"

    source: Text = Field(
        "fashion_mnist_mini",
        description="The data: a built-in name (fashion_mnist_mini, digits, breast_cancer, wine, "
        "cylinder_bell_funnel, drum_machine, shop_messages), a folder of images or sounds, a manifest (.csv, .jsonl, "
        ".parquet), a table, texts (.csv, .tsv, .jsonl, .parquet, a folder of .txt files for each class), signals "
        "(.npz, .tsv, .ts, .parquet), an .npz, or a folder of the four idx files.",
    )
    modality: Annotated[str, registered("modality", "auto", *MODALITIES)] = Field(
        "auto", description="What a row is, or what another package adds; auto: told from the source, and said."
    )
    size: Pair[Side] | None = Field(
        None,
        description="Height and width, 8 to 512 pixels each; null: the source's most common, scaled to at most 128.",
    )
    channels: Channels | None = Field(
        None,
        description="1 gray, 3 RGB, 4 RGBA; null: the fewest that hold every image. Of sounds 1 mono, 2 stereo; null: "
        "mono.",
    )
    rate: Annotated[int, Ge(1_000), Le(192_000)] | None = Field(
        None, description="Values a second that sounds are resampled to; null: their most common rate, 16,000 at most."
    )
    seconds: Annotated[float, Ge(0.01), Le(10)] | None = Field(
        None,
        description="Length of a sound at most, 0.01 to 10 seconds, the rest is cut off; null: that of nine in ten of "
        "them, 2 seconds at most.",
    )
    loudness: Annotated[str, one_of("even", "recorded")] | None = Field(
        None,
        description="even: sounds begin where they are first heard, and their peaks are alike, so that neither silence "
        "nor loudness tells the class; recorded: they are left as they are; null: even.",
    )
    per_class: Positive | RowsOfClasses | None = Field(
        20,
        description="Cut the training split to this many rows a class, or to those that a mapping gives for classes by "
        "name, which makes a long tail: a class left out keeps all of its rows; null: all of them.",
    )
    validation: ShareOrRows = Field(0.2, description="Validation split: a share of the rows, or rows a class.")
    test: ShareOrRows = Field(
        0.2,
        description="Test split: a share of the rows, or rows a class; ignored where the source brings its own.",
    )
    groups: Annotated[str, one_of("apart", "shared", "cells")] = Field(
        "apart",
        description="How rows with a group (a site, a device, a speaker) are split; apart: a group stays whole, so "
        "test rows are of groups never seen in training; shared: a group is in all splits; cells: as shared, but "
        "a tenth each of the cells (a class in a group) are validation and test rows alone, which training lacks.",
    )
    columns: ColumnNames = Field(
        {"path": "path", "text": "text", "label": "label", "group": "group", "split": "split"},
        description="A manifest's column names.",
    )
    constraints: Many[Text] = Field(
        (),
        description="What rows of a table have to keep, generated ones too: 'a <= b', 'a + b = c', 'city -> country'; "
        "prepare says which hold in all rows.",
    )
    near_duplicates: bool = Field(
        True,
        description="Whether near duplicates are copies, which share a split, and windows of one recording that "
        "overlap; false: exact ones only, right for pictures of one scene in which small things differ.",
    )
    pixel_range: PixelRange | None = Field(
        None,
        description="The pixels that are black and white, as 0, 4095; null: told from the type of all pixels and the "
        "largest.",
    )
    max_unreadable: Share = Field(0.05, description="Stop when more than this share of the rows cannot be read.")
    seed: Seed = Field(0, description="Seed of the splits; the repeat is added to it.")


class TrainGanParams(Section):
    """The two networks and their training."""

    name = "train_gan"

    generator: Annotated[str, one_of("auto", *GENERATORS)] = Field(
        "auto",
        description="What rows are made of; latent: noise and a label; translation: a row of the class and the style "
        "of any other, which is for classes with few rows beside others with many, or of texts a row of the class of "
        "which words are filled in again; auto: translation of texts, and of images where some class has fewer than 10 "
        "rows and another ten times as many, or where groups lack classes that others have, and latent else.",
    )
    keep_rows: bool = Field(
        True,
        description="Whether a model's folder holds training rows. Without them a translating one makes versions of "
        "rows that are given, and one of signals or sounds makes them without their detail.",
    )
    steps: Auto | Positive = Field("auto", description="Optimiser steps of each network; auto: from rows and device.")
    batch_size: Annotated[int, Ge(2)] = Field(64, description="Rows of either kind in a step.")
    micro_batch: Auto | Positive = Field(
        "auto",
        description="Rows of a step that go through the networks at a time, their gradients summed: fewer take less "
        "memory and a little longer; auto: all, or fewer of large images, and it is said.",
    )
    learning_rate: Between = Field(
        0.0025, description="Step size of both optimisers; linearly down over the second half."
    )
    objective: Annotated[str, registered("objective", *OBJECTIVES)] = Field(
        "relativistic", description="What the two networks minimise."
    )
    penalty: Annotated[str, registered("penalty", "auto", *PENALTIES)] = Field(
        "auto", description="What keeps the discriminator smooth; auto: what goes with the objective."
    )
    penalty_weight: Factor = Field(0.1, description="Factor of the penalty, where there is one.")
    conditioning: Annotated[str, registered("conditioning", *CONDITIONINGS)] = Field(
        "projection", description="How the discriminator sees the label."
    )
    augmentation: Annotated[str, registered("augmentation", *AUGMENTATIONS)] = Field(
        "diffaugment",
        description="How probable the changes below are: ramped in, adaptive (under non_saturating, hinge or minimax), "
        "or none.",
    )
    invariances: Auto | Many[Annotated[str, of_modality(*ALL_INVARIANCES)]] = Field(
        "auto",
        description="Changes that keep a label true; real and generated samples undergo them before the discriminator "
        "looks; auto: those that do for nearly any data, of images translate, scale, brightness and contrast, of "
        "signals and sounds jitter. Saturation is for colour; an empty list is as augmentation none.",
    )
    prior: Annotated[str, one_of(*PRIORS)] = Field(
        "auto",
        description="Where latents come from; anchored: around one latent for each training row, which keeps rare "
        "kinds of rows; normal; auto: anchored up to 2,000 labelled rows.",
    )
    width: Auto | Positive = Field(
        "auto",
        description="Channels at the coarsest grid of the networks, of which below 8 count as 8, or units of a table's "
        "layers; auto: 64, and 32 for images on a CPU, where twice as many take three times as long.",
    )
    depth: Positive = Field(1, description="Residual blocks a resolution.")
    criterion: Annotated[str, registered("criterion", "none", *CRITERIA)] = Field(
        "none",
        description="What chooses the generator among its states in the second half of training, on validation rows; "
        "kid: class-wise distance of features; accuracy: of a classifier trained on samples; none: the last state.",
    )
    patience: Annotated[int, Ge(1), Le(LOOKS - 1)] | None = Field(
        None,
        description=f"Stop after so many of {LOOKS} looks at the criterion without a better one; null: never. "
        "Needs a criterion.",
    )
    warm_start: Text | None = Field(
        None,
        description="Folder of a saved model to start from, of the same width, "
        "depth and conditioning; of images of another size "
        "the stages that match are taken, and it is said; null: from scratch.",
    )
    compile: bool = Field(
        False, description="Compile the networks (torch.compile): minutes at first, hardly a gain; no CUDA graphs."
    )
    device: Device = Field("auto", description="Where to train.")
    precision: Annotated[str, one_of(*PRECISIONS)] = Field(
        "auto", description="Number format; auto: bfloat16 where the hardware has it, as elsewhere it is slower."
    )
    max_hours: Annotated[float, Gt(0)] = Field(
        24.0,
        description="Hours that training may take on a CPU; what would take longer, by its first steps, is refused.",
    )
    seed: Seed = Field(0, description="Seed of the GAN; the repeat is added to it.")

    @model_validator(mode="after")
    def _together(self) -> TrainGanParams:
        check_together(self.model_dump())
        return self


class GenerateParams(Section):
    """How many rows to sample, and which to keep."""

    name = "generate"

    per_class: Auto | Annotated[int, Ge(1), Le(MOST_ROWS)] = Field(
        "auto",
        description="Rows to keep for each class; auto: as many as merge takes. A number that is less than that is "
        "refused.",
    )
    max_candidates: Annotated[float, Ge(1)] = Field(4.0, description="Rows sampled at most, times the rows to keep.")
    filters: Filters = Field(
        ("copy", "confidence"),
        description="What a row must pass to be kept, in this order: copy, confidence, realism, density, diversity, "
        "quota, or what another package adds; a name, or {name: {option: value}}.",
    )
    device: Device = Field("auto", description="Where to sample.")


class MergeParams(Section):
    """How synthetic rows join the training split."""

    name = "merge"

    policy: Annotated[str, one_of("ratio", "balance", "at_least", "cells")] = Field(
        "ratio",
        description="ratio: synthetic rows = amount x the class's real rows; balance: up to the largest class; "
        "at_least: up to amount rows a class; cells: up to amount rows of each class in each group, by rows of the "
        "class in the style of the group.",
    )
    amount: Annotated[float, Ge(0), Le(MOST_ROWS)] = Field(
        10.0, description="What the policy asks for, but for balance; 0 adds nothing."
    )
    exports: Many[Annotated[str, export_form()]] = Field(
        (), description="Other forms to write, under exports/<repeat>/."
    )

    @model_validator(mode="after")
    def _together(self) -> MergeParams:
        if self.policy in ("at_least", "cells") and self.amount % 1:
            raise ConfigError(
                f"merge.amount is {self.amount:g}, but policy {self.policy!r} counts rows: give a whole number"
            )
        return self


class Mixing(Section):
    """A way for synthetic rows to enter the training of a classifier."""

    name = "evaluate.mixing"

    share: Share = Field(0.0, description="Share of each batch that is synthetic; 0: none.")
    weight: Annotated[float, Gt(0)] = Field(
        1.0, description="Weight of the loss of a synthetic row, above 0; a real one's is 1."
    )
    min_confidence: Share = Field(0.0, description="Leave out rows whose label the teacher finds less probable.")
    pretrain: Share = Field(0.0, description="Share of the steps, at the start, on synthetic rows alone.")

    @property
    def synthetic(self) -> bool:
        """Whether synthetic rows enter at all."""
        return self.share > 0 or self.pretrain > 0


class EvaluateParams(Section):
    """The downstream classifiers, and what each arm gets alike."""

    name = "evaluate"

    arms: (
        Annotated[str, one_of("auto", "all")]
        | Some[
            Annotated[str, registered("arm", *ARMS, *IMAGE_ARMS, *TABLE_ARMS, *SIGNAL_ARMS, *SOUND_ARMS, *TEXT_ARMS)]
        ]
    ) = Field(
        "auto",
        description="The training sets to compare; all: those that make sense for the modality; auto: without the arms "
        "that only explain the others: oracle (more real rows), unfiltered and shuffled. Either has the arms for rare "
        "classes only where classes are very unequal, and those for groups only where groups lack classes.",
    )
    classifiers: Auto | Some[Text] = Field(
        "auto",
        description="Downstream classifiers, of which the first gives the verdict: of images small_cnn, timm:resnet18, "
        "features:sklearn.linear_model.LogisticRegression(C=10); of tables hist_gradient_boosting, random_forest, "
        "logistic_regression, lightgbm, xgboost, catboost; of signals minirocket, logistic_regression, "
        "components_logistic_regression; of sounds these and mel_cnn; of texts tfidf_logistic_regression, "
        "tfidf_linear_svm, sentence_transformers:all-MiniLM-L6-v2, features:module:function; "
        "of any sklearn.linear_model.LogisticRegression(C=10), "
        "module:function; auto: the first of these.",
    )
    trials: Annotated[int, Ge(1), Le(MOST_TRIALS)] = Field(
        2, description="Settings tried for each arm, of which validation rows choose one in each repeat."
    )
    mixing: Some[Mixing] = Field(
        (
            Mixing(share=0.25),
            Mixing(),
            Mixing(share=0.5),
            Mixing(share=0.25, min_confidence=0.9),
            Mixing(pretrain=0.3),
            Mixing(share=0.25, weight=0.5),
            Mixing(share=0.1),
        ),
        description="Settings of the arms that have synthetic rows, in the order tried.",
    )
    steps: Positive = Field(1000, description="Optimiser steps, the same for each arm.")
    batch_size: Positive = Field(32, description="Rows in a batch.")
    invariances: Many[Annotated[str, of_modality(*CLASSICAL)]] = Field(
        (), description="What the classical augmentation may do beyond shifts, tone and a hole."
    )
    jobs: Auto | Positive = Field("auto", description="Trainings side by side, a thread each; auto: one a core.")
    device: Device = Field("auto", description="Where to train the classifiers.")
    seed: Seed = Field(0, description="Seed of the classifiers; the repeat is added to it.")

    @model_validator(mode="after")
    def _together(self) -> EvaluateParams:
        ways = [way if way.synthetic else Mixing() for way in self.mixing]
        for at, way in enumerate(ways):
            if way in ways[:at]:
                raise ConfigError(
                    f"evaluate.mixing[{at}] does the same as evaluate.mixing[{ways.index(way)}]; without share and "
                    "pretrain no synthetic row enters, whatever else is set: list each way once"
                )
        control = (
            self.arms == "all" or "shuffled" in self.arms
        )  # a control without synthetic rows would control nothing
        found = len([way for way in ways if way.synthetic or not control])
        if self.trials > found:
            takes = " in which synthetic rows enter, which the arm shuffled takes" if control else ""
            raise ConfigError(
                f"evaluate.trials is {self.trials}, but evaluate.mixing lists {found} ways{takes}: every arm is tuned "
                "alike, so list as many or try fewer"
            )
        return self


class FidelityParams(Section):
    """How near synthetic rows come to real ones."""

    name = "fidelity"

    extractor: Annotated[str, importable(*EXTRACTORS)] = Field(
        "in_domain",
        description="Features that are compared; in_domain: of a classifier trained on the training rows; "
        "efficientnet_lite0: of a network trained on ImageNet; module:function: of what your function returns.",
    )
    device: Device = Field("auto", description="Where to extract them.")
    seed: Seed = Field(0, description="Seed of that classifier and of the choice of rows; the repeat is added to it.")


class ReportParams(Section):
    """The report."""

    name = "report"

    title: Text | None = Field(None, description="Heading of the report; null: made from the source.")
    membership: bool = Field(
        False,
        description="Also attack the synthetic rows: can training rows be told from test rows by them? No privacy "
        "test.",
    )


class Params(Section):
    """All of params.yaml."""

    ganaug_version: Text | None = Field(
        None,
        description="Release of ganaug that the stages run with; another one is refused, and a new one runs them "
        "again. null: any.",
    )
    repeats: Some[Seed] = Field((0, 1, 2), description="Repetitions: each has its own split, GAN and classifiers.")
    prepare: PrepareParams = Field(default_factory=PrepareParams, description="Rows and splits.")
    train_gan: TrainGanParams = Field(default_factory=TrainGanParams, description="The GAN.")
    generate: GenerateParams = Field(default_factory=GenerateParams, description="Sampling and selection.")
    merge: MergeParams = Field(default_factory=MergeParams, description="Augmented splits.")
    evaluate: EvaluateParams = Field(default_factory=EvaluateParams, description="Classifiers.")
    fidelity: FidelityParams = Field(
        default_factory=FidelityParams, description="Comparison of synthetic with real rows."
    )
    report: ReportParams = Field(default_factory=ReportParams, description="The report.")

    @model_validator(mode="after")
    def _together(self) -> Params:
        check_cells(self.merge.policy, self.train_gan.generator, self.generate.per_class)
        return self
