"""The downstream classifiers: arms, training rows, training and measuring; nothing of the verdict."""
