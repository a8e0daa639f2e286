"""The arms that tables have of their own, as plain data: what else may be done with scarce or unequal rows.

`ganaug.evaluation.downstream.arms` makes an `Arm` of each.
"""

from __future__ import annotations

from typing import NamedTuple

from ganaug.modalities.rarity import PAIRS


class TableArm(NamedTuple):
    """What an arm does.

    Attributes
    ----------
    label, title : str
        What it trains on, in few words and in more.
    method : str
        One of `ganaug.modalities.table.treatments.METHODS`, or none.
    mixup : float
        Parameter of mixup's Beta distribution, within classes; 0: none.
    synthetic : bool
        Whether the GAN's rows join the real ones.
    where : str
        What it is for, see `ganaug.evaluation.downstream.arms.Arm`.
    """

    label: str
    title: str
    method: str = ""
    mixup: float = 0.0
    synthetic: bool = False
    where: str = ""


MIXUP = 0.4

TABLE_ARMS = {
    "class_weights": TableArm("real, weighted", "real rows, every class weighing the same", "class_weights"),
    "prior": TableArm("real, moved thresholds", "real rows, probabilities divided by the shares of classes", "prior"),
    "balanced_forest": TableArm(
        "balanced forest", "real rows, a random forest of which every tree sees each class as often", "balanced_forest"
    ),
    "random_over": TableArm("real + repeated", "real rows, drawn again with noise (ROSE)", "random_over"),
    "smote": TableArm(
        "real + SMOTE", "real rows, and rows between neighbours of a class (SMOTE, SMOTENC)", "smote", where=PAIRS
    ),
    "mixup_within": TableArm("real + mixup", "real rows, and rows between any two of a class", mixup=MIXUP),
    "prior_gan": TableArm(
        "real + synthetic, moved thresholds",
        "real and synthetic rows, probabilities divided by the shares of classes",
        "prior",
        synthetic=True,
    ),
}
