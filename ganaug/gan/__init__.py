"""Adversarial training. Knows batches and modules, nothing of images or tables."""
