"""The arms that texts have of their own, as plain data; `ganaug.evaluation.downstream.arms` makes an `Arm` of each.

Random over-sampling and mixing within classes are those of tables, by name; EDA is the classical augmentation.
"""

from __future__ import annotations

from ganaug.modalities.table.arms import TableArm

TEXT_ARMS = {
    "aeda": TableArm("real + AEDA", "real rows, and copies with signs put in (AEDA)", "aeda"),
    "ngram": TableArm("real + n-gram model", "real rows, and rows drawn from a trigram model of each class", "ngram"),
    "masked_lm": TableArm(
        "real + masked model",
        "real rows, and rows whose words a masked language model fills in again: the GAN's generator without a GAN",
        "masked_lm",
    ),
}
