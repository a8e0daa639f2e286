"""The arms that sounds have of their own, as plain data; `ganaug.evaluation.downstream.arms` makes an `Arm` of each."""

from __future__ import annotations

from ganaug.modalities.table.arms import TableArm

SOUND_ARMS = {
    "spec_augment": TableArm(
        "real + SpecAugment", "real rows, some bands and moments of copies of them silenced", "spec_augment"
    ),
}
