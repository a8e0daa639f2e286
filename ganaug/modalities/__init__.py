"""What a row is: rows to tensors, the two networks, augmentation, a feature encoder, a classifier."""
