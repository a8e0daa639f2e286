"""The stages that run once a repeat, those of several repeats side by side."""
