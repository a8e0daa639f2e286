"""The adversarial game. Knows batches and modules, nothing of images or tables."""
