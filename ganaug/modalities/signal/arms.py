"""The arms that signals have of their own, as plain data; `ganaug.evaluation.downstream.arms` makes an `Arm` of each.

Random over-sampling is that of tables, by name.
"""

from __future__ import annotations

from ganaug.modalities.table.arms import TableArm

SIGNAL_ARMS = {
    "dtw_smote": TableArm(
        "real + DTW-SMOTE", "real rows, and rows between neighbours of a class, aligned in time", "dtw_smote"
    ),
}
