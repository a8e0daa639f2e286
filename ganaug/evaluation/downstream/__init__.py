"""The downstream classifiers: arms, training rows, training and measuring; nothing of the verdict."""

from ganaug.evaluation.downstream import pseudo_labels as pseudo_labels  # which is an arm
