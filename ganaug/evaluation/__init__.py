"""Downstream classifiers on augmented splits, and the verdict on whether that made them better."""

from ganaug.evaluation.stats.estimate import Estimate
from ganaug.evaluation.stats.paired import paired_gain

__all__ = ["Estimate", "paired_gain"]
