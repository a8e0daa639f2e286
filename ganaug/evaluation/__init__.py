"""Downstream classifiers on augmented splits, and the verdict on whether that made them better."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ganaug.evaluation.stats.estimate import Estimate
    from ganaug.evaluation.stats.paired import paired_gain

__all__ = ["Estimate", "paired_gain"]


def __getattr__(name: str) -> Any:  # at first use, so that training classifiers takes nothing of the verdict
    if name in __all__:
        from ganaug.evaluation.stats import paired

        return getattr(paired, name)
    raise AttributeError(f"module 'ganaug.evaluation' has no attribute {name!r}")
