"""Images of 8 to 512 pixels a side and 1 to 4 channels."""
