"""The arms that images have of their own, as plain data; `ganaug.evaluation.downstream.arms` makes an `Arm` of each.

They are for classes of few rows beside classes of many, or for groups that lack classes, and use what a translating
generator uses, without one: how rows of the common classes, or of other groups, vary. What a generator is worth there
is what it adds to the best of these.
"""

from __future__ import annotations

from typing import NamedTuple

from ganaug.modalities.embedding import JOINED, LOGISTIC, PROTOTYPES, TRANSFER
from ganaug.modalities.image.fourier import FOURIER
from ganaug.modalities.rarity import CELLS, RARE
from ganaug.modalities.training import DEFERRED, GROUP_BALANCED, LOGIT_ADJUSTED


class ImageArm(NamedTuple):
    """What an arm does, beside classical augmentation.

    Attributes
    ----------
    label, title : str
        What it trains on, in few words and in more.
    methods : tuple of str
        Values of `ganaug.modalities.training.Setting.method`, of which validation rows choose one.
    synthetic : bool
        Whether the GAN's rows join the real ones.
    first_look, where : bool and str
        See `ganaug.evaluation.downstream.arms.Arm`.
    """

    label: str
    title: str
    methods: tuple[str, ...]
    synthetic: bool = False
    first_look: bool = True
    where: str = RARE


_REAL = {
    "logit_adjusted": ImageArm(
        "adjusted logits",
        "rows as they come, class shares in the loss (logit adjustment)",
        (LOGIT_ADJUSTED,),
        first_look=False,
    ),
    "deferred": ImageArm(
        "balanced late", "rows as they come, balanced at the end (deferred re-balancing)", (DEFERRED,), first_look=False
    ),
    "group_balanced": ImageArm(
        "balanced groups",
        "classes of each group as often as any others",
        (GROUP_BALANCED,),
        first_look=False,
        where=CELLS,
    ),
    "fourier": ImageArm(
        "looks swapped",
        "real rows, and rows of classes that a group lacks, in the look of its rows (Fourier domain adaptation)",
        (FOURIER,),
        where=CELLS,
    ),
    "prototypes": ImageArm(
        "class means", "nearest class mean, in an embedding of the common classes", (PROTOTYPES,), first_look=False
    ),
    "embedding_logistic": ImageArm(
        "embedding", "logistic regression in an embedding of the common classes", (JOINED, LOGISTIC)
    ),
    "feature_transfer": ImageArm(
        "moved features",
        "logistic regression in an embedding of the common classes, and feature transfer",
        (TRANSFER,),
    ),
}
IMAGE_ARMS = _REAL | {
    f"{name}_gan": arm._replace(
        label=f"{arm.label} + synthetic", title=f"real and synthetic rows: {arm.title}", synthetic=True
    )
    for name, arm in _REAL.items()
}
